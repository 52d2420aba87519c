#include "engine/queue.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace nbkeys::engine {
namespace {

const kube::ObjectRef kA{"ns", "a"}, kB{"ns", "b"}, kC{"ns", "c"};

base::Instant ms(std::int64_t t) { return {base::Duration{t}}; }

std::vector<std::string> drain(Queue& queue, std::int64_t t) {
  std::vector<std::string> out;
  while (const auto ref = queue.pop(ms(t))) out.push_back(ref->name);
  return out;
}

using Names = std::vector<std::string>;

TEST(Queue, FirstComeFirstServedEachOnce) {
  Queue queue;
  EXPECT_FALSE(queue.has_ready());
  queue.push(kA);
  queue.push(kB);
  queue.push(kA);
  EXPECT_EQ(queue.depth(), 2u);
  EXPECT_EQ(drain(queue, 0), (Names{"a", "b"}));
  queue.push(kA);
  EXPECT_EQ(drain(queue, 0), (Names{"a"}));
}

TEST(Queue, TellsHowLongEachWaited) {
  Queue queue;
  queue.set_now(ms(100));
  queue.push(kA);
  queue.set_now(ms(150));
  queue.push(kB);
  queue.push(kA);  // is there already, since 100
  queue.pop(ms(170));
  EXPECT_EQ(queue.last_wait(), base::Duration{70});
  queue.pop(ms(170));
  EXPECT_EQ(queue.last_wait(), base::Duration{20});
  EXPECT_EQ(queue.pushed(), 2u);
  queue.clear();
  queue.push(kA);
  EXPECT_EQ(queue.pushed(), 3u) << "a counter never goes back";
  queue.pop(ms(160));
  EXPECT_EQ(queue.last_wait(), base::Duration{10});
}

TEST(Queue, WhoIsInTheMiddleGoesFirst) {
  Queue queue;
  queue.push(kA);
  queue.push_front(kB);
  queue.push_front(kA);
  EXPECT_EQ(drain(queue, 0), (Names{"a", "b"})) << "once each, also when one waited already";
  EXPECT_EQ(queue.depth(), 0u);
}

TEST(Queue, AWakeUpComesNotBeforeItsTime) {
  Queue queue;
  queue.wake(kA, ms(10));
  queue.wake(kB, ms(5));
  EXPECT_EQ(queue.next_at(), ms(5));
  EXPECT_TRUE(drain(queue, 4).empty());
  EXPECT_EQ(drain(queue, 5), (Names{"b"}));
  EXPECT_EQ(queue.next_at(), ms(10));
  EXPECT_EQ(drain(queue, 100), (Names{"a"}));
  EXPECT_FALSE(queue.next_at());
}

TEST(Queue, ALaterWakeUpReplacesTheEarlier) {
  Queue queue;
  queue.wake(kA, ms(5));
  queue.wake(kA, ms(50));
  EXPECT_TRUE(drain(queue, 10).empty());
  EXPECT_EQ(drain(queue, 50), (Names{"a"}));
  EXPECT_TRUE(drain(queue, 500).empty()) << "once";
}

TEST(Queue, AWakeUpOfOneThatIsReadyAnywayIsOneTurn) {
  Queue queue;
  queue.push(kA);
  queue.wake(kA, ms(5));
  EXPECT_EQ(drain(queue, 5), (Names{"a"}));
}

TEST(Queue, NamespacesTakeTurns) {
  Queue queue;
  for (const char* name : {"1", "2", "3"}) queue.push({"flood", name});
  queue.push(kA);
  queue.push(kB);
  EXPECT_EQ(drain(queue, 0), (Names{"1", "a", "2", "b", "3"}));
}

TEST(Queue, ANamespaceThatComesBackGoesBehindTheOthers) {
  Queue queue;
  queue.push({"x", "1"});
  queue.push({"y", "1"});
  ASSERT_EQ(queue.pop(ms(0))->name_space, "x");
  queue.push({"x", "2"});
  EXPECT_EQ(queue.pop(ms(0))->name_space, "y");
  EXPECT_EQ(queue.pop(ms(0))->name_space, "x");
  EXPECT_FALSE(queue.pop(ms(0)));
}

TEST(Queue, AFloodAsksForNoMoreThanItsShareHoweverOftenItIsPushed) {
  Queue queue;
  for (int i = 0; i < 1'000; ++i) queue.push({"flood", std::to_string(i)});
  for (int i = 0; i < 1'000; ++i) queue.push({"flood", std::to_string(i)});
  queue.push(kA);
  EXPECT_EQ(queue.depth(), 1'001u);
  queue.pop(ms(0));
  EXPECT_EQ(queue.pop(ms(0)), kA);
}

TEST(Queue, WhoIsForgottenIsNotWoken) {
  Queue queue;
  queue.wake(kA, ms(5));
  queue.forget(kA);
  EXPECT_FALSE(queue.next_at());
  EXPECT_TRUE(drain(queue, 100).empty());
}

TEST(Queue, ClearLeavesNothing) {
  Queue queue;
  queue.push(kA);
  queue.wake(kB, ms(5));
  queue.push_front(kC);
  queue.clear();
  EXPECT_EQ(queue.depth(), 0u);
  EXPECT_FALSE(queue.next_at());
  EXPECT_TRUE(drain(queue, 100).empty());
}

}  // namespace
}  // namespace nbkeys::engine
