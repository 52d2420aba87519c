#include "shell/supervisor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <thread>

namespace nbkeys::shell {
namespace {

constexpr base::Duration kLong{60'000};

// raise() signals this thread only, in which the supervisor has blocked the signals.

TEST(Supervisor, ReturnsWhatTheEngineSaid) {
  Supervisor supervisor;
  std::thread other([&]() { supervisor.exit({4, "no use"}); });
  const io::Exit exit = supervisor.wait(kLong, []() { ADD_FAILURE() << "no signal came"; });
  other.join();
  EXPECT_EQ(exit.code, 4);
  EXPECT_EQ(exit.line, "no use");
}

TEST(Supervisor, AsksForAStopOnceAndWaitsForIt) {
  Supervisor supervisor;
  int stops = 0;
  raise(SIGTERM);
  const io::Exit exit = supervisor.wait(kLong, [&]() {
    ++stops;
    raise(SIGTERM);  // a second one changes nothing
    supervisor.exit({0, ""});
  });
  EXPECT_EQ(exit.code, 0);
  EXPECT_EQ(exit.line, "");
  EXPECT_EQ(stops, 1);
}

TEST(Supervisor, EndsWithoutTheEngineWhenTheGraceIsOver) {
  Supervisor supervisor;
  raise(SIGTERM);
  const io::Exit exit = supervisor.wait(base::Duration{30}, []() {});
  EXPECT_EQ(exit.code, 0);
  EXPECT_THAT(exit.line, testing::HasSubstr("before everything in flight was finished"));
}

TEST(Supervisor, EndsAtOnceAtTheSecondInterrupt) {
  Supervisor supervisor;
  raise(SIGINT);
  EXPECT_EQ(supervisor.wait(kLong, []() { raise(SIGINT); }).code, 130);
}

}  // namespace
}  // namespace nbkeys::shell
