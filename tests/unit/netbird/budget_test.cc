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

TEST(Budget, WithoutABurstAMinutesWorthIsAllowedAtOnce) {
  Budget budget(2, 0);
  EXPECT_TRUE(take(budget, ms(0)));
  EXPECT_TRUE(take(budget, ms(0)));
  EXPECT_FALSE(take(budget, ms(0)));
}

}  // namespace
}  // namespace nbkeys::netbird
