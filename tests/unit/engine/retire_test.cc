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
using testing::Scene;
using testing::told;

Scene with_previous(std::int64_t retire_s) {
  Scene s;
  s.resource.status.previous_keys = {{"id2", 2, after_s(retire_s)}};
  s.keys.push_back(s.key(2));
  s.at_rest();
  return s;
}

TEST(Previous, LivesThroughTheOverlapAndIsWokenFor) {
  const Scene s = with_previous(100);
  const Decision d = s.decide();
  ASSERT_TRUE(is<Rest>(d));
  ASSERT_TRUE(d.wake_at);
  EXPECT_LE(*d.wake_at - s.now.mono, std::chrono::seconds(101));
}

TEST(Previous, IsDeletedAtTheVeryEndOfIt) {
  const Scene s = with_previous(0);
  const Decision d = s.decide();
  ASSERT_TRUE(is<DeleteKey>(d));
  EXPECT_EQ(as<DeleteKey>(d).key_id, "id2");
  EXPECT_EQ(d.priority, Priority::kRetire);
  ASSERT_TRUE(d.event);
  EXPECT_EQ(d.event->reason, "Retired");
}

TEST(Previous, LeavesStatusWhenItIsSurelyGone) {
  Scene s = with_previous(0);
  s.keys.pop_back();
  Decision d = s.decide();
  ASSERT_TRUE(is<WriteStatus>(d));
  EXPECT_TRUE(d.next.previous_keys.empty());
}

TEST(Previous, OurOwnDeletionIsProofToo) {
  Scene s = with_previous(0);
  s.keys.pop_back();
  s.flight.list_needed_since = ms(999'999);
  EXPECT_FALSE(is<WriteStatus>(s.decide())) << "an old list proves nothing";
  s.flight.deleted_keys = {"id2"};
  EXPECT_TRUE(is<WriteStatus>(s.decide()));
}

TEST(Previous, WaitsWhileSuspendedAndWhileTheAccountFails) {
  Scene s = with_previous(0);
  s.resource.spec.suspend = true;
  EXPECT_FALSE(is<DeleteKey>(s.decide()));
  s.resource.spec.suspend = false;
  for (const AccountState state : {AccountState::kUnknown, AccountState::kRefused,
                                   AccountState::kRateLimited, AccountState::kFailing}) {
    s.account.state = state;
    EXPECT_FALSE(is<DeleteKey>(s.decide()));
  }
}

Scene with_stray() {
  Scene s;
  s.resource.status.last_revision = 4;
  s.keys.push_back(s.key(4));
  s.at_rest();
  return s;
}

TEST(Stray, GoesLastAndOnlyWhenTheSecretIsProvenLive) {
  Scene s = with_stray();
  EXPECT_EQ(name(s.decide()), "read_secret");
  s.flight.proven_revision = 3;
  const Decision d = s.decide();
  ASSERT_TRUE(is<DeleteKey>(d));
  EXPECT_EQ(as<DeleteKey>(d).key_id, "id4");
  ASSERT_TRUE(d.event);
  EXPECT_EQ(d.event->reason, "StrayDeleted");
}

// Found by the simulation (the first POST's answer was lost, then spec.revoked was set): a good key
// that nobody knew stayed at NetBird.
TEST(Stray, OfARevokedResourceGoesEvenIfNoKeyWasEverInUse) {
  Scene s = Scene::fresh();
  s.resource.status.last_revision = 1;
  s.resource.spec.revoked = true;
  s.keys = {s.key(1)};
  const Decision d = s.decide();
  ASSERT_TRUE(is<DeleteKey>(d)) << name(d);
  EXPECT_EQ(as<DeleteKey>(d).key_id, "id1");
}

TEST(Stray, AProofOfAnotherRevisionIsNone) {
  Scene s = with_stray();
  s.flight.proven_revision = 2;
  EXPECT_EQ(name(s.decide()), "read_secret");
}

TEST(Stray, OfANewerRevisionWaitsOutItsHolder) {
  Scene s = with_stray();
  s.flight.proven_revision = 3;
  s.resource.status.last_failure_time = after_s(-29);
  s.at_rest();
  EXPECT_FALSE(is<DeleteKey>(s.decide()));
  s.resource.status.last_failure_time = after_s(-30);
  EXPECT_TRUE(is<DeleteKey>(s.decide()));
}

TEST(Stray, OlderThanTheKeyInUseHasNoHolderToWaitFor) {
  Scene s;
  s.keys.push_back(s.key(2));
  s.at_rest();
  s.flight.proven_revision = 3;
  s.resource.status.last_failure_time = kWall;
  const Decision d = s.decide();
  EXPECT_EQ(as<DeleteKey>(d).key_id, "id2");
}

struct Kept {
  const char* name;
  void (*change)(Scene&);
};
class StrayKept : public ::testing::TestWithParam<Kept> {};

TEST_P(StrayKept, IsNotDeleted) {
  Scene s = with_stray();
  s.flight.proven_revision = 3;
  GetParam().change(s);
  const Decision d = s.decide();
  EXPECT_FALSE(is<DeleteKey>(d)) << name(d);
}

INSTANTIATE_TEST_SUITE_P(
    All, StrayKept,
    ::testing::Values(
        Kept{"WhileAClaimIsOpen", [](Scene& s) { s.claimed(5); }},
        Kept{"WhileAKeyIsHeld", [](Scene& s) { s.hold(5); }},
        Kept{"WhileSuspended", [](Scene& s) { s.resource.spec.suspend = true; }},
        Kept{"WhileTheAccountFails", [](Scene& s) { s.account.state = AccountState::kFailing; }},
        Kept{"WhenItsRevisionIsOfTheFuture", [](Scene& s) { s.keys.back().revision = 9; }},
        Kept{"WhenItIsAPreviousKey",
             [](Scene& s) {
               s.resource.status.previous_keys = {{"id4", 4, after_s(999)}};
             }},
        Kept{"WhenTheSecretIsOfAnotherRevision", [](Scene& s) { s.secret.revision = 0; }},
        Kept{"WhenTheSecretIsUnknown", [](Scene& s) { s.secret_state = SecretState::kUnknown; }},
        Kept{"WhenTheSecretIsForeign", [](Scene& s) { s.secret_state = SecretState::kForeign; }},
        Kept{"WhenThereIsNoKeyInUse",
             [](Scene& s) {
               s.resource.status.revision = 0;
               s.resource.status.key_id.clear();
             }}),
    [](const auto& tested) { return std::string(tested.param.name); });

TEST(RevokeBySpec, TheIntentionIsRecordedFirst) {
  Scene s;
  s.resource.spec.revoked = true;
  Decision d = s.decide();
  ASSERT_TRUE(is<WriteStatus>(d));
  EXPECT_EQ(d.next.revoked_revision, 3u);
  s.resource.status = d.next;
  d = s.decide();
  ASSERT_TRUE(is<RevokeKey>(d));
  EXPECT_EQ(as<RevokeKey>(d).key_id, "id3");
  EXPECT_FALSE(as<RevokeKey>(d).clear_groups);
  s.active().key.revoked = true;
  s.active().key.state = netbird::KeyState::kRevoked;
  s.at_rest();
  d = s.decide();
  EXPECT_EQ(name(d), "rest");
  EXPECT_EQ(told(d), "Ready=True/Revoked");
  EXPECT_EQ(testing::key_valid(d), "Revoked");
}

TEST(RevokeBySpec, BackToFalseIssuesANewKey) {
  Scene s;
  s.resource.status.revoked_revision = 3;
  s.active().key.revoked = true;
  const Decision d = s.decide();
  ASSERT_TRUE(is<Claim>(d));
  EXPECT_EQ(d.next.claim->reason, "Unrevoked");
}

TEST(RevokeBySpec, WithoutAKeyThereIsNothingToRevoke) {
  Scene s = Scene::fresh();
  s.resource.spec.revoked = true;
  s.at_rest();
  const Decision d = s.decide();
  EXPECT_EQ(name(d), "rest");
  EXPECT_EQ(told(d), "Ready=True/Revoked");
}

TEST(RevokeBySpec, WaitsForTheAccountAndSaysSo) {
  Scene s;
  s.resource.spec.revoked = true;
  s.resource.status.revoked_revision = 3;
  s.account.state = AccountState::kRefused;
  const Decision d = s.decide();
  EXPECT_FALSE(is<RevokeKey>(d));
  EXPECT_TRUE(d.wants_list);
}

// Found by killing the operator on real servers: each start wrote Ready=False and then Ready=True.
TEST(RevokeBySpec, AStartChangesNothingBeforeTheFirstList) {
  for (const AccountState state : {AccountState::kUnknown, AccountState::kReady}) {
    Scene s;
    s.resource.spec.revoked = true;
    s.resource.status.revoked_revision = 3;
    s.active().key.revoked = true;
    s.active().key.state = netbird::KeyState::kRevoked;
    s.at_rest();
    s.keys.clear();
    s.account = {};
    s.account.state = state;
    const Decision d = s.decide();
    EXPECT_EQ(name(d), "rest");
    EXPECT_TRUE(d.wants_list);
  }
}

TEST(RevokeBySpec, NotWhileSuspended) {
  Scene s;
  s.resource.spec.revoked = s.resource.spec.suspend = true;
  s.at_rest();
  EXPECT_FALSE(is<RevokeKey>(s.decide()));
}

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
  for (const char* id : {"id3", "id2", "id7"}) {
    const Decision d = s.decide();
    ASSERT_TRUE(is<DeleteKey>(d)) << name(d);
    EXPECT_EQ(as<DeleteKey>(d).key_id, id);
    EXPECT_EQ(d.priority, Priority::kRetire);
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
  EXPECT_NE(condition(d.next, "Ready")->message.find("keys.netbird.io/abandon"), std::string::npos);
  ASSERT_TRUE(d.event);
  EXPECT_TRUE(d.wants_list);
  s.resource.status = d.next;
  d = s.decide();
  EXPECT_TRUE(is<Rest>(d));
  EXPECT_FALSE(d.event);
}

TEST(Deletion, AClaimOfSomebodyElseIsWaitedOut) {
  Scene s = deleting();
  s.claimed(4);
  s.at_rest();
  Decision d = s.decide();
  ASSERT_TRUE(is<Rest>(d)) << name(d);
  ASSERT_TRUE(d.wake_at);
  EXPECT_GE(*d.wake_at - s.now.mono, std::chrono::seconds(30));
  EXPECT_EQ(told(d), "Ready=False/Progressing Reconciling");
  s.now.wall = after_s(30);
  EXPECT_EQ(name(s.decide()), "delete_key");
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
  s.resource.status.last_failure_time = after_s(-29);
  s.at_rest();
  EXPECT_TRUE(is<Rest>(s.decide()));
  s.resource.status.last_failure_time = after_s(-30);
  EXPECT_EQ(name(s.decide()), "delete_key");
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

}  // namespace
}  // namespace nbkeys::engine
