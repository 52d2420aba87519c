#include "kube/history.h"

#include <gtest/gtest.h>

namespace nbkeys::kube {
namespace {

using Verdict = History::Verdict;

constexpr base::Instant at(std::int64_t ms) { return {base::Duration{ms}}; }

// A list while nothing else has told of a version.
Verdict listed(History& history, const std::string& version, base::Instant ended) {
  history.list_begun(0);
  return history.list_ended(version, ended);
}

TEST(History, GoesOnWhileListsReachWhatWasSeen) {
  History history;
  EXPECT_EQ(listed(history, "10", at(0)), Verdict::kGoesOn);
  history.seen("20");
  EXPECT_EQ(listed(history, "20", at(1)), Verdict::kGoesOn);
  EXPECT_EQ(history.newest(), 20u);
  EXPECT_FALSE(history.decided_at());
}

TEST(History, AnOlderListIsBelievedTheSecondTimeSomeTimeLater) {
  History history;
  history.seen("20");
  EXPECT_EQ(listed(history, "10", at(0)), Verdict::kBehind);
  ASSERT_TRUE(history.decided_at());
  EXPECT_EQ(*history.decided_at(), at(0) + History::kLag);
  EXPECT_EQ(listed(history, "11", at(1)), Verdict::kBehind) << "too soon to tell";
  EXPECT_EQ(listed(history, "12", *history.decided_at()), Verdict::kWentBack);
  EXPECT_EQ(history.newest(), 12u);
  EXPECT_FALSE(history.decided_at());
}

TEST(History, AnOlderListIsBelievedAtOnceWhereAnotherCollectionWasPutBack) {
  History history;
  history.seen("20");
  history.believe_older();
  EXPECT_EQ(listed(history, "10", at(0)), Verdict::kWentBack);
  EXPECT_EQ(history.newest(), 10u);
  history.seen("20");
  EXPECT_EQ(listed(history, "10", at(1)), Verdict::kBehind) << "that was the one list";
}

TEST(History, AServerThatCatchesUpOnlyLagged) {
  History history;
  history.seen("20");
  listed(history, "10", at(0));
  EXPECT_EQ(listed(history, "21", at(30'000)), Verdict::kGoesOn);
  EXPECT_EQ(listed(history, "15", at(60'000)), Verdict::kBehind) << "that is another time";
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
  EXPECT_EQ(listed(history, "opaque", at(0)), Verdict::kGoesOn);
  EXPECT_EQ(history.newest(), 20u);
}

}  // namespace
}  // namespace nbkeys::kube
