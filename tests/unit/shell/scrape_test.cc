#include "shell/scrape.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace nbkeys::shell {
namespace {

constexpr base::Duration kAtOnce{0}, kLong{60'000};

TEST(Scrape, WaitsForTheTextOfTheOtherThread) {
  std::thread::id writer;
  std::thread loop;
  Scrape scrape([&loop](std::function<void()> work) { loop = std::thread(std::move(work)); },
                [&writer]() {
                  writer = std::this_thread::get_id();
                  return std::string("page");
                });
  EXPECT_EQ(scrape.ask(kLong), "page");
  EXPECT_EQ(writer, loop.get_id());
  loop.join();
}

TEST(Scrape, GivesUpOnAStuckLoopAndAsksItOnlyOnce) {
  std::vector<std::function<void()>> posted;
  int written = 0;
  Scrape scrape([&posted](std::function<void()> work) { posted.push_back(std::move(work)); },
                [&written]() { return std::to_string(++written); });
  EXPECT_FALSE(scrape.ask(kAtOnce));
  EXPECT_FALSE(scrape.ask(kLong)) << "blocked although the loop had not even answered before";
  ASSERT_EQ(posted.size(), 1u);
  // The loop comes round too late: nothing is written for nobody, and the next one is served.
  posted[0]();
  EXPECT_EQ(written, 0);
  EXPECT_FALSE(scrape.ask(kAtOnce));
  EXPECT_EQ(posted.size(), 2u);
}

TEST(Scrape, ServesAgainAfterTheLoopCameRound) {
  bool stuck = true;
  std::vector<std::function<void()>> late;
  Scrape scrape(
      [&](std::function<void()> work) {
        if (stuck) {
          late.push_back(std::move(work));
        } else {
          work();
        }
      },
      []() { return std::string("page"); });
  EXPECT_FALSE(scrape.ask(kAtOnce));
  stuck = false;
  late[0]();
  EXPECT_EQ(scrape.ask(kLong), "page");
  EXPECT_EQ(scrape.ask(kLong), "page");
}

}  // namespace
}  // namespace nbkeys::shell
