#include "netbird/budget.h"

#include <gtest/gtest.h>

namespace nbkeys::netbird {
namespace {

base::Instant ms(std::int64_t t) { return {base::Duration{t}}; }

// Kept out of line: inlined into a test, g++ 12 takes the optional in Budget for uninitialised.
[[gnu::noinline]] bool take(Budget& budget, base::Instant now) { return budget.take(now); }

TEST(Budget, NoLimitMeansNone) {
  Budget budget(0, 0);
  for (int i = 0; i < 10'000; ++i) ASSERT_TRUE(take(budget, ms(0)));
}

TEST(Budget, TheBurstAndThenTheRate) {
  Budget budget(60, 3);
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(take(budget, ms(0)));
  EXPECT_FALSE(take(budget, ms(0)));
  EXPECT_FALSE(take(budget, ms(999)));
  EXPECT_TRUE(take(budget, ms(1'001)));
  EXPECT_FALSE(take(budget, ms(1'002)));
}

TEST(Budget, NextAtIsWhenATokenIsThere) {
  for (const int per_minute : {1, 6, 7, 60, 1'000}) {
    Budget budget(per_minute, 1);
    base::Instant now = ms(5);
    for (int i = 0; i < 50; ++i) {
      ASSERT_TRUE(take(budget, now)) << per_minute << ", " << i;
      ASSERT_FALSE(take(budget, now));
      now = budget.next_at(now);
    }
    const auto spent_ms = (now - ms(5)).count();
    EXPECT_GE(spent_ms, 50 * 60'000 / per_minute - 50) << "not faster than the rate";
    EXPECT_LE(spent_ms, 50 * 60'000 / per_minute + 100) << "nor slower";
  }
}

TEST(Budget, IdleTimeSavesNoMoreThanTheBurst) {
  Budget budget(60, 2);
  EXPECT_TRUE(take(budget, ms(0)));
  EXPECT_TRUE(take(budget, ms(3'600'000)));
  EXPECT_TRUE(take(budget, ms(3'600'000)));
  EXPECT_FALSE(take(budget, ms(3'600'000)));
}

// Kept out of line for the same reason.
[[gnu::noinline]] void too_many(Budget& budget, std::int64_t sent, std::int64_t now) {
  budget.too_many(ms(sent), ms(now));
}

TEST(LearntBudget, BeginsBelowWhatNetBirdCloudTakes) {
  Budget budget(std::nullopt, 0);
  EXPECT_EQ(budget.per_minute(), 100);
  int taken = 0;
  while (take(budget, ms(0))) ++taken;
  EXPECT_EQ(taken, 1'000);
  EXPECT_EQ(budget.next_at(ms(0)), ms(601));
}

TEST(LearntBudget, IsHalvedAtA429AndNothingIsLeftOfIt) {
  Budget budget(std::nullopt, 0);
  too_many(budget, 900, 1'000);
  EXPECT_EQ(budget.per_minute(), 50);
  EXPECT_FALSE(take(budget, ms(1'000))) << "the burst was worth nothing";
  EXPECT_FALSE(take(budget, ms(2'199)));
  EXPECT_TRUE(take(budget, ms(2'201)));
}

TEST(LearntBudget, SeveralThatWereUnderWayTogetherCountOnce) {
  Budget budget(std::nullopt, 0);
  too_many(budget, 900, 1'000);
  for (int i = 0; i < 8; ++i) too_many(budget, 990, 1'001 + i);
  EXPECT_EQ(budget.per_minute(), 50);
  too_many(budget, 1'000, 2'000);
  EXPECT_EQ(budget.per_minute(), 25) << "this one went out after it";
}

TEST(LearntBudget, CreepsBackByOneAMinuteEachMinuteAndNeverBeyondItsBeginning) {
  Budget budget(std::nullopt, 0);
  too_many(budget, 0, 0);
  EXPECT_TRUE(budget.available(ms(59'999)));
  EXPECT_EQ(budget.per_minute(), 50);
  budget.available(ms(60'000));
  EXPECT_EQ(budget.per_minute(), 51);
  budget.available(ms(10 * 60'000 + 30'000));
  EXPECT_EQ(budget.per_minute(), 60);
  budget.available(ms(11 * 60'000));
  EXPECT_EQ(budget.per_minute(), 61) << "half minutes are not lost";
  budget.available(ms(24 * 3'600'000));
  EXPECT_EQ(budget.per_minute(), Budget::kLearntPerMinuteMax);
}

TEST(LearntBudget, NeverSinksBelowOneInFourMinutes) {
  Budget budget(std::nullopt, 0);
  for (int i = 0; i < 20; ++i) too_many(budget, i * 10 + 5, i * 10 + 10);
  EXPECT_EQ(budget.per_minute(), Budget::kLeast);
}

TEST(Budget, OneThatSomebodySetIsNotLearnt) {
  Budget set(60, 10);
  too_many(set, 0, 0);
  EXPECT_EQ(set.per_minute(), 60);
  EXPECT_FALSE(take(set, ms(0))) << "but what was left was worth nothing";
  EXPECT_TRUE(take(set, ms(1'001)));
  Budget none(0, 0);
  too_many(none, 0, 0);
  EXPECT_TRUE(take(none, ms(0))) << "0 still means none";
}

TEST(Budget, SeveralAtOnceNeedSoMany) {
  Budget budget(60, 3);
  EXPECT_TRUE(budget.available(ms(0), 3));
  take(budget, ms(0));
  EXPECT_FALSE(budget.available(ms(0), 3));
  EXPECT_TRUE(budget.available(ms(0), 2));
  EXPECT_EQ(budget.next_at(ms(0), 3), ms(1'001));
  EXPECT_TRUE(budget.available(ms(1'001), 9)) << "never more than there can be";
}

TEST(Budget, WithoutABurstAMinutesWorthIsAllowedAtOnce) {
  Budget budget(2, 0);
  EXPECT_TRUE(take(budget, ms(0)));
  EXPECT_TRUE(take(budget, ms(0)));
  EXPECT_FALSE(take(budget, ms(0)));
}

}  // namespace
}  // namespace nbkeys::netbird
