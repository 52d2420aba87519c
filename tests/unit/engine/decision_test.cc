#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "scene.h"

namespace nbkeys::engine {
namespace {

using testing::after_s;
using testing::is;
using testing::kWall;
using testing::ms;
using testing::next_of;
using testing::Scene;

TEST(ListIsNewer, OnlyIfAskedForAfterEverythingItIsToProve) {
  Scene s;
  EXPECT_TRUE(list_is_newer(s.observed()));
  s.flight.seen_at = ms(999'000);
  EXPECT_TRUE(list_is_newer(s.observed())) << "begun in that very moment";
  s.flight.seen_at = ms(999'001);
  EXPECT_FALSE(list_is_newer(s.observed()));
  s.flight.seen_at = ms(0);
  s.flight.list_needed_since = ms(999'001);
  EXPECT_FALSE(list_is_newer(s.observed()));
  s.flight.list_needed_since = ms(999'000);
  EXPECT_TRUE(list_is_newer(s.observed()));
  s.account.snapshot.reset();
  EXPECT_FALSE(list_is_newer(s.observed()));
}

TEST(KeyIsMissing, IfAnEarlierListHadItOrTwoListsFarApartLackIt) {
  Scene s;
  EXPECT_FALSE(key_is_missing(s.observed())) << "it is there";
  s.keys.clear();
  EXPECT_TRUE(key_is_missing(s.observed()));
  s.flight.seen_at = ms(939'001);
  s.account.before = ms(939'001);
  EXPECT_FALSE(key_is_missing(s.observed())) << "too close to its making";
  EXPECT_EQ(missing_told_at(s.observed()), ms(939'001) + cache::Inventory::kLag);
  s.flight.seen_at = s.account.before.emplace(ms(939'000));
  EXPECT_TRUE(key_is_missing(s.observed()));
  s.account.before = ms(938'999);
  EXPECT_FALSE(key_is_missing(s.observed())) << "only one list was asked for since";
  s.gone = {"id3"};
  EXPECT_TRUE(key_is_missing(s.observed()));
}

TEST(WaitOver, LastsItsLengthWhateverTheClocks) {
  Scene s;
  const auto over = [&s](std::int64_t since_s) {
    return wait_over(s.observed(), after_s(since_s), base::Duration{30'000}) - s.now.mono;
  };
  EXPECT_EQ(over(0), base::Duration{30'000});
  EXPECT_EQ(over(-29), base::Duration{1'000});
  EXPECT_EQ(over(-40), base::Duration{-10'000});
  EXPECT_EQ(over(2), base::Duration{32'000}) << "whole seconds are no set clock";
  s.began = s.now.mono + base::Duration{-5'000};
  EXPECT_EQ(over(9 * 3'600), base::Duration{25'000}) << "by a clock that was ahead before we began";
}

TEST(WaitOver, CountsWhatHadPassedBeforeTheClockWasSetAhead) {
  for (const auto by : {std::chrono::hours(9), std::chrono::hours(1)}) {
    Scene s;
    s.pass(std::chrono::seconds(10));
    s.set_clock(by);
    s.pass(std::chrono::seconds(5));
    const auto left = [&s](base::WallTime since) {
      return wait_over(s.observed(), since, base::Duration{30'000}) - s.now.mono;
    };
    EXPECT_EQ(left(kWall), base::Duration{15'000}) << by.count();
    EXPECT_EQ(left(kWall - std::chrono::hours(10)), base::Duration{15'000 - 36'000'000});
    EXPECT_EQ(left(s.now.wall - std::chrono::seconds(3)), base::Duration{27'000})
        << by.count() << ": written since";
  }
}

TEST(AccountAnswers, WhereItTakesCallsThoughMaybeFew) {
  Scene s;
  for (const auto& [state, answers] :
       {std::pair(AccountState::kReady, true), std::pair(AccountState::kRateLimited, true),
        std::pair(AccountState::kUnknown, false), std::pair(AccountState::kRefused, false),
        std::pair(AccountState::kFailing, false)}) {
    s.account.state = state;
    EXPECT_EQ(account_answers(s.observed()), answers) << static_cast<int>(state);
  }
  s.account.state = AccountState::kReady;
  s.account.snapshot.reset();
  EXPECT_FALSE(account_answers(s.observed())) << "its keys are not known";
}

TEST(ToMono, IsNeverInThePastNorTooFar) {
  const Scene s;
  EXPECT_EQ(to_mono(s.observed(), after_s(10)) - s.now.mono, base::Duration{10'001});
  EXPECT_EQ(to_mono(s.observed(), after_s(-10)) - s.now.mono, base::Duration{1});
  EXPECT_EQ(to_mono(s.observed(), after_s(999'999)) - s.now.mono, base::Duration{3'600'001});
}

TEST(WithKeyFacts, TakesOverWhatNetBirdSays) {
  Scene s;
  s.active().key.used_times = 7;
  s.active().key.auto_groups = {"g"};
  s.active().key.state = netbird::KeyState::kOverused;
  const kube::KeyStatus next = with_key_facts(s.observed(), s.resource.status);
  EXPECT_EQ(next.used_times, 7);
  EXPECT_EQ(next.auto_group_ids, (std::vector<std::string>{"g"}));
  EXPECT_EQ(next.state, "overused");
  EXPECT_EQ(next.key_prefix, "ABCDE");
  EXPECT_TRUE(next.renewal_time);
}

TEST(WithKeyFacts, MissingNeedsProof) {
  Scene s;
  s.keys.clear();
  EXPECT_EQ(with_key_facts(s.observed(), s.resource.status).state, "missing");
  s.flight.list_needed_since = s.now.mono;
  EXPECT_EQ(with_key_facts(s.observed(), s.resource.status).state, "valid");
}

TEST(WithKeyFacts, TheBindingIsOfASecretKnownRight) {
  Scene s;
  s.secret.resource_version = "61";
  EXPECT_EQ(with_key_facts(s.observed(), s.resource.status).binding.resource_version, "61");
  s.content = ContentState::kUnchecked;
  s.secret.resource_version = "62";
  EXPECT_EQ(with_key_facts(s.observed(), s.resource.status).binding.resource_version, "60");
}

TEST(Settle, RestsWhereNothingChanges) {
  const Scene s;
  EXPECT_TRUE(is<Rest>(settle(s.observed(), status::Report{})) == false);
  Scene told;
  told.resource.status = next_of(settle(told.observed(), status::Report{}));
  EXPECT_TRUE(is<Rest>(settle(told.observed(), status::Report{})));
}

}  // namespace
}  // namespace nbkeys::engine
