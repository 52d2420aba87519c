#include "shell/pool.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <future>
#include <string>
#include <thread>
#include <vector>

#include "on_pool.h"

namespace nbkeys::shell {
namespace {

using testing::ElementsAre;

TEST(Pool, RunsWhatItIsGivenInOrderAndNeverWithinTheCaller) {
  std::vector<std::string> log;
  std::promise<void> done;
  run_on_pool([&]() {
    post([&]() {
      post([&]() {
        log.emplace_back("third");
        done.set_value();
      });
      log.emplace_back("first");
    });
    post([&]() { log.emplace_back("second"); });
    log.emplace_back("caller");
  });
  done.get_future().get();
  EXPECT_THAT(log, ElementsAre("caller", "first", "second", "third"));
}

TEST(Pool, RunsOnOneThreadWhoeverPosts) {
  std::thread::id first, second;
  run_on_pool([&]() { first = std::this_thread::get_id(); });
  std::thread other([&]() { run_on_pool([&]() { second = std::this_thread::get_id(); }); });
  other.join();
  EXPECT_EQ(first, second);
  EXPECT_NE(first, std::this_thread::get_id());
}

// Work that always leads to more work must not keep timers, sockets and other threads waiting.
TEST(Pool, EndlessWorkLetsTimersAndOthersThrough) {
  bool fired = false, called = false;
  Timer timer;
  std::promise<void> done;
  std::function<void()> again = [&]() {
    if (fired && called) return done.set_value();
    post(again);
  };
  run_on_pool([&]() {
    timer.set(base::Duration{1}, [&]() { fired = true; });
    again();
  });
  run_on_pool([&]() { called = true; });
  EXPECT_EQ(done.get_future().wait_for(std::chrono::seconds(20)), std::future_status::ready);
  run_on_pool([&]() { timer.cancel(); });
}

}  // namespace
}  // namespace nbkeys::shell
