#include "base/backoff.h"

#include <gtest/gtest.h>

namespace nbkeys::base {
namespace {

constexpr BackoffBounds kBounds{Duration{1'000}, Duration{60'000}};

Instant ms(std::int64_t t) { return {Duration{t}}; }

TEST(BackoffWait, DoublesBetweenItsBounds) {
  const std::pair<int, std::int64_t> cases[] = {{-1, 0},     {0, 0},      {1, 1'000},
                                                {2, 2'000},  {3, 4'000},  {6, 32'000},
                                                {7, 60'000}, {8, 60'000}, {1'000'000'000, 60'000}};
  for (const auto& [failures, wait] : cases) {
    EXPECT_EQ(backoff_wait(failures, kBounds), Duration{wait}) << failures;
  }
}

TEST(BackoffWait, MayGrowFaster) {
  const BackoffBounds bounds{Duration{5'000}, Duration{285'000}, 4};
  const std::int64_t waits[] = {0, 5'000, 20'000, 80'000, 285'000, 285'000};
  for (int failures = 0; const std::int64_t wait : waits) {
    EXPECT_EQ(backoff_wait(failures++, bounds), Duration{wait});
  }
}

TEST(Backoff, HoldsUntilItsTime) {
  Backoff backoff;
  EXPECT_FALSE(backoff.holds(ms(0)));
  backoff.failed(ms(0), kBounds);
  EXPECT_TRUE(backoff.holds(ms(999)));
  EXPECT_FALSE(backoff.holds(ms(1'000)));
  backoff.failed(ms(5'000), kBounds);
  EXPECT_EQ(backoff.until, ms(7'000));
}

TEST(Backoff, WhatTheServerAsksForCountsWhereItIsLongerWithinTheBounds) {
  Backoff backoff;
  backoff.failed(ms(0), kBounds, Duration{500});
  EXPECT_EQ(backoff.until, ms(1'000));
  backoff.failed(ms(0), kBounds, Duration{30'000});
  EXPECT_EQ(backoff.until, ms(30'000));
  backoff.failed(ms(0), kBounds, Duration{86'400'000});
  EXPECT_EQ(backoff.until, ms(60'000)) << "no server stops us for a day";
}

}  // namespace
}  // namespace nbkeys::base
