// The simulation itself: the same seed is the same run, a logged key is found, and a failure is
// shrunk. That the checkers see what is wrong is shown in checkers_test.cc.

#include <gtest/gtest.h>

#include <string>

#include "sim/shrink.h"
#include "sim/world.h"

namespace nbkeys::sim {
namespace {

constexpr int kDays = 20;

TEST(Simulation, TheSameSeedGivesTheSameBytes) {
  RunOptions options;
  options.keeps_trace = true;
  const Outcome first = run(draw_plan(7, kDays), options);
  const Outcome second = run(draw_plan(7, kDays), options);
  EXPECT_FALSE(first.trace.empty());
  EXPECT_EQ(first.trace, second.trace);
  EXPECT_EQ(first.digest, second.digest);
  options.keeps_trace = false;
  EXPECT_EQ(run(draw_plan(7, kDays), options).digest, first.digest) << "looking changes nothing";
  EXPECT_NE(run(draw_plan(8, kDays), options).digest, first.digest);
}

TEST(Simulation, LeavingOneHappeningOutChangesNoOther) {
  const Plan plan = draw_plan(11, kDays);
  const Plan again = draw_plan(11, kDays);
  ASSERT_EQ(plan.happenings.size(), again.happenings.size());
  RunOptions options;
  options.keeps_trace = true;
  options.suppressed.insert(plan.happenings.front().id);
  const std::string trace = run(plan, options).trace;
  EXPECT_EQ(trace.find("happens: " + to_text(plan.happenings.front())), std::string::npos);
  for (std::size_t i = 1; i < plan.happenings.size(); ++i) {
    EXPECT_NE(trace.find("happens: " + to_text(plan.happenings[i])), std::string::npos);
  }
}

TEST(Simulation, AKeyInTheLogIsFound) {
  RunOptions options;
  EXPECT_TRUE(run(draw_plan(1, kDays), options).findings.empty());
  options.canary = true;
  const Outcome outcome = run(draw_plan(1, kDays), options);
  ASSERT_FALSE(outcome.findings.empty());
  EXPECT_EQ(outcome.findings.front().checker, "leaks");
}

TEST(Simulation, AFailureIsShrunkToWhatItTakes) {
  const Plan plan = draw_plan(5, 3 * kDays);
  const int last = static_cast<int>(plan.happenings.size());
  ASSERT_GE(last, 20);
  // Fails where these two meet, whatever else happens.
  const std::set<int> needed = {3, last - 2};
  const auto rerun = [&needed](const RunOptions& options) {
    for (const int id : needed) {
      if (options.suppressed.contains(id)) return Findings{};
    }
    return Findings{{"planted", "left out: " + std::to_string(options.suppressed.size())}};
  };
  const Shrunk shrunk = shrink(plan, {}, rerun({}).front(), 200, rerun);
  std::set<int> left;
  for (const Happening& happening : shrunk.needed) left.insert(happening.id);
  EXPECT_EQ(left, needed);
  EXPECT_EQ(shrunk.suppressed.size(), plan.happenings.size() - needed.size());
  EXPECT_EQ(shrunk.finding.text, "left out: " + std::to_string(shrunk.suppressed.size()));
}

TEST(Simulation, WhatAlwaysFailsNeedsNoHappening) {
  const Plan plan = draw_plan(5, kDays);
  const auto rerun = [](const RunOptions&) { return Findings{{"planted", "always"}}; };
  EXPECT_TRUE(shrink(plan, {}, {"planted", "always"}, 200, rerun).needed.empty());
}

// Seeds that once failed, for what the unit tests of the core name as found by the simulation: a
// wait for a time that a wrong clock wrote, a stray of a revoked resource, a damaged answer that
// stayed in the cache, a list asked for without pause, a step that followed from a state that was
// put back and the one before it together.
class OnceFailed : public testing::TestWithParam<int> {};
TEST_P(OnceFailed, HoldsNow) {
  const Outcome outcome = run(draw_plan(static_cast<std::uint64_t>(GetParam()), 60), {});
  for (const Finding& finding : outcome.findings) {
    ADD_FAILURE() << finding.checker << ": " << finding.text;
  }
}
INSTANTIATE_TEST_SUITE_P(Seeds, OnceFailed, testing::Values(3, 24, 46, 121, 307, 466));

}  // namespace
}  // namespace nbkeys::sim
