#include "kube/watch.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "answers.h"

namespace nbkeys::kube {
namespace {

using std::string_literals::operator""s;
using testing::answer;
using testing::done;
using testing::json;
using testing::ms;
using testing::no_answer;
using testing::only;

class Recorder : public WatchSink {
 public:
  void list_begun() override { seen.push_back("begin"); }
  void listed(const nlohmann::json& object) override { seen.push_back("listed " + name(object)); }
  Ended list_ended(const std::string& version) override {
    seen.push_back("end " + version);
    return ended;
  }
  void changed(const nlohmann::json& object) override { seen.push_back("changed " + name(object)); }
  void removed(const nlohmann::json& object) override { seen.push_back("removed " + name(object)); }
  std::uint64_t newest() const override { return known; }
  void history_went_back() override { seen.emplace_back("went back"); }

  std::vector<std::string> take() { return std::exchange(seen, {}); }
  std::vector<std::string> seen;
  std::uint64_t known = 0;
  Ended ended = Ended::kGoesOn;

 private:
  static std::string name(const nlohmann::json& object) {
    return base::string_or(object, {"metadata", "name"}, "?");
  }
};

using Seen = std::vector<std::string>;

std::string event(const std::string& type, const std::string& name, int version) {
  return R"({"type":")" + type + R"(","object":{"metadata":{"name":")" + name +
         R"(","resourceVersion":")" + std::to_string(version) + "\"}}}\n";
}

std::string page(const std::string& names, const std::string& version,
                 const std::string& more = "") {
  std::string items;
  for (const char c : names) {
    if (!items.empty()) items += ",";
    items += std::string(R"({"metadata":{"name":")") + c + "\"}}";
  }
  return R"({"metadata":{"resourceVersion":")" + version + R"(","continue":")" + more +
         R"("},"items":[)" + items + "]}";
}

class WatchTest : public ::testing::Test {
 protected:
  io::SendHttp request() {
    auto sent = only<io::SendHttp>(out.take());
    EXPECT_EQ(sent.size(), 1u);
    return sent.empty() ? io::SendHttp{} : std::move(sent.front());
  }
  io::OpenWatch opened() {
    auto sent = only<io::OpenWatch>(out.take());
    EXPECT_EQ(sent.size(), 1u);
    return sent.empty() ? io::OpenWatch{} : std::move(sent.front());
  }
  bool answered(io::RequestId id, io::HttpOutcome outcome, base::Instant now) {
    io::HttpDone event = done(id, std::move(outcome));
    return watch.handle(event, now, out);
  }
  bool bytes(io::WatchId id, std::string text, base::Instant now) {
    return watch.handle(io::WatchBytes{id, base::SecretText(std::move(text))}, now, out);
  }
  // Through an empty list at version 10 to an open watch.
  io::WatchId running() {
    watch.start(out);
    EXPECT_TRUE(answered(request().id, answer(200, page("", "10")), ms(0)));
    const io::WatchId id = opened().id;
    EXPECT_TRUE(watch.handle(io::WatchOpened{id, 200}, ms(0)));
    sink.take();
    return id;
  }

  Recorder sink;
  io::Outbox out;
  Watch watch{{Collection::Resource::kSetupKeys, ""}, sink, 1};
};

TEST_F(WatchTest, ListsPageByPageThenWatchesFromWhereTheListEnded) {
  watch.start(out);
  const auto first = request();
  EXPECT_NE(first.request.path.find("limit=500"), std::string::npos);
  EXPECT_EQ(first.request.path.find("continue="), std::string::npos);
  EXPECT_TRUE(answered(first.id, answer(200, page("ab", "10", "next/1")), ms(0)));
  EXPECT_FALSE(watch.synced());
  const auto second = request();
  EXPECT_NE(second.request.path.find("continue=next%2F1"), std::string::npos);
  EXPECT_TRUE(answered(second.id, answer(200, page("c", "11")), ms(0)));
  EXPECT_TRUE(watch.synced());
  EXPECT_EQ(sink.take(), (Seen{"begin", "listed a", "listed b", "listed c", "end 11"}));
  const auto open = opened();
  EXPECT_NE(open.path.find("resourceVersion=11"), std::string::npos);
  EXPECT_NE(open.path.find("allowWatchBookmarks=true"), std::string::npos);
  EXPECT_GT(open.inactivity_max, base::Duration{60'000}) << "bookmarks come once a minute";
}

TEST_F(WatchTest, EventsReachTheSinkAndBookmarksOnlyMoveTheVersion) {
  const auto id = running();
  bytes(id,
        event("ADDED", "a", 11) + event("MODIFIED", "a", 12) + event("DELETED", "a", 13) +
            event("BOOKMARK", "", 20),
        ms(1));
  EXPECT_EQ(sink.take(), (Seen{"changed a", "changed a", "removed a"}));
  watch.handle(io::WatchClosed{id, 200, ""}, ms(300'000), out);
  watch.tick(ms(300'000), out);
  EXPECT_NE(opened().path.find("resourceVersion=20"), std::string::npos);
}

TEST_F(WatchTest, AWatchThatLastedIsResumedAtOnceWithoutAList) {
  const auto id = running();
  watch.handle(io::WatchClosed{id, 200, ""}, ms(240'000), out);
  ASSERT_TRUE(watch.wake_at());
  EXPECT_EQ(*watch.wake_at(), ms(240'000));
  watch.tick(ms(240'000), out);
  EXPECT_NE(opened().path.find("resourceVersion=10"), std::string::npos);
  EXPECT_TRUE(sink.take().empty());
}

TEST_F(WatchTest, AWatchThatEndsAtOnceIsNotHammered) {
  const auto id = running();
  watch.handle(io::WatchClosed{id, 200, ""}, ms(1), out);
  ASSERT_TRUE(watch.wake_at());
  EXPECT_GT(*watch.wake_at(), ms(200));
  watch.tick(ms(2), out);
  EXPECT_TRUE(out.take().empty());
}

TEST_F(WatchTest, GoneByEventListsAnewAndKeepsNoProblem) {
  const auto id = running();
  bytes(id,
        R"({"type":"ERROR","object":{"kind":"Status","code":410,"reason":"Expired"}})"
        "\n",
        ms(5));
  EXPECT_EQ(only<io::CloseWatch>(out.take()).size(), 1u);
  EXPECT_FALSE(watch.problem());
  EXPECT_TRUE(watch.synced()) << "what is known stays known";
  watch.tick(ms(5), out);
  EXPECT_NE(request().request.path.find("limit="), std::string::npos);
  EXPECT_EQ(sink.take(), (Seen{"begin"}));
}

TEST_F(WatchTest, GoneByStatusListsAnewAtOnce) {
  const auto id = running();
  watch.handle(io::WatchClosed{id, 410, R"({"message":"too old"})"}, ms(5), out);
  watch.tick(ms(5), out);
  EXPECT_NE(request().request.path.find("limit="), std::string::npos);
}

// Found by the simulation: a server that forgets at once what it has just listed was asked without
// pause.
TEST_F(WatchTest, GoneAgainAndAgainIsNotHammered) {
  auto id = running();
  watch.handle(io::WatchClosed{id, 410, R"({"message":"too old"})"}, ms(5), out);
  watch.tick(ms(5), out);
  answered(request().id, answer(200, page("a", "20")), ms(5));
  id = opened().id;
  watch.handle(io::WatchClosed{id, 410, R"({"message":"too old"})"}, ms(6), out);
  watch.tick(ms(6), out);
  EXPECT_TRUE(out.take().empty()) << "the second time in a row it waits";
  ASSERT_TRUE(watch.wake_at());
  EXPECT_GT(*watch.wake_at(), ms(300));
}

TEST_F(WatchTest, GoneBetweenTwoPagesBeginsTheListAgain) {
  watch.start(out);
  answered(request().id, answer(200, page("ab", "10", "x")), ms(0));
  answered(request().id, answer(410, R"({"message":"continue expired"})"), ms(0));
  watch.tick(ms(0), out);
  EXPECT_EQ(request().request.path.find("continue="), std::string::npos);
  EXPECT_EQ(sink.take(), (Seen{"begin", "listed a", "listed b", "begin"}));
  EXPECT_FALSE(watch.synced());
}

TEST_F(WatchTest, OtherErrorEventsListAnewAfterAPause) {
  const auto id = running();
  bytes(id,
        R"({"type":"ERROR","object":{"code":500}})"
        "\n",
        ms(5));
  EXPECT_EQ(only<io::CloseWatch>(out.take()).size(), 1u);
  ASSERT_TRUE(watch.problem());
  watch.tick(ms(6), out);
  EXPECT_TRUE(out.take().empty());
  watch.tick(ms(60'000), out);
  EXPECT_NE(request().request.path.find("limit="), std::string::npos);
}

TEST_F(WatchTest, GarbageInTheStreamListsAnew) {
  for (const char* text : {"<html>\n", "{\"type\":\"ADDED\"}\n", "[1]\n"}) {
    Watch fresh({Collection::Resource::kSetupKeys, ""}, sink, 1);
    fresh.start(out);
    io::HttpDone listed = done(request().id, answer(200, page("", "10")));
    fresh.handle(listed, ms(0), out);
    const auto id = opened().id;
    fresh.handle(io::WatchBytes{id, base::SecretText(std::string(text))}, ms(1), out);
    EXPECT_EQ(only<io::CloseWatch>(out.take()).size(), 1u) << text;
    fresh.tick(ms(60'000), out);
    EXPECT_NE(request().request.path.find("limit="), std::string::npos) << text;
  }
}

TEST_F(WatchTest, AnEndlessLineClosesTheWatch) {
  const auto id = running();
  for (int i = 0; i < 65; ++i) bytes(id, std::string(1u << 20, 'x'), ms(5));
  EXPECT_EQ(only<io::CloseWatch>(out.take()).size(), 1u);
  ASSERT_TRUE(watch.problem());
  EXPECT_EQ(watch.problem()->code, base::ErrorCode::kTooLarge);
}

TEST_F(WatchTest, AnEventBeyondTheBoundCostsOnlyItsObject) {
  const auto id = running();
  bytes(id, event("ADDED", "before", 11), ms(5));
  for (int i = 0; i < 9; ++i) bytes(id, std::string(1u << 20, 'x'), ms(5));
  bytes(id, "\n" + event("ADDED", "after", 13), ms(6));
  EXPECT_EQ(sink.take(), (Seen{"changed before", "changed after"}));
  EXPECT_TRUE(only<io::CloseWatch>(out.take()).empty());
  EXPECT_FALSE(watch.problem());
}

TEST_F(WatchTest, APageBeyondItsBoundIsAskedForInHalves) {
  watch.start(out);
  const auto too_large = [] { return base::Error{base::ErrorCode::kTooLarge, "", "too long"}; };
  answered(request().id, answer(200, page("ab", "10", "x")), ms(0));
  answered(request().id, too_large(), ms(0));
  const auto half = request();
  EXPECT_NE(half.request.path.find("limit=250&continue=x"), std::string::npos) << half.request.path;
  answered(half.id, answer(200, page("c", "10")), ms(0));
  EXPECT_TRUE(watch.synced());
  EXPECT_EQ(sink.take(), (Seen{"begin", "listed a", "listed b", "listed c", "end 10"}));
}

TEST_F(WatchTest, APageThatIsTooSlowIsAskedForInHalvesAfterAPause) {
  watch.start(out);
  answered(request().id, no_answer(), ms(0));
  EXPECT_TRUE(out.take().empty() || watch.wake_at());
  watch.tick(*watch.wake_at(), out);
  EXPECT_NE(request().request.path.find("limit=250"), std::string::npos);
}

TEST_F(WatchTest, NothingAfterAnErrorEventReachesTheSink) {
  const auto id = running();
  bytes(id,
        R"({"type":"ERROR","object":{"code":410}})"
        "\n" +
            event("ADDED", "late", 99),
        ms(5));
  EXPECT_FALSE(bytes(id, event("ADDED", "later", 100), ms(6)));
  EXPECT_TRUE(sink.take().empty());
}

TEST_F(WatchTest, FailedListsBackOffAndEndInABound) {
  watch.start(out);
  base::Instant now = ms(0);
  base::Duration last{0};
  for (int i = 0; i < 12; ++i) {
    answered(request().id, answer(500), now);
    ASSERT_TRUE(watch.wake_at());
    last = *watch.wake_at() - now;
    EXPECT_GE(last, base::Duration{375}) << i;
    EXPECT_LE(last, base::Duration{37'500}) << i;
    now = *watch.wake_at();
    watch.tick(now, out);
  }
  EXPECT_GE(last, base::Duration{20'000});
  ASSERT_TRUE(watch.problem());
  EXPECT_EQ(watch.problem()->code, base::ErrorCode::kServerError);
  EXPECT_FALSE(watch.synced());
}

TEST_F(WatchTest, RetryAfterIsAFloorThatJitterNeverUndercuts) {
  for (std::uint64_t seed = 1; seed < 50; ++seed) {
    Watch fresh({Collection::Resource::kSetupKeys, ""}, sink, seed);
    fresh.start(out);
    io::HttpResponse limited;
    limited.status = 429;
    limited.retry_after = base::Duration{40'000};
    io::HttpDone event = done(request().id, std::move(limited));
    fresh.handle(event, ms(0), out);
    EXPECT_GE(*fresh.wake_at(), ms(40'000)) << seed;
  }
}

TEST_F(WatchTest, ALostConnectionIsResumedAtOnceAndListedLater) {
  const auto id = running();
  watch.handle(io::WatchClosed{id, 0, "connection reset"}, ms(10'000), out);
  ASSERT_TRUE(watch.problem());
  EXPECT_EQ(watch.problem()->code, base::ErrorCode::kUnreachable);
  watch.tick(*watch.wake_at(), out);
  const auto open = opened();
  EXPECT_NE(open.path.find("resourceVersion=10"), std::string::npos);
  watch.handle(io::WatchOpened{open.id, 200}, ms(20'000));
  EXPECT_FALSE(watch.problem());
  EXPECT_EQ(*watch.wake_at(), ms(50'000)) << "the last list was at 0";
  watch.tick(ms(50'000), out);
  EXPECT_NE(request().request.path.find("limit=500"), std::string::npos);
}

// The server may have come back with an older state, and written its way past all that was seen.
TEST_F(WatchTest, AfterABreakAListIsTaken) {
  const auto id = running();
  watch.handle(io::WatchClosed{id, 0, "connection reset"}, ms(100'000), out);
  watch.tick(*watch.wake_at(), out);
  const auto list = request();
  EXPECT_NE(list.request.path.find("limit=500"), std::string::npos);
  sink.ended = WatchSink::Ended::kWentBack;
  answered(list.id, answer(200, page("a", "12")), ms(101'000));
  EXPECT_TRUE(watch.take_went_back());
  watch.handle(io::WatchOpened{opened().id, 200}, ms(101'000));
  EXPECT_FALSE(watch.wake_at());
}

TEST_F(WatchTest, WatchesThatBreakAgainAndAgainAreListedOnceAMinuteOrSo) {
  auto id = running();
  int lists = 0;
  base::Instant now = ms(0);
  while (now < ms(600'000)) {
    watch.handle(io::WatchOpened{id, 200}, now);
    now = now + base::Duration{7'000};
    watch.handle(io::WatchClosed{id, 0, "connection reset"}, now, out);
    now = *watch.wake_at();
    watch.tick(now, out);
    auto commands = out.take();
    for (const io::Command& command : commands) {
      if (const auto* open = std::get_if<io::OpenWatch>(&command)) id = open->id;
    }
    auto sent = only<io::SendHttp>(std::move(commands));
    if (sent.empty()) continue;
    ++lists;
    answered(sent.front().id, answer(200, page("", "10")), now);
    id = opened().id;
  }
  EXPECT_GE(lists, 9);
  EXPECT_LE(lists, 12);
}

TEST_F(WatchTest, AWatchThatIsRefusedIsNoBreak) {
  const auto id = running();
  watch.handle(io::WatchClosed{id, 200, ""}, ms(300'000), out);
  watch.tick(ms(300'000), out);
  watch.handle(io::WatchClosed{opened().id, 503, "try again"}, ms(300'000), out);
  watch.tick(*watch.wake_at(), out);
  opened();
}

TEST_F(WatchTest, AWatchThatEndsByItselfNeedsNoList) {
  const auto id = running();
  watch.handle(io::WatchClosed{id, 200, ""}, ms(300'000), out);
  watch.tick(ms(300'000), out);
  watch.handle(io::WatchOpened{opened().id, 200}, ms(300'000));
  EXPECT_FALSE(watch.wake_at());
}

TEST_F(WatchTest, AnOlderServerIsBelievedAfterTwoLists) {
  const auto id = running();
  bytes(id, event("ADDED", "a", 20), ms(1'000));
  watch.handle(io::WatchClosed{id, 0, "connection reset"}, ms(100'000), out);
  sink.take();
  watch.tick(*watch.wake_at(), out);
  const auto first = request();
  EXPECT_NE(first.request.path.find("limit=500"), std::string::npos);
  answered(first.id, answer(200, page("b", "8")), ms(101'002));
  EXPECT_EQ(sink.take(), (Seen{"begin", "listed b", "end 8"})) << "it may only lag";
  EXPECT_FALSE(watch.take_went_back());
  EXPECT_NE(opened().path.find("resourceVersion=8"), std::string::npos);
  EXPECT_EQ(*watch.wake_at(), ms(111'002));

  watch.tick(ms(111'002), out);
  answered(request().id, answer(200, page("b", "9")), ms(111'003));
  EXPECT_EQ(sink.take(), (Seen{"begin", "listed b", "went back", "end 9"}));
  EXPECT_TRUE(watch.take_went_back());
  EXPECT_FALSE(watch.take_went_back());
  watch.doubt(ms(112'000));
  EXPECT_FALSE(watch.wake_at()) << "that is known now";
  watch.doubt(ms(122'000));
  EXPECT_EQ(*watch.wake_at(), ms(141'003));
}

TEST_F(WatchTest, WhatIsKnownInOtherWaysCountsToo) {
  running();
  sink.known = 40;
  watch.doubt(ms(50'000));
  watch.tick(ms(50'000), out);
  answered(request().id, answer(200, page("", "30")), ms(50'001));
  EXPECT_EQ(*watch.wake_at(), ms(60'001)) << "another list decides";
}

TEST_F(WatchTest, ABookmarkThatIsOlderIsADoubt) {
  const auto id = running();
  bytes(id, event("MODIFIED", "a", 9), ms(50'000));
  EXPECT_FALSE(watch.wake_at()) << "an event may come again";
  bytes(id, event("BOOKMARK", "", 8), ms(50'001));
  ASSERT_TRUE(watch.wake_at());
  watch.tick(ms(50'001), out);
  auto commands = out.take();
  EXPECT_TRUE(std::holds_alternative<io::CloseWatch>(commands.front()));
  EXPECT_EQ(only<io::SendHttp>(std::move(commands)).size(), 1u);
}

TEST_F(WatchTest, DoubtAgainAndAgainIsNoStormOfLists) {
  running();
  int lists = 0;
  for (int second = 1; second <= 300; ++second) {
    watch.doubt(ms(1'000 * second));
    watch.tick(ms(1'000 * second), out);
    for (const auto& sent : only<io::SendHttp>(out.take())) {
      ++lists;
      answered(sent.id, answer(200, page("a", "20")), ms(1'000 * second));
    }
  }
  EXPECT_EQ(lists, 10);
}

TEST_F(WatchTest, WhereAnotherCollectionWasPutBackTheNextListComesAtOnceAndIsBelieved) {
  running();
  sink.known = 40;
  EXPECT_FALSE(watch.between_histories());
  watch.put_back(ms(50'000));
  EXPECT_TRUE(watch.between_histories());
  watch.tick(ms(50'000), out);
  answered(request().id, answer(200, page("", "30")), ms(50'001));
  EXPECT_TRUE(watch.take_went_back());
  EXPECT_FALSE(watch.between_histories());
  watch.put_back(ms(60'000));
  EXPECT_FALSE(watch.between_histories()) << "it has been put back itself a moment ago";
}

// Objects that are known at versions beyond the list's are kept, as a server may lag; but where
// another object shows that it does not, all of it is listed anew at once.
TEST_F(WatchTest, AListThatIsBelievedInPartIsFollowedByOneThatIsBelieved) {
  running();
  sink.known = 40;
  sink.ended = WatchSink::Ended::kWentBack;
  watch.doubt(ms(50'000));
  watch.tick(ms(50'000), out);
  answered(request().id, answer(200, page("a", "30")), ms(50'001));
  EXPECT_TRUE(watch.take_went_back());
  EXPECT_TRUE(watch.between_histories());
  EXPECT_EQ(*watch.wake_at(), ms(50'001));
  sink.ended = WatchSink::Ended::kGoesOn;
  sink.take();
  watch.tick(ms(50'001), out);
  answered(request().id, answer(200, page("a", "30")), ms(50'002));
  EXPECT_EQ(sink.take(), (Seen{"begin", "listed a", "went back", "end 30"}));
  EXPECT_FALSE(watch.between_histories());
}

TEST_F(WatchTest, ADoubtDuringAListIsSettledByTheNextOne) {
  watch.start(out);
  const auto first = request();
  watch.doubt(ms(1));
  answered(first.id, answer(200, page("a", "20")), ms(2));
  ASSERT_TRUE(watch.wake_at());
  EXPECT_EQ(*watch.wake_at(), ms(30'002));
}

TEST_F(WatchTest, StaleNumbersAreNotOurs) {
  watch.start(out);
  const auto id = request().id;
  EXPECT_FALSE(answered(id + 7, answer(200, page("a", "1")), ms(0)));
  EXPECT_TRUE(answered(id, answer(200, page("", "10")), ms(0)));
  EXPECT_FALSE(answered(id, answer(200, page("a", "1")), ms(0))) << "answered twice";
  const auto first = opened().id;
  watch.handle(io::WatchOpened{first, 200}, ms(0));
  watch.handle(io::WatchClosed{first, 200, ""}, ms(300'000), out);
  watch.tick(ms(300'000), out);
  const auto second = opened().id;
  sink.take();
  EXPECT_FALSE(bytes(first, event("ADDED", "old", 11), ms(300'001)));
  EXPECT_FALSE(watch.handle(io::WatchClosed{first, 410, ""}, ms(300'001), out));
  EXPECT_FALSE(watch.handle(io::WatchOpened{first, 200}, ms(300'001)));
  EXPECT_TRUE(sink.take().empty());
  EXPECT_TRUE(bytes(second, event("ADDED", "new", 11), ms(300'002)));
  EXPECT_EQ(sink.take(), (Seen{"changed new"}));
}

TEST_F(WatchTest, AHalfLineOfTheOldStreamDoesNotJoinTheNewOne) {
  const auto id = running();
  bytes(id, R"({"type":"ADDED","obj)", ms(1));
  watch.handle(io::WatchClosed{id, 200, ""}, ms(300'000), out);
  watch.tick(ms(300'000), out);
  const auto next = opened().id;
  watch.handle(io::WatchOpened{next, 200}, ms(300'000));
  bytes(next, event("ADDED", "whole", 12), ms(300'001));
  EXPECT_EQ(sink.take(), (Seen{"changed whole"}));
}

TEST_F(WatchTest, AListThatIsNotJsonIsTriedAgain) {
  watch.start(out);
  answered(request().id, answer(200, "<html>proxy</html>"), ms(0));
  EXPECT_FALSE(watch.synced());
  ASSERT_TRUE(watch.problem());
  EXPECT_EQ(watch.problem()->code, base::ErrorCode::kMalformed);
  watch.tick(*watch.wake_at(), out);
  EXPECT_EQ(only<io::SendHttp>(out.take()).size(), 1u);
}

TEST_F(WatchTest, JsonThatIsNoListProvesNothing) {
  // A proxy that answers 200 {} must not be taken for an empty cluster.
  watch.start(out);
  answered(request().id, answer(200, "{}"), ms(0));
  EXPECT_FALSE(watch.synced());
  EXPECT_EQ(sink.take(), (Seen{"begin"}));
}

TEST_F(WatchTest, ItemsThatAreNoListProveNothingEither) {
  watch.start(out);
  answered(request().id, answer(200, R"({"metadata":{"resourceVersion":"7"},"items":"none"})"),
           ms(0));
  EXPECT_FALSE(watch.synced());
  EXPECT_TRUE(only<io::OpenWatch>(out.take()).empty());
  EXPECT_EQ(sink.take(), (Seen{"begin"}));
}

// Items are read one by one, so that those before the break have been shown already.
TEST_F(WatchTest, APageThatBreaksOffProvesNothingAndTheListBeginsAnew) {
  for (const std::string& broken :
       {page("ab", "10").substr(0, page("ab", "10").size() - 2), page("ab", ""),
        R"({"items":[{"metadata":{"name":"a"}},{"metadata":{"name":"b"}}],"items":[]})"s}) {
    Watch fresh({Collection::Resource::kSetupKeys, ""}, sink, 1);
    fresh.start(out);
    io::HttpDone first = done(request().id, answer(200, broken));
    fresh.handle(first, ms(0), out);
    EXPECT_FALSE(fresh.synced()) << broken;
    ASSERT_TRUE(fresh.problem()) << broken;
    EXPECT_EQ(fresh.problem()->code, base::ErrorCode::kMalformed);
    EXPECT_EQ(sink.take(), (Seen{"begin", "listed a", "listed b"})) << broken;
    fresh.tick(ms(60'000), out);
    const auto again = request();
    EXPECT_EQ(again.request.path.find("continue="), std::string::npos);
    io::HttpDone second = done(again.id, answer(200, page("c", "11")));
    fresh.handle(second, ms(60'000), out);
    EXPECT_EQ(sink.take(), (Seen{"begin", "listed c", "end 11"})) << broken;
    EXPECT_EQ(only<io::OpenWatch>(out.take()).size(), 1u);
  }
}

TEST_F(WatchTest, ASecondPageThatBreaksOffBeginsTheWholeListAnew) {
  watch.start(out);
  answered(request().id, answer(200, page("ab", "10", "x")), ms(0));
  answered(request().id, answer(200, page("cd", "10").substr(0, 100)), ms(0));
  EXPECT_FALSE(watch.synced());
  watch.tick(ms(60'000), out);
  EXPECT_EQ(request().request.path.find("continue="), std::string::npos);
  EXPECT_EQ(sink.take(), (Seen{"begin", "listed a", "listed b", "listed c", "begin"}));
}

TEST_F(WatchTest, TheOrderWithinAPageDoesNotMatterAndNullIsAnEmptyList) {
  watch.start(out);
  answered(request().id,
           answer(200, R"({"items":[{"metadata":{"name":"a","managedFields":[{}]}}],)"
                       R"("metadata":{"resourceVersion":"10","continue":"x"}})"),
           ms(0));
  answered(request().id, answer(200, R"({"items":null,"metadata":{"resourceVersion":"11"}})"),
           ms(0));
  EXPECT_TRUE(watch.synced());
  EXPECT_EQ(sink.take(), (Seen{"begin", "listed a", "end 11"}));
}

TEST_F(WatchTest, NoAnswerToAListIsTriedAgain) {
  watch.start(out);
  answered(request().id, no_answer(), ms(0));
  ASSERT_TRUE(watch.wake_at());
  EXPECT_FALSE(watch.synced());
}

}  // namespace
}  // namespace nbkeys::kube
