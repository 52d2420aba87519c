#include <gtest/gtest.h>

#include "scene.h"

namespace nbkeys::engine {
namespace {

using testing::after_s;
using testing::as;
using testing::condition;
using testing::is;
using testing::kWall;
using testing::ms;
using testing::name;
using testing::next_of;
using testing::Scene;
using testing::told;

Scene deleting(kube::DeletionPolicy policy = kube::DeletionPolicy::kDelete) {
  Scene s;
  s.resource.meta.deleting = kWall;
  s.resource.spec.deletion_policy = policy;
  return s;
}

TEST(Deletion, DeletesEveryMarkedKeyAndThenLetsGo) {
  Scene s = deleting();
  s.keys.push_back(s.key(2));
  s.keys.push_back(s.key(7));
  s.keys.back().ticket = "abcdefgh";
  s.resource.status.tickets = {{7, "abcdefgh"}};
  s.resource.status.last_revision = 7;
  s.resource.status.last_without_ticket = 3;
  for (const char* id : {"id3", "id2", "id7"}) {
    const Decision d = s.decide();
    ASSERT_TRUE(is<DeleteKey>(d)) << name(d);
    EXPECT_EQ(as<DeleteKey>(d).key_id, id);
    EXPECT_EQ(d.priority, Priority::kEnding);
    s.keys.erase(s.keys.begin());
  }
  EXPECT_EQ(name(s.decide()), "remove_finalizer");
}

TEST(Deletion, GoesOnWhileSuspended) {
  Scene s = deleting();
  s.resource.spec.suspend = true;
  EXPECT_EQ(name(s.decide()), "delete_key");
}

TEST(Deletion, RevokeKeepsTheKeyInUseAndFreesItsGroups) {
  Scene s = deleting(kube::DeletionPolicy::kRevoke);
  s.active().key.auto_groups = {"g1"};
  s.keys.push_back(s.key(2));
  Decision d = s.decide();
  ASSERT_TRUE(is<RevokeKey>(d));
  EXPECT_TRUE(as<RevokeKey>(d).clear_groups);
  s.active().key.revoked = true;
  EXPECT_TRUE(is<RevokeKey>(s.decide())) << "a revoked key still pins its groups";
  s.active().key.auto_groups.clear();
  d = s.decide();
  ASSERT_TRUE(is<DeleteKey>(d));
  EXPECT_EQ(as<DeleteKey>(d).key_id, "id2");
  s.keys.pop_back();
  EXPECT_EQ(name(s.decide()), "remove_finalizer");
}

TEST(Deletion, RetainAndAbandonLetGoWithoutNetBird) {
  Scene s = deleting(kube::DeletionPolicy::kRetain);
  s.account.state = AccountState::kRefused;
  EXPECT_EQ(name(s.decide()), "remove_finalizer");
  s = deleting();
  s.account.state = AccountState::kRefused;
  s.resource.abandon = true;
  EXPECT_EQ(name(s.decide()), "remove_finalizer");
}

TEST(Deletion, NothingIsDoneForOneThatIsNotOursToHold) {
  Scene s = deleting();
  s.resource.meta.finalizers = {"other"};
  EXPECT_EQ(name(s.decide()), "rest");
}

TEST(Deletion, OneThatNeverTouchedNetBirdGoesAtOnce) {
  Scene s = Scene::fresh();
  s.resource.meta.deleting = kWall;
  s.account.state = AccountState::kRefused;
  EXPECT_EQ(name(s.decide()), "remove_finalizer");
}

TEST(Deletion, BlockedIsToldOnceWithTheWayOut) {
  Scene s = deleting();
  s.account.state = AccountState::kFailing;
  s.account.problem = "NetBird does not answer: timeout";
  Decision d = s.decide();
  EXPECT_EQ(told(d), "Ready=False/DeletionBlocked Stalled");
  EXPECT_NE(condition(next_of(d), "Ready")->message.find("keys.netbird.io/abandon"),
            std::string::npos);
  ASSERT_TRUE(d.event);
  EXPECT_TRUE(d.wants_list);
  s.resource.status = next_of(d);
  d = s.decide();
  EXPECT_TRUE(is<Rest>(d));
  EXPECT_FALSE(d.event);
}

TEST(Deletion, AClaimOfSomebodyElseIsWaitedOutAfterTheKeysThatAreKnown) {
  Scene s = deleting();
  s.claimed(4);
  EXPECT_EQ(as<DeleteKey>(s.decide()).key_id, "id3") << "what is known ends at once";
  s.keys.clear();
  s.at_rest();
  const Decision d = s.decide();
  ASSERT_TRUE(is<Rest>(d)) << name(d);
  ASSERT_TRUE(d.wake_at);
  EXPECT_GE(*d.wake_at - s.now.mono, std::chrono::seconds(30));
  EXPECT_EQ(told(s.resource.status), "Ready=False/Progressing Reconciling");
  s.pass(std::chrono::seconds(30));
  EXPECT_EQ(s.decide().wants_list, Priority::kEnding);
  s.keys = {s.key(4)};
  EXPECT_EQ(as<DeleteKey>(s.decide()).key_id, "id4") << "what the claim made";
  s.keys.clear();
  s.account.snapshot = cache::SnapshotTime{s.now.mono, s.now.wall};
  EXPECT_EQ(name(s.decide()), "remove_finalizer");
}

// A clock that was hours ahead when the claim was made, and right since.
TEST(Deletion, TheWaitIsNoLongerThanItsLengthWhateverTheClocks) {
  Scene s = deleting();
  s.claimed(4);
  s.resource.status.claim->since = after_s(9 * 3'600);
  s.began = s.now.mono;
  s.keys.clear();
  s.at_rest();
  EXPECT_EQ(s.decide().wake_at, s.now.mono + base::Duration{30'000});
}

TEST(Deletion, TheWaitIsNotShortenedByAClockThatIsSetAhead) {
  Scene s = deleting();
  s.claimed(4);
  s.keys.clear();
  s.pass(std::chrono::seconds(5));
  s.set_clock(std::chrono::hours(9));
  s.at_rest();
  EXPECT_EQ(s.decide().wake_at, s.now.mono + base::Duration{25'000});
}

TEST(Deletion, GoesOnUnderATightBudget) {
  Scene s = deleting();
  s.account.state = AccountState::kRateLimited;
  EXPECT_EQ(as<DeleteKey>(s.decide()).key_id, "id3");
}

TEST(Deletion, AKeyThatIsRefusedHoldsUpNoOther) {
  Scene s = deleting();
  s.keys.push_back(s.key(2));
  s.failed(DeleteKey{"id3", "default"}, base::ErrorCode::kForbidden, "HTTP 403");
  EXPECT_EQ(as<DeleteKey>(s.decide()).key_id, "id2");
  s.keys.pop_back();
  const Decision d = s.decide();
  EXPECT_EQ(told(d), "Ready=False/DeletionBlocked Stalled");
  EXPECT_NE(condition(next_of(d), "Ready")->message.find("HTTP 403"), std::string::npos);
  EXPECT_EQ(d.wake_at, s.flight.troubles.hold(DeleteKey{"id3", "default"}, s.now.mono));
}

TEST(Deletion, OneUnansweredCallIsNoNews) {
  Scene s = deleting();
  s.failed(DeleteKey{"id3", "default"}, base::ErrorCode::kServerError);
  EXPECT_TRUE(is<Rest>(s.decide()));
  s.failed(DeleteKey{"id3", "default"}, base::ErrorCode::kServerError);
  s.failed(DeleteKey{"id3", "default"}, base::ErrorCode::kServerError);
  EXPECT_EQ(told(s.decide()), "Ready=False/DeletionBlocked Stalled");
}

TEST(Deletion, WhatStaysAliveLeavesATrace) {
  Scene s = deleting(kube::DeletionPolicy::kRetain);
  s.active().key.auto_groups = {"g1", "g2"};
  s.keys.push_back(s.key(2));
  s.keys.back().key.revoked = true;
  s.keys.push_back(s.key(1));
  s.keys.back().key.expires.reset();
  const Decision d = s.decide();
  ASSERT_TRUE(is<RemoveFinalizer>(d));
  ASSERT_TRUE(d.event);
  EXPECT_TRUE(d.event->warning);
  EXPECT_EQ(d.event->reason, "KeyLeftAlive");
  EXPECT_NE(d.event->message.find("key id3 (groups g1 g2, expires " +
                                  base::format_rfc3339(*s.active().key.expires)),
            std::string::npos)
      << d.event->message;
  EXPECT_NE(d.event->message.find("key id1 (groups none, expires never)"), std::string::npos);
  EXPECT_EQ(d.event->message.find("id2"), std::string::npos) << "it enrols nobody";
}

TEST(Deletion, OneThatIsLetGoBlindlyIsTracedFromStatus) {
  Scene s = deleting();
  s.resource.abandon = true;
  s.account.state = AccountState::kFailing;
  s.keys.clear();
  const Decision d = s.decide();
  ASSERT_TRUE(is<RemoveFinalizer>(d));
  ASSERT_TRUE(d.event);
  EXPECT_NE(d.event->message.find("id3"), std::string::npos);
}

TEST(Deletion, AfterTheWaitAListOfThatTimeIsNeeded) {
  Scene s = deleting();
  s.claimed(4);
  s.keys.clear();
  s.now = {s.now.mono + std::chrono::seconds(60), after_s(60)};
  const Decision d = s.decide();
  ASSERT_TRUE(is<Rest>(d)) << name(d);
  EXPECT_TRUE(d.wants_list);
  s.account.snapshot = cache::SnapshotTime{s.now.mono, after_s(60)};
  EXPECT_EQ(name(s.decide()), "remove_finalizer");
}

TEST(Deletion, OurOwnUnusedClaimNeedsNoWait) {
  Scene s = deleting();
  s.claimed(4);
  s.flight.claimed = 4;
  EXPECT_EQ(name(s.decide()), "delete_key");
}

TEST(Deletion, AHeldKeyIsDeletedLikeAnyOther) {
  Scene s = deleting();
  s.claimed(4);
  s.hold(4);
  s.keys = {s.key(4)};
  const Decision d = s.decide();
  ASSERT_TRUE(is<DeleteKey>(d));
  EXPECT_EQ(as<DeleteKey>(d).key_id, "id4");
}

TEST(Deletion, ABurntClaimIsWaitedOutToo) {
  Scene s = deleting();
  s.keys.clear();
  s.resource.status.last_failure_time = after_s(-29);
  s.at_rest();
  EXPECT_TRUE(is<Rest>(s.decide()));
  s.resource.status.last_failure_time = after_s(-32);
  EXPECT_EQ(name(s.decide()), "remove_finalizer");
}

TEST(Deletion, AnUnknownOutcomeNeedsANewerList) {
  Scene s = deleting();
  s.keys.clear();
  s.flight.list_needed_since = ms(999'500);
  Decision d = s.decide();
  ASSERT_TRUE(is<Rest>(d));
  EXPECT_TRUE(d.wants_list);
  s.list_at(999'500);
  EXPECT_EQ(name(s.decide()), "remove_finalizer");
}

TEST(Deletion, AfterStartNothingIsKnown) {
  Scene s = deleting();
  s.account.state = AccountState::kUnknown;
  s.account.snapshot.reset();
  s.keys.clear();
  const Decision d = s.decide();
  ASSERT_TRUE(is<Rest>(d));
  EXPECT_TRUE(d.wants_list);
}

TEST(Deletion, AKeyThatIsLeftInAnotherAccountLeavesATrace) {
  Scene s = deleting();
  s.account.id = "account-2";
  s.keys.clear();
  s.resource.abandon = true;
  const Decision d = s.decide();
  ASSERT_TRUE(is<RemoveFinalizer>(d));
  ASSERT_TRUE(d.event);
  EXPECT_NE(d.event->message.find("id3"), std::string::npos);
}

}  // namespace
}  // namespace nbkeys::engine
