#include "engine/account.h"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <variant>

namespace nbkeys::engine {
namespace {

using base::ErrorCode;
using News = Account::News;

base::Instant ms(std::int64_t t) { return {base::Duration{t}}; }
base::Now at(std::int64_t t) { return {ms(t), {base::Duration{1'800'000'000'000 + t}}}; }

io::HttpOutcome answer(int status, std::string body) {
  io::HttpResponse response;
  response.status = status;
  response.body = base::SecretText(std::move(body));
  return response;
}

class AccountTest : public testing::Test {
 protected:
  AccountTest() { account.begin_term(ms(0)); }

  // What a tick sends, by operation.
  std::map<std::string, io::RequestId> tick(std::int64_t t, Account& who) {
    news = who.tick(at(t), out);
    std::map<std::string, io::RequestId> sent;
    for (io::Command& command : out.take()) {
      if (auto* send = std::get_if<io::SendHttp>(&command))
        sent[send->request.operation] = send->id;
    }
    return sent;
  }
  std::map<std::string, io::RequestId> tick(std::int64_t t) { return tick(t, account); }

  News answered(io::RequestId id, io::HttpOutcome outcome, std::int64_t t) {
    io::HttpDone done{id, std::move(outcome)};
    News told = News::kNone;
    EXPECT_TRUE(account.handle(done, at(t), out, told));
    out.take();
    return told;
  }
  AccountState state(std::int64_t t = 0) { return account.facts(ms(t)).state; }
  void become_ready(std::int64_t t) {
    EXPECT_EQ(answered(tick(t)["list_keys"], answer(200, "[]"), t), News::kReconsiderAll);
    EXPECT_EQ(state(), AccountState::kReady);
  }

  Account account{{"default", 0, 0}, base::Duration{300'000}, 1};
  io::Outbox out;
  News news = News::kNone;
};

TEST_F(AccountTest, ANewTermListsOnceAndAsksWhoTheTokenIs) {
  EXPECT_EQ(state(), AccountState::kUnknown);
  EXPECT_FALSE(account.ready());
  auto sent = tick(0);
  EXPECT_TRUE(sent.contains("list_keys"));
  EXPECT_TRUE(sent.contains("get_current_user"));
  EXPECT_FALSE(sent.contains("list_groups")) << "nobody has named a group";
  EXPECT_TRUE(account.busy());
  EXPECT_TRUE(tick(1).empty());
  EXPECT_EQ(answered(sent["list_keys"], answer(200, "[]"), 5), News::kReconsiderAll);
  EXPECT_TRUE(account.ready());
  ASSERT_TRUE(account.facts(ms(5)).snapshot);
  EXPECT_EQ(account.facts(ms(5)).snapshot->mono, ms(0)) << "the time it was asked for";
}

TEST_F(AccountTest, AtRestOneListPerJitteredResync) {
  become_ready(0);
  ASSERT_TRUE(account.wake_at());
  EXPECT_GE(*account.wake_at(), ms(270'000));
  EXPECT_LE(*account.wake_at(), ms(330'000));
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
    ASSERT_TRUE(account.wake_at());
    last = *account.wake_at() - ms(t);
    EXPECT_GE(last, base::Duration{750});
    EXPECT_LE(last, base::Duration{75'000});
    EXPECT_TRUE(tick((*account.wake_at()).since_start.count() - 1).empty()) << "paused";
    t = account.wake_at()->since_start.count();
  }
  EXPECT_GE(last, base::Duration{45'000});
  become_ready(t);
  EXPECT_EQ(account.facts(ms(t)).problem, "");
}

TEST_F(AccountTest, FailuresUnderWayTogetherCountOnce) {
  become_ready(0);
  const base::Error error{ErrorCode::kServerError, "create", "HTTP 500"};
  EXPECT_EQ(account.call_failed(error, ms(1'000), out), News::kReconsiderAll);
  const auto until = account.wake_at();
  for (int i = 0; i < 50; ++i) {
    EXPECT_EQ(account.call_failed(error, ms(1'001), out), News::kNone);
  }
  EXPECT_EQ(account.wake_at(), until);
}

TEST_F(AccountTest, RetryAfterIsHonouredUpToTenMinutes) {
  become_ready(0);
  base::Error limited{ErrorCode::kRateLimited, "create", "429", base::Duration{120'000}};
  account.call_failed(limited, ms(1'000), out);
  EXPECT_EQ(state(), AccountState::kRateLimited);
  EXPECT_GE(*account.wake_at(), ms(121'000));
  EXPECT_TRUE(tick(120'000).empty());
  limited.retry_after = base::Duration{86'400'000};
  account.token_changed(ms(200'000));
  account.call_failed(limited, ms(200'000), out);
  EXPECT_LE(*account.wake_at(), ms(200'000 + 600'000));
}

TEST_F(AccountTest, EachCauseIsTold) {
  const std::pair<ErrorCode, AccountState> cases[] = {
      {ErrorCode::kUnauthorized, AccountState::kRefused},
      {ErrorCode::kForbidden, AccountState::kRefused},
      {ErrorCode::kInvalidInput, AccountState::kRefused},
      {ErrorCode::kRateLimited, AccountState::kRateLimited},
      {ErrorCode::kServerError, AccountState::kFailing},
      {ErrorCode::kMalformed, AccountState::kFailing},
      {ErrorCode::kUnreachable, AccountState::kFailing},
      {ErrorCode::kUnknown, AccountState::kFailing},
      {ErrorCode::kTooLarge, AccountState::kFailing},
  };
  for (const auto& [code, expected] : cases) {
    account.call_failed({code, "step", "cause"}, ms(1), out);
    EXPECT_EQ(state(), expected) << base::code_name(code);
    EXPECT_NE(account.facts(ms(1)).problem, "");
  }
}

TEST_F(AccountTest, ProblemsCarryNoNumbersThatChange) {
  account.call_failed({ErrorCode::kRateLimited, "s", "429", base::Duration{1'000}}, ms(1), out);
  const std::string first = account.facts(ms(1)).problem;
  EXPECT_EQ(account.call_failed({ErrorCode::kRateLimited, "s", "429", base::Duration{2'000}},
                                ms(5'000), out),
            News::kNone);
  EXPECT_EQ(account.facts(ms(5'000)).problem, first);
}

TEST_F(AccountTest, ALateSuccessDoesNotEndAPause) {
  become_ready(0);
  account.call_failed({ErrorCode::kServerError, "s", "m"}, ms(1'000), out);
  EXPECT_EQ(account.call_succeeded(ms(1'001)), News::kNone);
  EXPECT_EQ(state(), AccountState::kFailing);
  EXPECT_TRUE(tick(1'002).empty());
}

TEST_F(AccountTest, AfterThePauseAnySuccessWillDo) {
  become_ready(0);
  account.call_failed({ErrorCode::kServerError, "s", "m"}, ms(1'000), out);
  EXPECT_EQ(account.call_succeeded(ms(100'000)), News::kReconsiderAll);
  EXPECT_EQ(state(), AccountState::kReady);
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
  ASSERT_TRUE(account.wake_at());
  tick(0);
  EXPECT_LE(*account.wake_at(), ms(900'001)) << "staleness is an event";
}

TEST_F(AccountTest, GroupsAreListedForWhoeverNamesOne) {
  become_ready(0);
  EXPECT_EQ(account.resolve({{"", "servers"}}).state, GroupFacts::State::kNotLoaded);
  account.want_groups(ms(10));
  auto sent = tick(10);
  ASSERT_TRUE(sent.contains("list_groups"));
  EXPECT_EQ(answered(sent["list_groups"],
                     answer(200, R"([{"id": "g2", "name": "servers"}, {"id": "g1", "name": "dup"},
                                     {"id": "g3", "name": "dup"}])"),
                     11),
            News::kReconsiderAll);
  EXPECT_EQ(account.resolve({{"", "servers"}}).ids, (std::vector<std::string>{"g2"}));
  EXPECT_EQ(account.resolve({{"", "dup"}}).state, GroupFacts::State::kAmbiguous);
  const GroupFacts missing = account.resolve({{"g9", ""}, {"", "nobody"}});
  EXPECT_EQ(missing.state, GroupFacts::State::kMissing);
  EXPECT_EQ(missing.name, "nobody");
}

TEST_F(AccountTest, IdsNeedNoListAndAreSortedWithoutRepeats) {
  const GroupFacts resolved = account.resolve({{"b", ""}, {"a", ""}, {"b", ""}});
  EXPECT_EQ(resolved.state, GroupFacts::State::kResolved);
  EXPECT_EQ(resolved.ids, (std::vector<std::string>{"a", "b"}));
  EXPECT_TRUE(account.resolve({}).ids.empty());
}

TEST_F(AccountTest, AMissingGroupIsAskedForMoreAndMoreSeldom) {
  become_ready(0);
  std::int64_t t = 0, last_gap = 0;
  for (int i = 0; i < 12; ++i) {
    account.want_groups(ms(t));
    std::int64_t due = t;
    std::map<std::string, io::RequestId> sent;
    while (!(sent = tick(due)).contains("list_groups")) {
      if (sent.contains("list_keys")) answered(sent["list_keys"], answer(200, "[]"), due);
      due += 500;
      ASSERT_LT(due, t + 400'000) << i;
    }
    if (i > 0) {
      EXPECT_GE(due - t + 1'000, last_gap) << i;
      last_gap = due - t;
    }
    t = due;
    answered(sent["list_groups"], answer(200, "[]"), t);
  }
  EXPECT_GE(last_gap, 200'000);
}

TEST_F(AccountTest, FailedGroupsAreTriedAgain) {
  become_ready(0);
  account.want_groups(ms(10));
  answered(tick(10)["list_groups"], answer(500, "{}"), 10);
  EXPECT_EQ(state(), AccountState::kFailing);
  const std::int64_t resumed = account.wake_at()->since_start.count();
  auto sent = tick(resumed + 1'000);
  EXPECT_TRUE(sent.contains("list_keys"));
  EXPECT_TRUE(sent.contains("list_groups"));
}

TEST_F(AccountTest, NamesInUseAreRefreshedWithEachList) {
  become_ready(0);
  account.want_groups(ms(0));
  answered(tick(0)["list_groups"], answer(200, "[]"), 0);
  account.note_group_names_in_use();
  auto sent = tick(330'000);
  EXPECT_TRUE(sent.contains("list_keys"));
  EXPECT_TRUE(sent.contains("list_groups"));
  answered(sent["list_keys"], answer(200, "[]"), 330'000);
  answered(sent["list_groups"], answer(200, "[]"), 330'000);
  EXPECT_FALSE(tick(660'000).contains("list_groups")) << "nobody named one since";
}

TEST_F(AccountTest, ListsArePaidFromTheBudget) {
  Account poor{{"default", 1, 1}, base::Duration{300'000}, 1};
  poor.begin_term(ms(0));
  EXPECT_TRUE(poor.budget().take(ms(0)));
  EXPECT_FALSE(tick(0, poor).contains("list_keys"));
  EXPECT_FALSE(tick(59'000, poor).contains("list_keys"));
  EXPECT_TRUE(tick(60'100, poor).contains("list_keys"));
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
    Account fresh{{"default", 0, 0}, base::Duration{300'000}, 1};
    fresh.begin_term(ms(0));
    io::HttpDone done{tick(0, fresh)["get_current_user"],
                      answer(200, std::string(R"({"id": "u", "role": ")") + role + "\"}")};
    News told = News::kNone;
    EXPECT_TRUE(fresh.handle(done, at(1), out, told));
    const auto commands = out.take();
    ASSERT_EQ(commands.size(), 1u);
    EXPECT_EQ(std::get<io::Note>(commands[0]).severity, severity) << role;
  }
}

}  // namespace
}  // namespace nbkeys::engine
