#include "engine/telling.h"

#include <gtest/gtest.h>

#include <cstdint>

namespace nbkeys::engine {
namespace {

base::Instant ms(std::int64_t at) { return base::Instant{} + base::Duration{at}; }

std::vector<kube::Condition> ready(bool status, const std::string& message) {
  return {{"Ready", status, status ? "Issued" : "APIError", message, {}, 1}};
}

TEST(Telling, WhatIsNewIsSaidAtOnce) {
  Telling telling;
  for (int i = 0; i < 20; ++i) {
    const auto news = ready(false, "cause " + std::to_string(i));
    EXPECT_FALSE(telling.hold(news, ms(i)));
    telling.said(ready(true, ""), news, ms(i));
  }
}

TEST(Telling, AContradictionThatIsRepeatedWaitsEverLonger) {
  Telling telling;
  const auto mine = ready(true, "fine"), theirs = ready(false, "not so");
  base::Instant now = ms(0);
  int said = 0;
  while (now < ms(3'600'000)) {
    if (const auto held = telling.hold(mine, now)) {
      now = *held;
      continue;
    }
    telling.said(theirs, mine, now);
    ++said;
  }
  EXPECT_GE(said, 12) << "it goes on";
  EXPECT_LE(said, 25);
  EXPECT_FALSE(telling.hold(ready(false, "another cause"), now)) << "news does not wait";
}

TEST(Telling, ADifferentTimeIsNoOtherWord) {
  Telling telling;
  auto later = ready(true, "fine");
  later.front().last_transition = base::WallTime{base::Duration{5'000}};
  telling.said(ready(true, "fine"), later, ms(0));
  telling.said(ready(false, ""), ready(true, "fine"), ms(1));
  EXPECT_FALSE(telling.hold(later, ms(2))) << "it was said once: the first time changed nothing";
  telling.said(ready(false, ""), later, ms(3));
  EXPECT_TRUE(telling.hold(later, ms(4)));
}

TEST(Telling, AfterAQuietTimeItBeginsAnew) {
  Telling telling;
  const auto mine = ready(true, "fine"), theirs = ready(false, "not so");
  for (int i = 0; i < 8; ++i) telling.said(theirs, mine, ms(0));
  const auto held = telling.hold(mine, ms(0));
  ASSERT_TRUE(held);
  const base::Instant later = *held + base::Duration{600'001};
  telling.said(theirs, mine, later);
  EXPECT_EQ(*telling.hold(mine, later), later + base::Duration{1'000});
}

}  // namespace
}  // namespace nbkeys::engine
