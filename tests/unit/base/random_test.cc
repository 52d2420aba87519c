#include "base/random.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace nbkeys::base {
namespace {

TEST(Random, TheSameSeedGivesTheSameRow) {
  Random a(7), b(7), c(8);
  bool differs = false;
  for (int i = 0; i < 100; ++i) {
    const auto x = a.next();
    EXPECT_EQ(x, b.next());
    differs |= x != c.next();
  }
  EXPECT_TRUE(differs);
}

TEST(Random, JitterStaysInItsShareAndUsesIt) {
  Random random(1);
  Duration lowest{1'000'000}, highest{0};
  for (int i = 0; i < 10'000; ++i) {
    const Duration d = random.jitter(Duration{1'000}, 25);
    lowest = std::min(lowest, d);
    highest = std::max(highest, d);
  }
  EXPECT_EQ(lowest, Duration{750});
  EXPECT_EQ(highest, Duration{1'250});
}

TEST(Random, NothingToJitter) {
  Random random(1);
  EXPECT_EQ(random.jitter(Duration{0}, 50), Duration{0});
  EXPECT_EQ(random.jitter(Duration{1'000}, 0), Duration{1'000});
  EXPECT_EQ(random.jitter(Duration{1}, 50), Duration{1});
}

}  // namespace
}  // namespace nbkeys::base
