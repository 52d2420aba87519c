#include <gtest/gtest.h>

#include "scene.h"

namespace nbkeys::engine {
namespace {

using testing::after_s;
using testing::as;
using testing::is;
using testing::kWall;
using testing::ms;
using testing::name;
using testing::next_of;
using testing::Scene;
using testing::told;

Scene with_previous(std::int64_t retire_s) {
  Scene s;
  s.resource.status.previous_keys = {{"id2", 2, after_s(retire_s)}};
  s.resource.status.last_rotation_time = after_s(retire_s - 3'600);
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
  EXPECT_EQ(d.priority, Priority::kEnding);
  ASSERT_TRUE(d.event);
  EXPECT_EQ(d.event->reason, "Retired");
}

TEST(Previous, LeavesStatusWhenItIsSurelyGone) {
  Scene s = with_previous(0);
  s.keys.pop_back();
  s.flight.seen_at = ms(950'000);  // one list since
  const Decision one = s.decide();
  EXPECT_TRUE(is<Rest>(one)) << name(one) << ": one list may lag";
  ASSERT_TRUE(one.wake_at);
  EXPECT_LE(*one.wake_at, ms(950'000) + cache::Inventory::kLag);
  s.gone = {"id2"};
  EXPECT_TRUE(next_of(s.decide()).previous_keys.empty()) << "an earlier list had shown it";
  s.gone.clear();
  s.flight.seen_at = ms(900'000);
  EXPECT_TRUE(next_of(s.decide()).previous_keys.empty()) << "two lists, far apart, lack it";
}

// Lists may lie, and then it comes back.
TEST(Previous, OneThatListsLackStaysOnRecordUntilItIsDue) {
  Scene s = with_previous(60);
  s.keys.pop_back();
  s.gone = {"id2"};
  s.at_rest();
  const Decision d = s.decide();
  ASSERT_TRUE(is<Rest>(d)) << name(d);
  EXPECT_EQ(s.resource.status.previous_keys.size(), 1u);
  ASSERT_TRUE(d.wake_at);
  EXPECT_LE(*d.wake_at, s.now.mono + std::chrono::seconds(61));
  s.pass(std::chrono::seconds(61));
  EXPECT_TRUE(next_of(s.decide()).previous_keys.empty());
}

TEST(Previous, OneThatIsRefusedHoldsUpNoOther) {
  Scene s = with_previous(0);
  s.resource.status.previous_keys.push_back({"id1", 1, after_s(-5)});
  s.keys.push_back(s.key(1));
  s.failed(DeleteKey{"id2", "default"}, base::ErrorCode::kForbidden);
  EXPECT_EQ(as<DeleteKey>(s.decide()).key_id, "id1");
}

// Its overlap was reckoned by a clock that was 48 h ahead.
TEST(Previous, AClockThatWasAheadMakesTheOverlapNoLonger) {
  Scene s = with_previous(48 * 3'600);
  s.began = s.now.mono;
  Decision d = s.decide();
  EXPECT_EQ(d.wake_at, s.now.mono + std::chrono::hours(1));
  s.now.mono = s.now.mono + std::chrono::hours(1);
  s.list_at(s.now.mono.since_start.count());
  EXPECT_EQ(as<DeleteKey>(s.decide()).key_id, "id2");
}

TEST(Previous, AClockThatIsSetAheadMakesItNoShorter) {
  Scene s = with_previous(3'000);
  s.set_clock(std::chrono::hours(48));
  EXPECT_FALSE(is<DeleteKey>(s.decide()));
}

TEST(Previous, OurOwnDeletionIsProofToo) {
  Scene s = with_previous(0);
  s.keys.pop_back();
  s.flight.seen_at = ms(999'999);
  EXPECT_FALSE(is<WriteStatus>(s.decide())) << "old lists prove nothing";
  s.flight.deleted_keys = {"id2"};
  EXPECT_TRUE(is<WriteStatus>(s.decide()));
}

TEST(Previous, WaitsWhileTheAccountDoesNotAnswer) {
  Scene s = with_previous(0);
  for (const AccountState state :
       {AccountState::kUnknown, AccountState::kRefused, AccountState::kFailing}) {
    s.account.state = state;
    EXPECT_FALSE(is<DeleteKey>(s.decide()));
  }
}

// A 429 is an answer, and to end a key is the most urgent of what waits for the next permit.
TEST(Previous, EndsUnderATightBudgetAndWhileSuspended) {
  Scene s = with_previous(0);
  s.account.state = AccountState::kRateLimited;
  EXPECT_EQ(as<DeleteKey>(s.decide()).key_id, "id2");
  s.resource.spec.suspend = true;
  EXPECT_EQ(as<DeleteKey>(s.decide()).key_id, "id2");
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

// The answer to its POST was lost, so nobody can hold it: it need not wait for anything.
TEST(Lost, IsRemovedAtOnceWithoutAProof) {
  for (const bool claimed : {false, true}) {
    Scene s = claimed ? Scene::fresh() : Scene();
    if (claimed) s.claimed(4, "FirstIssue");
    s.flight.lost = {{4, ms(999'000)}};
    s.keys.push_back(s.key(4));
    const Decision d = s.decide();
    ASSERT_TRUE(is<DeleteKey>(d)) << name(d);
    EXPECT_EQ(as<DeleteKey>(d).key_id, "id4");
    EXPECT_EQ(d.priority, Priority::kEnding);
    ASSERT_TRUE(d.event);
    EXPECT_EQ(d.event->reason, "StrayDeleted");
  }
}

TEST(Lost, IsLookedForUntilItCanNoLongerCome) {
  Scene s;
  s.flight.lost = {{4, ms(999'500)}};
  Decision d = s.decide();
  ASSERT_TRUE(is<Rest>(d)) << name(d);
  EXPECT_EQ(d.wake_at, ms(999'500 + 30'000));
  s.pass(base::Duration{29'500});
  d = s.decide();
  EXPECT_EQ(d.wants_list, Priority::kRepair);
  s.list_at(1'029'500);
  EXPECT_FALSE(s.decide().wants_list) << "a list of after that time lacks it";
}

TEST(Lost, AKeyThatIsInUseOrWasIsNotLost) {
  Scene s = with_previous(999);
  s.flight.lost = {{3, ms(0)}, {2, ms(0)}};
  EXPECT_FALSE(is<DeleteKey>(s.decide()));
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
        Kept{"WhileTheAccountFails", [](Scene& s) { s.account.state = AccountState::kFailing; }},
        Kept{"WhenItsRevisionIsOfTheFuture", [](Scene& s) { s.keys.back().revision = 9; }},
        Kept{"WhenItIsAPreviousKey",
             [](Scene& s) {
               s.resource.status.previous_keys = {{"id4", 4, after_s(999)}};
               s.resource.status.last_rotation_time = kWall;
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
  EXPECT_EQ(next_of(d).revoked_revision, 3u);
  s.resource.status = next_of(d);
  d = s.decide();
  ASSERT_TRUE(is<RevokeKey>(d));
  EXPECT_EQ(as<RevokeKey>(d).key_id, "id3");
  EXPECT_FALSE(as<RevokeKey>(d).clear_groups);
  s.active().key.revoked = true;
  s.active().key.state = netbird::KeyState::kRevoked;
  s.at_rest();
  d = s.decide();
  EXPECT_EQ(name(d), "rest");
  EXPECT_EQ(told(s.resource.status), "Ready=True/Revoked");
  EXPECT_EQ(testing::key_valid(s.resource.status), "Revoked");
}

// NetBird refuses the key's own groups where one of them is gone (422).
TEST(RevokeBySpec, ARefusedOneIsTriedWithoutTheGroups) {
  Scene s;
  s.resource.spec.revoked = true;
  s.resource.status.revoked_revision = 3;
  s.active().key.auto_groups = {"g1"};
  EXPECT_FALSE(as<RevokeKey>(s.decide()).clear_groups);
  s.failed(RevokeKey{"id3", false, "default"}, base::ErrorCode::kUnprocessable, "group is gone");
  s.now.mono = s.now.mono + base::Duration{1'000};
  EXPECT_TRUE(as<RevokeKey>(s.decide()).clear_groups);
}

TEST(RevokeBySpec, WhereStatusCannotBeWrittenItIsWorthMoreThanItsRecord) {
  Scene s;
  s.resource.spec.revoked = true;
  s.failed(WriteStatus{}, base::ErrorCode::kForbidden);
  EXPECT_EQ(as<RevokeKey>(s.decide()).key_id, "id3");
}

TEST(RevokeBySpec, BackToFalseIssuesANewKey) {
  Scene s;
  s.resource.status.revoked_revision = 3;
  s.active().key.revoked = true;
  const Decision d = s.decide();
  ASSERT_TRUE(is<Claim>(d));
  EXPECT_EQ(next_of(d).claim->reason, "Unrevoked");
}

TEST(RevokeBySpec, WithoutAKeyThereIsNothingToRevoke) {
  Scene s = Scene::fresh();
  s.resource.spec.revoked = true;
  s.at_rest();
  const Decision d = s.decide();
  EXPECT_EQ(name(d), "rest");
  EXPECT_EQ(told(s.resource.status), "Ready=True/Revoked");
}

TEST(RevokeBySpec, WaitsForTheAccount) {
  Scene s;
  s.resource.spec.revoked = true;
  s.resource.status.revoked_revision = 3;
  for (const AccountState state :
       {AccountState::kUnknown, AccountState::kRefused, AccountState::kFailing}) {
    s.account.state = state;
    EXPECT_FALSE(is<RevokeKey>(s.decide()));
  }
  s.account.state = AccountState::kRateLimited;
  EXPECT_TRUE(is<RevokeKey>(s.decide())) << "a 429 is an answer";
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
    EXPECT_EQ(name(s.decide()), "rest");
  }
}

TEST(RevokeBySpec, AlsoWhileSuspended) {
  Scene s;
  s.resource.spec.revoked = s.resource.spec.suspend = true;
  s.at_rest();
  EXPECT_EQ(as<RevokeKey>(s.decide()).key_id, "id3");
}

// Status was lost and is rebuilt from the Secret.
TEST(Previous, OfAnAdoptedKeyKeepTheirOverlap) {
  Scene s;
  s.resource.status = kube::KeyStatus{};
  s.flight = Flight{};
  s.keys.push_back(s.key(2));
  s.resource.status = next_of(s.decide());
  ASSERT_EQ(s.resource.status.previous_keys.size(), 1u);
  s.flight.seen_revision = 3;
  s.at_rest();
  const Decision d = s.decide();
  EXPECT_FALSE(is<DeleteKey>(d)) << name(d) << " although its overlap has just begun";
}

}  // namespace
}  // namespace nbkeys::engine
