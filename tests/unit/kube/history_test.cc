#include "kube/history.h"

#include <gtest/gtest.h>

namespace nbkeys::kube {
namespace {

using Verdict = History::Verdict;

constexpr base::Instant at(std::int64_t ms) { return {base::Duration{ms}}; }

TEST(History, GoesOnWhileListsReachWhatWasSeen) {
  History history;
  history.list_begun(0);
  EXPECT_EQ(history.list_ended("10", at(0)), Verdict::kGoesOn);
  history.seen("20");
  history.list_begun(0);
  EXPECT_EQ(history.list_ended("20", at(1)), Verdict::kGoesOn);
  EXPECT_EQ(history.newest(), 20u);
  EXPECT_FALSE(history.decided_at());
}

TEST(History, AnOlderListIsBelievedTheSecondTimeSomeTimeLater) {
  History history;
  history.seen("20");
  history.list_begun(0);
  EXPECT_EQ(history.list_ended("10", at(0)), Verdict::kBehind);
  ASSERT_TRUE(history.decided_at());
  EXPECT_EQ(*history.decided_at(), at(0) + History::kLag);
  history.list_begun(0);
  EXPECT_EQ(history.list_ended("11", at(1)), Verdict::kBehind) << "too soon to tell";
  history.list_begun(0);
  EXPECT_EQ(history.list_ended("12", *history.decided_at()), Verdict::kWentBack);
  EXPECT_EQ(history.newest(), 12u);
  EXPECT_FALSE(history.decided_at());
}

TEST(History, AServerThatCatchesUpOnlyLagged) {
  History history;
  history.seen("20");
  history.list_begun(0);
  history.list_ended("10", at(0));
  history.list_begun(0);
  EXPECT_EQ(history.list_ended("21", at(30'000)), Verdict::kGoesOn);
  history.list_begun(0);
  EXPECT_EQ(history.list_ended("15", at(60'000)), Verdict::kBehind) << "that is another time";
}

// A watch goes on while a list is under way, and what it brings then is no promise of the list.
TEST(History, OnlyWhatWasKnownBeforeTheListBegan) {
  History history;
  history.list_begun(15);
  history.seen("30");
  EXPECT_EQ(history.list_ended("15", at(0)), Verdict::kGoesOn);
  EXPECT_EQ(history.newest(), 30u);
  history.list_begun(40);
  EXPECT_EQ(history.list_ended("35", at(0)), Verdict::kBehind) << "an answer to a write had 40";
}

TEST(History, VersionsThatAreNoNumbersTellNothing) {
  History history;
  history.seen("20");
  history.list_begun(0);
  EXPECT_EQ(history.list_ended("opaque", at(0)), Verdict::kGoesOn);
  EXPECT_EQ(history.newest(), 20u);
}

}  // namespace
}  // namespace nbkeys::kube
