#include "engine/account.h"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <utility>
#include <vector>

#include "account_fixture.h"

namespace nbkeys::engine {
namespace {

using base::ErrorCode;
using testing::AccountTest;
using testing::answer;
using testing::at;
using testing::may_not_write;
using testing::may_write;
using testing::ms;
using testing::News;

TEST_F(AccountTest, ANewTermListsOnceAndAsksWhoTheTokenIs) {
  EXPECT_EQ(state(), AccountState::kUnknown);
  EXPECT_FALSE(account.ready());
  auto sent = tick(0);
  EXPECT_TRUE(sent.contains("list_keys"));
  EXPECT_TRUE(sent.contains("list_service_users"));
  EXPECT_TRUE(sent.contains("probe_write")) << "before the first claim";
  EXPECT_TRUE(sent.contains("get_account"));
  EXPECT_FALSE(sent.contains("list_groups")) << "nobody has named a group";
  EXPECT_TRUE(tick(1).empty());
  EXPECT_EQ(answered(sent["list_keys"], answer(200, "[]"), 5), News::kReconsiderAll);
  EXPECT_TRUE(account.ready());
  ASSERT_TRUE(account.facts(ms(5)).snapshot);
  EXPECT_EQ(account.facts(ms(5)).snapshot->mono, ms(0)) << "the time it was asked for";
}

TEST_F(AccountTest, AtRestOneListPerJitteredResync) {
  become_ready(0);
  EXPECT_GE(wakes(0), 270'000);
  EXPECT_LE(wakes(0), 330'000);
  EXPECT_TRUE(tick(269'999).empty());
  EXPECT_TRUE(tick(330'000).contains("list_keys"));
}

TEST_F(AccountTest, FailuresPauseLongerAndLonger) {
  std::int64_t t = 0;
  base::Duration last{0};
  for (int i = 0; i < 10; ++i) {
    auto sent = tick(t);
    ASSERT_TRUE(sent.contains("list_keys")) << i;
    answered(sent["list_keys"], answer(500, "{}"), t);
    EXPECT_EQ(state(), AccountState::kFailing);
    ASSERT_TRUE(account.wake_at(ms(t)));
    last = *account.wake_at(ms(t)) - ms(t);
    EXPECT_GE(last, base::Duration{750});
    EXPECT_LE(last, base::Duration{75'000});
    EXPECT_TRUE(tick((*account.wake_at(ms(t))).since_start.count() - 1).empty()) << "paused";
    t = account.wake_at(ms(t))->since_start.count();
  }
  EXPECT_GE(last, base::Duration{45'000});
  become_ready(t);
}

TEST_F(AccountTest, ATroubleThatComesBackIsToldInTheSameWords) {
  const auto fails = [this](const std::string& message, int status, std::int64_t t) {
    base::Error error{ErrorCode::kServerError, "s", message};
    error.http_status = status;
    const News told = account.call_failed(error, ms(t - 10), ms(t), out);
    return std::pair(told, account.facts(ms(t)).problem);
  };
  become_ready(0);
  const auto [first, words] = fails("request 1", 500, 1'000);
  EXPECT_EQ(first, News::kReconsiderAll);
  EXPECT_NE(words.find("request 1"), std::string::npos);
  EXPECT_EQ(fails("request 2", 500, 100'000), std::pair(News::kNone, words));
  become_ready(300'000);
  EXPECT_EQ(fails("request 3", 500, 301'000), std::pair(News::kReconsiderAll, words));
  const auto [another, other_words] = fails("request 4", 503, 500'000);
  EXPECT_EQ(another, News::kReconsiderAll) << "another status is another trouble";
  EXPECT_NE(other_words.find("request 4"), std::string::npos);
}

TEST_F(AccountTest, FailuresUnderWayTogetherCountOnce) {
  become_ready(0);
  const base::Error error{ErrorCode::kUnreachable, "create", "connection refused"};
  EXPECT_EQ(account.call_failed(error, ms(990), ms(1'000), out), News::kReconsiderAll);
  const auto until = wakes(1'001);
  for (int i = 0; i < 50; ++i) {
    EXPECT_EQ(account.call_failed(error, ms(990), ms(1'001), out), News::kNone);
  }
  EXPECT_EQ(wakes(1'001), until);
}

// A proxy may drop one kind of request: then it is no trouble of the account's.
TEST_F(AccountTest, WhetherAServerCanBeReachedIsForTheListToFindOut) {
  become_ready(0);
  const base::Error error{ErrorCode::kUnreachable, "create", "connection refused"};
  EXPECT_EQ(account.call_failed(error, ms(990), ms(1'000), out, io::Method::kDelete), News::kNone);
  EXPECT_EQ(state(), AccountState::kReady);
  EXPECT_FALSE(account.gate().paused(ms(1'000)));
  EXPECT_TRUE(tick(1'000).contains("list_keys"));
}

TEST_F(AccountTest, RetryAfterIsHonouredUpToTenMinutes) {
  become_ready(0);
  base::Error limited{ErrorCode::kRateLimited, "create", "429", base::Duration{120'000}};
  failed(limited, 1'000);
  EXPECT_EQ(state(), AccountState::kRateLimited);
  EXPECT_TRUE(account.gate().paused(ms(120'999)));
  EXPECT_FALSE(account.gate().paused(ms(121'000)));
  limited.retry_after = base::Duration{86'400'000};
  failed(limited, 200'000);
  EXPECT_TRUE(account.gate().paused(ms(799'999)));
  EXPECT_FALSE(account.gate().paused(ms(800'000)));
}

TEST_F(AccountTest, EachCauseIsTold) {
  const std::pair<ErrorCode, AccountState> cases[] = {
      {ErrorCode::kUnauthorized, AccountState::kRefused},
      {ErrorCode::kForbidden, AccountState::kRefused},
      {ErrorCode::kNotFound, AccountState::kRefused},
      {ErrorCode::kInvalidInput, AccountState::kRefused},
      {ErrorCode::kRateLimited, AccountState::kRateLimited},
      {ErrorCode::kServerError, AccountState::kFailing},
      {ErrorCode::kMalformed, AccountState::kFailing},
      {ErrorCode::kUnreachable, AccountState::kFailing},
      {ErrorCode::kUnknown, AccountState::kFailing},
      {ErrorCode::kTooLarge, AccountState::kFailing},
  };
  for (const auto& [code, expected] : cases) {
    account.begin_term(ms(0));
    failed({code, "step", "cause"}, 20);
    EXPECT_EQ(state(), expected) << base::code_name(code);
    EXPECT_NE(account.facts(ms(20)).problem, "");
  }
}

TEST_F(AccountTest, ATokenThatHasWorkedIsCalledWrongAfterFiveMinutes) {
  const base::Error refused{ErrorCode::kUnauthorized, "s", "token invalid"};
  failed(refused, 10);
  EXPECT_NE(account.facts(ms(10)).problem.find("put a valid one"), std::string::npos);
  become_ready(2'000);
  failed(refused, 3'000);
  const std::string first = account.facts(ms(3'000)).problem;
  EXPECT_NE(first.find("has worked"), std::string::npos) << first;
  failed(refused, 302'999);
  EXPECT_EQ(account.facts(ms(302'999)).problem, first);
  failed(refused, 303'000);
  EXPECT_NE(account.facts(ms(303'000)).problem.find("database is down"), std::string::npos);
  account.token_changed(ms(304'000));
  failed(refused, 305'000);
  EXPECT_NE(account.facts(ms(305'000)).problem.find("put a valid one"), std::string::npos)
      << "another token";
}

TEST_F(AccountTest, A429SaysNothingAboutAWorseTrouble) {
  become_ready(0);
  failed({ErrorCode::kUnauthorized, "s", "token expired"}, 1'000);
  failed({ErrorCode::kRateLimited, "s", "429"}, 1'001);
  EXPECT_EQ(state(), AccountState::kRefused);
}

TEST_F(AccountTest, ProblemsCarryNoNumbersThatChange) {
  failed({ErrorCode::kRateLimited, "s", "429", base::Duration{1'000}}, 20);
  const std::string first = account.facts(ms(20)).problem;
  EXPECT_EQ(account.call_failed({ErrorCode::kRateLimited, "s", "429", base::Duration{2'000}},
                                ms(4'990), ms(5'000), out),
            News::kNone);
  EXPECT_EQ(account.facts(ms(5'000)).problem, first);
}

TEST_F(AccountTest, ALateSuccessDoesNotEndAPause) {
  become_ready(0);
  failed({ErrorCode::kRateLimited, "s", "429"}, 1'000);
  EXPECT_EQ(account.call_succeeded(ms(1'001)), News::kNone);
  EXPECT_EQ(state(), AccountState::kRateLimited);
  EXPECT_TRUE(tick(1'002).empty());
}

TEST_F(AccountTest, AfterA429AnySuccessWillDo) {
  become_ready(0);
  failed({ErrorCode::kRateLimited, "s", "429"}, 1'000);
  EXPECT_EQ(account.call_succeeded(ms(300'999)), News::kNone);
  EXPECT_EQ(state(), AccountState::kRateLimited) << "told for five minutes";
  EXPECT_EQ(account.call_succeeded(ms(301'000)), News::kReconsiderAll);
  EXPECT_EQ(state(), AccountState::kReady);
}

TEST_F(AccountTest, WhetherAFailingAccountWorksAgainIsForTheListToFindOut) {
  become_ready(0);
  failed({ErrorCode::kUnreachable, "s", "m"}, 1'000);
  EXPECT_EQ(account.call_succeeded(ms(100'000)), News::kNone);
  EXPECT_EQ(state(), AccountState::kFailing);
  auto sent = tick(100'000);
  ASSERT_TRUE(sent.contains("list_keys"));
  EXPECT_EQ(answered(sent["list_keys"], answer(200, "[]"), 100'001), News::kReconsiderAll);
  EXPECT_EQ(state(), AccountState::kReady);
}

TEST_F(AccountTest, After429NoListIsReadBeforeWhatWaits) {
  become_ready(0);
  failed({ErrorCode::kRateLimited, "s", "429"}, 1'000);
  EXPECT_FALSE(tick(100'000).contains("list_keys"));
  EXPECT_TRUE(tick(330'000).contains("list_keys")) << "with the resync it comes all the same";
}

TEST_F(AccountTest, ALearntBudgetHalvesAndThePauseIsUntilItsNextPermit) {
  Account learns{{"default", std::nullopt, 0}, base::Duration{300'000}, 8, 1};
  learns.begin_term(ms(0));
  EXPECT_EQ(learns.gate().budget().per_minute(), 100);
  learns.call_failed({ErrorCode::kRateLimited, "s", "429"}, ms(990), ms(1'000), out);
  EXPECT_EQ(learns.gate().budget().per_minute(), 50);
  EXPECT_TRUE(learns.gate().paused(ms(2'199)));
  EXPECT_FALSE(learns.gate().paused(ms(2'202)));
  learns.call_failed({ErrorCode::kRateLimited, "s", "429"}, ms(990), ms(1'001), out);
  EXPECT_EQ(learns.gate().budget().per_minute(), 50) << "it was under way with the first";
}

TEST_F(AccountTest, WithoutALimitOfOursA429BacksOff) {
  become_ready(0);
  std::int64_t t = 1'000, last = 0;
  for (int i = 0; i < 8; ++i) {
    failed({ErrorCode::kRateLimited, "s", "429"}, t);
    ASSERT_TRUE(account.gate().paused(ms(t)));
    last = account.paused_for(ms(t)).count();
    t += last;
  }
  EXPECT_GE(last, 45'000);
  EXPECT_LE(last, 75'000);
}

// A proxy that dislikes one name must not stop the others.
TEST_F(AccountTest, A403OnAWriteAsksForTheRightWithoutWriting) {
  become_ready(0);
  const base::Error forbidden{ErrorCode::kForbidden, "revoke_key", "HTTP 403"};
  EXPECT_EQ(account.call_failed(forbidden, ms(990), ms(1'000), out, io::Method::kPost),
            News::kNone);
  EXPECT_EQ(state(), AccountState::kReady);
  EXPECT_FALSE(account.gate().paused(ms(1'000)));
  auto sent = tick(1'000);
  ASSERT_EQ(sent.size(), 1u);
  ASSERT_TRUE(sent.contains("probe_write"));
  account.call_failed(forbidden, ms(990), ms(1'001), out, io::Method::kPost);
  EXPECT_TRUE(tick(1'001).empty()) << "one at a time";
  EXPECT_EQ(answered(sent["probe_write"], may_write(), 1'010), News::kNone);
  EXPECT_EQ(state(), AccountState::kReady) << "it may write, so it is that key's trouble";
}

TEST_F(AccountTest, ARightThatWasGrantedIsNotAskedForAgainForTenMinutes) {
  become_ready(0);
  const base::Error forbidden{ErrorCode::kForbidden, "create_key", "HTTP 403"};
  const auto asks = [&](std::int64_t t) {
    account.call_failed(forbidden, ms(t), ms(t), out, io::Method::kDelete);
    return tick(t).contains("probe_write");
  };
  account.call_failed(forbidden, ms(1'000), ms(1'000), out, io::Method::kDelete);
  answered(tick(1'000)["probe_write"], may_write(), 1'010);
  EXPECT_FALSE(asks(1'020));
  EXPECT_FALSE(asks(601'009));
  EXPECT_TRUE(asks(601'010));
}

// A proxy may dislike one kind of request.
TEST_F(AccountTest, TheRightIsAskedForInAnotherWayThanWhatWasRefused) {
  const base::Error forbidden{ErrorCode::kForbidden, "s", "HTTP 403"};
  for (const auto& [refused, asked] : {std::pair(io::Method::kPut, io::Method::kDelete),
                                       std::pair(io::Method::kDelete, io::Method::kPut)}) {
    account.begin_term(ms(0));
    become_ready(0);
    account.call_failed(forbidden, ms(990), ms(1'000), out, refused);
    account.tick(at(1'000), out);
    std::vector<io::Method> methods;
    for (const io::Command& command : out.take()) {
      const auto* send = std::get_if<io::SendHttp>(&command);
      if (send != nullptr && send->request.operation == "probe_write") {
        methods.push_back(send->request.method);
      }
    }
    EXPECT_EQ(methods, (std::vector<io::Method>{asked}));
  }
}

TEST_F(AccountTest, AMissingRightIsTheAccountsTroubleUntilItIsGranted) {
  const auto user = become_ready(0);
  const base::Error forbidden{ErrorCode::kForbidden, "revoke_key", "HTTP 403"};
  account.call_failed(forbidden, ms(990), ms(1'000), out, io::Method::kPost);
  EXPECT_EQ(answered(tick(1'000)["probe_write"], may_not_write(), 1'010), News::kReconsiderAll);
  EXPECT_EQ(state(1'010), AccountState::kReady) << "the role is read before it is told";
  EXPECT_FALSE(account.facts(ms(1'010)).right_asked);
  EXPECT_EQ(answered(user, answer(500, "{}"), 1'010), News::kReconsiderAll);
  EXPECT_FALSE(account.ready());
  EXPECT_EQ(state(1'010), AccountState::kReady) << "it answers, and endings are tried";
  EXPECT_NE(account.facts(ms(1'010)).right_missing.find("role admin"), std::string::npos);
  account.call_failed(forbidden, ms(990), ms(1'020), out, io::Method::kPost);
  EXPECT_TRUE(tick(16'000).empty()) << "asked again after a while, however many fail";
  auto sent = tick(16'100);
  ASSERT_TRUE(sent.contains("probe_write"));
  EXPECT_EQ(answered(sent["probe_write"], answer(500, "{}"), 16'110), News::kNone);
  EXPECT_FALSE(account.ready()) << "no answer is no right";
  sent = tick(60'000);
  ASSERT_TRUE(sent.contains("probe_write"));
  EXPECT_EQ(answered(sent["probe_write"], may_write(), 60'010), News::kReconsiderAll);
  EXPECT_TRUE(account.ready());
  EXPECT_EQ(account.facts(ms(60'010)).right_missing, "");
}

// As of a user that is blocked for a while.
TEST_F(AccountTest, AListThatIsForbiddenIsAskedForAgain) {
  become_ready(0);
  account.want_list(ms(100'000));
  auto sent = tick(100'000);
  answered(sent["list_keys"], answer(403, R"({"message": "user is blocked"})"), 100'010);
  EXPECT_EQ(state(100'010), AccountState::kRefused);
  EXPECT_LE(wakes(100'010), 102'000);
  EXPECT_TRUE(tick(wakes(100'010)).contains("list_keys"));
}

TEST_F(AccountTest, ANewTokenIsAskedForTheMissingRightAtOnce) {
  become_ready(0);
  account.call_failed({ErrorCode::kForbidden, "s", "m"}, ms(990), ms(1'000), out,
                      io::Method::kPost);
  answered(tick(1'000)["probe_write"], may_not_write(), 1'010);
  account.token_changed(ms(1'100));
  EXPECT_TRUE(tick(1'100).contains("probe_write"));
}

TEST_F(AccountTest, TellsWhoseAccountItIs) {
  auto sent = tick(0);
  EXPECT_FALSE(account.facts(ms(0)).id_asked);
  EXPECT_EQ(answered(sent["get_account"], answer(200, R"([{"id": "a1"}])"), 5),
            News::kReconsiderAll);
  EXPECT_TRUE(account.facts(ms(5)).id_asked);
  EXPECT_EQ(account.facts(ms(5)).id, "a1");
  account.token_changed(ms(10));
  EXPECT_FALSE(account.facts(ms(10)).id) << "it may be another account's";
  EXPECT_FALSE(account.facts(ms(10)).id_asked);
  sent = tick(10);
  ASSERT_TRUE(sent.contains("get_account"));
  EXPECT_EQ(answered(sent["get_account"], answer(200, R"([{"id": "a1"}])"), 11),
            News::kReconsiderAll);
  EXPECT_EQ(account.facts(ms(11)).id, "a1");
  account.token_changed(ms(20));
  EXPECT_EQ(answered(tick(20)["get_account"], answer(200, R"([{"id": "a2"}])"), 21),
            News::kReconsiderAll);
  EXPECT_EQ(account.facts(ms(21)).id, "a2");
}

// It may be another account's, and a list of that one says nothing of our keys.
TEST_F(AccountTest, WithANewTokenNothingIsKnownAndWhatIsOnItsWayIsNotBelieved) {
  become_ready(0);
  account.want_list(ms(100));
  auto before = tick(100);
  ASSERT_TRUE(before.contains("list_keys"));
  account.token_changed(ms(1'000'000));
  EXPECT_FALSE(account.facts(ms(1'000'000)).snapshot);
  EXPECT_EQ(state(1'000'000), AccountState::kUnknown);
  EXPECT_FALSE(account.facts(ms(1'000'000)).stale) << "it has not had the time to answer";
  News told = News::kNone;
  io::HttpDone late{before["list_keys"], answer(200, "[]")};
  EXPECT_FALSE(account.handle(late, at(1'000'001), out, told));
  auto sent = tick(1'000'002);
  for (const char* call : {"list_keys", "get_account"}) EXPECT_TRUE(sent.contains(call)) << call;
  io::HttpDone identity{sent["get_account"], answer(200, R"([{"id": "a1"}])")};
  account.token_changed(ms(1'000'003));
  EXPECT_FALSE(account.handle(identity, at(1'000'004), out, told)) << "of the token before";
  EXPECT_FALSE(account.facts(ms(1'000'004)).id_asked);
}

TEST_F(AccountTest, AnAccountThatCannotBeAskedIsUnknownAndAskedAgain) {
  for (const int status : {403, 404, 500}) {
    account.begin_term(ms(0));
    auto sent = tick(0);
    EXPECT_EQ(answered(sent["get_account"], answer(status, "{}"), 5), News::kReconsiderAll);
    EXPECT_TRUE(account.facts(ms(5)).id_asked) << status;
    EXPECT_FALSE(account.facts(ms(5)).id) << status;
    answered(sent["list_keys"], answer(200, "[]"), 6);
    EXPECT_EQ(state(), AccountState::kReady) << status << ": the list tells what is wrong";
    EXPECT_FALSE(tick(1'004).contains("get_account"));
    sent = tick(1'005);
    ASSERT_TRUE(sent.contains("get_account")) << status;
    EXPECT_EQ(answered(sent["get_account"], answer(200, R"([{"id": "a1"}])"), 1'006),
              News::kReconsiderAll);
  }
}

TEST_F(AccountTest, NetBirdsClockIsToldByTheDateOfItsList) {
  const std::pair<std::int64_t, std::int64_t> cases[] = {
      {0, 0}, {3'000, 0}, {-3'000, 0}, {86'400'000, 86'400'500}, {-86'400'000, -86'399'500}};
  for (const auto& [ahead, offset] : cases) {
    account.begin_term(ms(0));
    io::HttpResponse response;
    response.status = 200;
    response.body = base::SecretText(std::string("[]"));
    response.date = at(5).wall + base::Duration{ahead};
    answered(tick(0)["list_keys"], std::move(response), 5);
    EXPECT_EQ(account.clock_offset(), base::Duration{offset}) << ahead;
    EXPECT_EQ(account.facts(ms(5)).clock_offset, base::Duration{offset}) << ahead;
  }
}

TEST_F(AccountTest, AListFromACacheIsAsOldAsItSays) {
  io::HttpResponse response;
  response.status = 200;
  response.body = base::SecretText(std::string("[]"));
  response.age = base::Duration{30'000};
  answered(tick(100'000)["list_keys"], std::move(response), 100'005);
  EXPECT_EQ(account.facts(ms(100'005)).snapshot->mono, ms(70'000));
}

TEST_F(AccountTest, WhatAListLeavesInDoubtIsSettledByOneSoonAfter) {
  const std::string key =
      R"([{"id":"a","state":"valid","name":"fleet [k8s-0123456789abcdef-r1]"}])";
  answered(tick(0)["list_keys"], answer(200, key), 5);
  account.want_list(ms(1'000));
  answered(tick(1'000)["list_keys"], answer(200, "[]"), 1'005);
  EXPECT_EQ(account.inventory().total(), 1u);
  EXPECT_LE(wakes(1'005), 31'000);
  auto sent = tick(31'000);
  ASSERT_TRUE(sent.contains("list_keys"));
  answered(sent["list_keys"], answer(200, "[]"), 31'005);
  EXPECT_EQ(account.inventory().total(), 0u);
}

TEST_F(AccountTest, ListsThatAreWantedAgainAndAgainBecomeRare) {
  become_ready(0);
  int lists = 0;
  for (std::int64_t t = 1'000; t < 601'000; t += 500) {
    account.want_list(ms(t), Priority::kEnding);
    auto sent = tick(t);
    if (!sent.contains("list_keys")) continue;
    ++lists;
    answered(sent["list_keys"], answer(200, "[]"), t);
  }
  EXPECT_LE(lists, 18) << "at most one a minute in the long run";
  EXPECT_GE(lists, 10);
}

TEST_F(AccountTest, AnEntryWithoutAnIdIsSkippedAndTheRestCounts) {
  const std::string list = R"([null, {"state": "odd"}, {"id": "a", "state": "odd"}])";
  EXPECT_EQ(answered(tick(0)["list_keys"], answer(200, list), 5), News::kReconsiderAll);
  EXPECT_EQ(state(), AccountState::kReady);
  EXPECT_EQ(account.inventory().total(), 1u);
}

TEST_F(AccountTest, ANewTokenIsTriedAtOnce) {
  answered(tick(0)["list_keys"], answer(401, R"({"message": "token expired"})"), 0);
  EXPECT_EQ(state(), AccountState::kRefused);
  EXPECT_TRUE(tick(1).empty());
  account.token_changed(ms(2));
  auto sent = tick(2);
  EXPECT_TRUE(sent.contains("list_keys"));
}

TEST_F(AccountTest, GarbageIsAFailureAndTheOldListStays) {
  become_ready(0);
  account.want_list(ms(1'000));
  answered(tick(1'000)["list_keys"], answer(200, "<html>"), 1'001);
  EXPECT_EQ(state(), AccountState::kFailing);
  EXPECT_EQ(account.facts(ms(1'001)).snapshot->mono, ms(0));
}

TEST_F(AccountTest, AListThatIsWantedBeginsNow) {
  become_ready(0);
  account.want_list(ms(100));
  EXPECT_TRUE(tick(100).contains("list_keys"));
  account.want_list(ms(101));
  EXPECT_TRUE(tick(101).empty()) << "one at a time";
}

TEST_F(AccountTest, StaleAfterThreeResyncsAndBack) {
  become_ready(0);
  EXPECT_FALSE(account.facts(ms(900'000)).stale);
  EXPECT_TRUE(account.facts(ms(900'001)).stale);
  auto sent = tick(900'001);
  EXPECT_EQ(news, News::kReconsiderAll);
  EXPECT_EQ(tick(900'002), (std::map<std::string, io::RequestId>{}));
  EXPECT_EQ(news, News::kNone) << "told once";
  EXPECT_EQ(answered(sent["list_keys"], answer(200, "[]"), 900'010), News::kReconsiderAll);
  EXPECT_FALSE(account.facts(ms(900'010)).stale);
}

TEST_F(AccountTest, NeverHeardOfIsStaleInTheEndToo) {
  EXPECT_FALSE(account.facts(ms(900'000)).stale);
  EXPECT_TRUE(account.facts(ms(900'001)).stale);
  tick(0);
  EXPECT_LE(wakes(0), 900'001) << "staleness is an event";
}

TEST_F(AccountTest, ListsArePaidFromTheBudget) {
  Account poor{{"default", 1, 1}, base::Duration{300'000}, 8, 1};
  poor.begin_term(ms(0));
  EXPECT_TRUE(poor.gate().budget().take(ms(0)));
  EXPECT_TRUE(tick(0, poor).empty());
  EXPECT_TRUE(tick(59'000, poor).empty());
  EXPECT_TRUE(tick(60'100, poor).contains("get_account")) << "whose account it is comes first";
  EXPECT_TRUE(tick(60'200, poor).empty());
  EXPECT_TRUE(tick(120'200, poor).contains("list_keys"));
  EXPECT_TRUE(tick(180'300, poor).contains("probe_write")) << "and then what the token may do";
}

TEST_F(AccountTest, AnswersOfAnEarlierTermAreNotOurs) {
  auto sent = tick(0);
  account.begin_term(ms(10));
  io::HttpDone late{sent["list_keys"], answer(200, "[]")};
  News told = News::kNone;
  EXPECT_FALSE(account.handle(late, at(11), out, told));
  EXPECT_EQ(state(), AccountState::kUnknown);
  EXPECT_TRUE(tick(11).contains("list_keys"));
}

TEST_F(AccountTest, AUserWithoutTheRightIsWarnedOf) {
  for (const auto& [role, severity] :
       {std::pair("user", io::Severity::kWarn), std::pair("admin", io::Severity::kInfo),
        std::pair("owner", io::Severity::kInfo)}) {
    Account fresh{{"default", 0, 0}, base::Duration{300'000}, 8, 1};
    fresh.begin_term(ms(0));
    io::HttpDone done{
        tick(0, fresh)["list_service_users"],
        answer(200, std::string(R"([{"id": "u", "is_current": true, "role": ")") + role + "\"}]")};
    News told = News::kNone;
    EXPECT_TRUE(fresh.handle(done, at(1), out, told));
    const auto commands = out.take();
    ASSERT_EQ(commands.size(), 1u);
    EXPECT_EQ(std::get<io::Note>(commands[0]).severity, severity) << role;
  }
}

}  // namespace
}  // namespace nbkeys::engine
