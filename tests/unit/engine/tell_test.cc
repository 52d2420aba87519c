#include "engine/tell.h"

#include <gtest/gtest.h>

#include <string>
#include <variant>
#include <vector>

namespace nbkeys::engine {
namespace {

base::Instant at_s(int seconds) { return {std::chrono::seconds(seconds)}; }

TEST(EventGate, LetsEachCauseOfASetupKeyPassOnceInAWhile) {
  EventGate gate;
  const kube::Event conflict{true, "SecretConflict", "Secret fleet exists"};
  EXPECT_TRUE(gate.admit("uid-1", conflict, at_s(0)));
  EXPECT_FALSE(gate.admit("uid-1", conflict, at_s(599)));
  EXPECT_TRUE(gate.admit("uid-2", conflict, at_s(599)));
  EXPECT_TRUE(gate.admit("uid-1", {true, "SecretConflict", "another Secret"}, at_s(600)));
  EXPECT_FALSE(gate.admit("uid-1", conflict, at_s(1'198))) << "it goes on";
  EXPECT_TRUE(gate.admit("uid-1", conflict, at_s(1'798))) << "it was over";
}

TEST(EventGate, RemindsOfWhatGoesOnOnceAnHour) {
  EventGate gate;
  int passed = 0;
  for (int s = 0; s < 3 * 3'600; s += 285) {
    passed += gate.admit("uid-1", {false, "StrayDeleted", "key " + std::to_string(s)}, at_s(s));
  }
  EXPECT_EQ(passed, 3);
}

TEST(EventGate, TakesAFightForOneCauseWhicheverKeyItHits) {
  EventGate gate;
  EXPECT_TRUE(gate.admit("uid-1", {true, "SecretDataDrift", "no longer holds key 7"}, at_s(0)));
  EXPECT_FALSE(gate.admit("uid-1", {true, "SecretDataDrift", "no longer holds key 8"}, at_s(10)));
  EXPECT_TRUE(gate.admit("uid-1", {false, "Rotated", "key 8"}, at_s(10)));
  EXPECT_TRUE(gate.admit("uid-1", {false, "Rotated", "key 9"}, at_s(20)));
}

TEST(EventGate, TellsTheAccountsCauseToAFewOnly) {
  EventGate gate;
  int passed = 0;
  for (int i = 0; i < 1000; ++i) {
    passed += gate.admit("uid-" + std::to_string(i), {true, "AccountNotReady", "refused"}, at_s(1));
  }
  EXPECT_EQ(passed, 10);
  EXPECT_TRUE(gate.admit("uid-1", {true, "AccountNotReady", "refused"}, at_s(700)));
}

TEST(EventGate, ForgetsRatherThanGrows) {
  EventGate gate;
  for (int i = 0; i < 10'000; ++i) {
    EXPECT_TRUE(gate.admit("uid-" + std::to_string(i), {false, "Issued", "key"}, at_s(1)));
  }
  EXPECT_TRUE(gate.admit("uid-0", {false, "Issued", "key"}, at_s(1)));
  EXPECT_FALSE(gate.admit("uid-9999", {false, "Issued", "key"}, at_s(1)));
}

TEST(LogEvent, NamesEachReasonDifferently) {
  EXPECT_STREQ(log_event_of("Issued"), "key_issued");
  EXPECT_STREQ(log_event_of("DeletionBlocked"), "deletion_blocked");
  EXPECT_STREQ(log_event_of("not a reason"), "setupkey_event");
}

class TellerTest : public ::testing::Test {
 protected:
  void tell(int number) {
    kube::Meta about;
    about.ref = {"ns", "key" + std::to_string(number)};
    about.uid = "uid" + std::to_string(number);
    teller.tell(about, {false, "Issued", "a key is issued"}, base::Now{});
  }
  // The numbers of the requests that go out.
  std::vector<io::RequestId> sent(bool others_wait) {
    teller.send(others_wait, out);
    std::vector<io::RequestId> ids;
    for (const io::Command& command : out.take()) ids.push_back(std::get<io::SendHttp>(command).id);
    return ids;
  }

  Teller teller;
  io::Outbox out;
};

TEST_F(TellerTest, EventsStandBackWhileSetupKeysWait) {
  tell(1);
  EXPECT_TRUE(sent(true).empty());
  const auto ids = sent(false);
  ASSERT_EQ(ids.size(), 1u);
  EXPECT_TRUE(sent(false).empty()) << "once";
  EXPECT_TRUE(teller.answered(ids[0]));
  EXPECT_FALSE(teller.answered(ids[0]));
}

TEST_F(TellerTest, AFewAtATime) {
  for (int i = 0; i < 20; ++i) tell(i);
  const auto first = sent(false);
  EXPECT_EQ(first.size(), 8u);
  EXPECT_TRUE(sent(false).empty());
  teller.answered(first[0]);
  EXPECT_EQ(sent(false).size(), 1u);
}

TEST_F(TellerTest, ABurstOfAnySizeIsToldInTheEndAndNeverGathered) {
  std::size_t told = 0;
  for (int i = 0; i < 3000; ++i) {
    tell(i);
    for (const auto id : sent(true)) {
      ++told;
      teller.answered(id);
    }
  }
  EXPECT_GT(told, 1900u) << "beyond a thousand they do not stand back any more";
  for (auto more = sent(false); !more.empty(); more = sent(false)) {
    told += more.size();
    for (const auto id : more) teller.answered(id);
  }
  EXPECT_EQ(told, 3000u);
}

TEST_F(TellerTest, WithoutAnswersTheOldestAreGivenUp) {
  for (int i = 0; i < 5000; ++i) {
    tell(i);
    sent(true);
  }
  std::size_t left = 0;
  for (io::RequestId id = 1; id <= 8; ++id) teller.answered(id);
  for (auto more = sent(false); !more.empty(); more = sent(false)) {
    left += more.size();
    for (const auto id : more) teller.answered(id);
  }
  EXPECT_EQ(left, 2048u);
}

}  // namespace
}  // namespace nbkeys::engine
