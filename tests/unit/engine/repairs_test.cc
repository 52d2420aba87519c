#include "engine/repairs.h"

#include <gtest/gtest.h>

namespace nbkeys::engine {
namespace {

base::Instant ms(std::int64_t t) { return {base::Duration{t}}; }

TEST(Repairs, TenAnHourForASmallAccount) {
  Repairs repairs;
  repairs.set_setup_keys(50);
  for (int i = 0; i < 10; ++i) {
    ASSERT_TRUE(repairs.may(ms(i * 1'000))) << i;
    repairs.made(ms(i * 1'000));
  }
  EXPECT_FALSE(repairs.may(ms(3'599'999)));
  EXPECT_EQ(repairs.next_at(), ms(3'600'000));
  EXPECT_TRUE(repairs.may(ms(3'600'000)));
  repairs.made(ms(3'600'000));
  EXPECT_FALSE(repairs.may(ms(3'600'000)));
  EXPECT_EQ(repairs.next_at(), ms(3'601'000)) << "in any hour";
}

TEST(Repairs, ATenthOfALargeOne) {
  Repairs repairs;
  repairs.set_setup_keys(2'000);
  for (int i = 0; i < 200; ++i) {
    ASSERT_TRUE(repairs.may(ms(0))) << i;
    repairs.made(ms(0));
  }
  EXPECT_FALSE(repairs.may(ms(0)));
}

TEST(Repairs, WhatWasMadeBeforeTheProcessBeganCounts) {
  Repairs repairs;
  for (int i = 9; i >= 0; --i) repairs.made(ms(-i * 60'000));
  EXPECT_FALSE(repairs.may(ms(0)));
  EXPECT_EQ(repairs.next_at(), ms(3'600'000 - 9 * 60'000)) << "the oldest of them, in any order";
  repairs.clear();
  EXPECT_TRUE(repairs.may(ms(0)));
}

}  // namespace
}  // namespace nbkeys::engine
