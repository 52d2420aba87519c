#include "engine/clock_steps.h"

#include <gtest/gtest.h>

namespace nbkeys::engine {
namespace {

base::Now at(std::int64_t mono_s, std::int64_t wall_s) {
  return {{base::Duration{mono_s * 1'000}}, {base::Duration{1'800'000'000'000 + wall_s * 1'000}}};
}

TEST(ClockSteps, BeginWithTheProcess) {
  ClockSteps clock;
  clock.note(at(50, 0));
  clock.note(at(60, 10));
  EXPECT_EQ(clock.began(), at(50, 0).mono);
  EXPECT_FALSE(clock.step());
}

TEST(ClockSteps, TimeThatPassesIsNoStep) {
  ClockSteps clock;
  clock.note(at(0, 0));
  clock.note(at(3'600, 3'600));
  clock.note(at(3'700, 3'705));  // as NTP slews it
  EXPECT_FALSE(clock.step());
}

TEST(ClockSteps, AStepEitherWayIsNoticed) {
  for (const std::int64_t by : {-32'400, -6, 6, 172'800}) {
    ClockSteps clock;
    clock.note(at(0, 0));
    clock.note(at(10, 10 + by));
    ASSERT_TRUE(clock.step()) << by;
    EXPECT_EQ(clock.step()->at, at(10, 0).mono) << by;
    EXPECT_EQ(clock.step()->before, at(10, 10).wall) << by;
    EXPECT_EQ(clock.step()->after, at(10, 10 + by).wall) << by;
    EXPECT_EQ(clock.began(), at(0, 0).mono) << by;
    clock.note(at(20, 20 + by));
    EXPECT_EQ(clock.step()->at, at(10, 0).mono) << by << ": once";
  }
}

}  // namespace
}  // namespace nbkeys::engine
