#include <gtest/gtest.h>

#include "scene.h"

namespace nbkeys::engine {
namespace {

using testing::after_s;
using testing::as;
using testing::is;
using testing::ms;
using testing::name;
using testing::next_of;
using testing::Scene;
using testing::told;

TEST(MaintainSecret, AtRestNothingIsReadOrWritten) {
  const Scene s;
  const Decision d = s.decide();
  EXPECT_EQ(name(d), "rest");
  EXPECT_EQ(told(s.resource.status), "Ready=True/Issued");
  ASSERT_TRUE(d.wake_at);
}

TEST(MaintainSecret, AChangedOneIsReadOnce) {
  Scene s;
  s.content = ContentState::kUnchecked;
  EXPECT_EQ(name(s.decide()), "read_secret");
  s.content = ContentState::kRight;
  EXPECT_EQ(name(s.decide()), "rest");
}

TEST(MaintainSecret, OneThatTheWatchDoesNotShowIsLookedFor) {
  Scene s;
  s.secret_state = SecretState::kUnknown;
  EXPECT_EQ(name(s.decide()), "look_for_secret");
}

TEST(MaintainSecret, StrippedOrAlteredMetadataIsRepaired) {
  for (void (*strip)(Scene&) :
       {+[](Scene& s) { s.secret.label_uid.clear(); },
        +[](Scene& s) { s.secret.owner_uid.clear(); }, +[](Scene& s) { s.secret.key_id.clear(); },
        +[](Scene& s) { s.secret.revision = 0; }, +[](Scene& s) { s.secret.digest = "other"; },
        +[](Scene& s) { s.secret.template_record = "{}"; },
        +[](Scene& s) { s.content = ContentState::kTemplateAltered; },
        +[](Scene& s) { s.resource.spec.secret_template.labels["team"] = "net"; }}) {
    Scene s;
    strip(s);
    EXPECT_EQ(name(s.decide()), "repair_secret");
    s.failed(RepairSecret{}, base::ErrorCode::kForbidden);
    EXPECT_NE(name(s.decide()), "repair_secret");
  }
}

TEST(MaintainSecret, ATakenOverSecretIsToldAndLeftAlone) {
  Scene s;
  s.secret_state = SecretState::kForeign;
  const Decision d = s.decide();
  EXPECT_EQ(told(d), "Ready=False/SecretConflict Stalled");
  EXPECT_TRUE(d.wake_at);
}

TEST(MaintainSecret, RepairGoesOnWhileSuspended) {
  Scene s;
  s.resource.spec.suspend = true;
  s.secret.label_uid.clear();
  EXPECT_EQ(name(s.decide()), "repair_secret") << "that is no call to NetBird";
}

// The cache keeps no values of a long template and no names of a long record.
TEST(MaintainSecret, WhatIsNotKeptIsReadBeforeTheSecretIsRepaired) {
  Scene s;
  s.resource.spec.secret_template.data["URL"] = std::string(5'000, 'u');
  kube::SetupKey whole = s.resource;
  s.resource = *kube::slimmed(whole);
  EXPECT_EQ(name(s.decide()), "read_setupkey");
  s.resource = whole;
  EXPECT_EQ(name(s.decide()), "repair_secret");
  s.secret.template_record = "{" + std::string(5'000, ' ') + "}";
  s.secret = *kube::slimmed(s.secret);
  EXPECT_EQ(name(s.decide()), "look_for_secret") << "what it names may have to be removed";
}

TEST(Finalizer, IsPutOnAndTakenOffUnderAllThatAreThere) {
  Scene s;
  s.resource.meta.finalizers.clear();
  s.resource.meta.finalizers.push_back(std::string(5'000, 'f'));
  EXPECT_EQ(name(s.decide()), "add_finalizer");
  s.resource = *kube::slimmed(s.resource);
  EXPECT_EQ(name(s.decide()), "read_setupkey");
}

TEST(MaintainSecret, AKeyInHandIsWrittenWithTheWholeTemplate) {
  Scene s;
  s.claimed(4);
  s.hold(4);
  s.resource.spec.secret_template.data["URL"] = std::string(5'000, 'u');
  EXPECT_EQ(name(s.decide()), "write_secret");
  s.resource = *kube::slimmed(s.resource);
  EXPECT_EQ(name(s.decide()), "read_setupkey");
}

TEST(MaintainGroups, AreBroughtInLineByOnePut) {
  Scene s;
  s.groups.ids = {"g1"};
  Decision d = s.decide();
  ASSERT_TRUE(is<UpdateGroups>(d));
  EXPECT_EQ(as<UpdateGroups>(d).key_id, "id3");
  s.active().key.auto_groups = {"g1"};
  s.at_rest();
  EXPECT_EQ(name(s.decide()), "rest");
}

TEST(MaintainGroups, NotWhileSuspendedOrRevoked) {
  Scene s;
  s.groups.ids = {"g1"};
  s.resource.spec.suspend = true;
  EXPECT_FALSE(is<UpdateGroups>(s.decide()));
  s.resource.spec.suspend = false;
  s.active().key.revoked = true;
  EXPECT_FALSE(is<UpdateGroups>(s.decide()));
}

TEST(MaintainGroups, AMissingOneIsToldAndAskedFor) {
  Scene s;
  s.groups.state = GroupFacts::State::kMissing;
  s.groups.name = "servers";
  const Decision d = s.decide();
  EXPECT_EQ(told(d), "Ready=False/GroupNotFound Stalled");
  EXPECT_TRUE(d.wants_groups);
}

TEST(MaintainGroups, ARefusedPutIsToldUntilItsNextTry) {
  Scene s;
  s.groups.ids = {"g1"};
  const Action update = UpdateGroups{"id3", "default"};
  s.failed(update, base::ErrorCode::kUnprocessable, "group All");
  const Decision d = s.decide();
  EXPECT_EQ(told(d), "Ready=False/InvalidSpec Stalled");
  const auto until = s.flight.troubles.hold(update, s.now.mono);
  ASSERT_TRUE(until);
  EXPECT_EQ(d.wake_at, until);
  s.now.mono = *until;
  EXPECT_TRUE(is<UpdateGroups>(s.decide()));
}

// Status was lost, restored from before, or never written: the Secret is ahead of it.
Scene status_lost() {
  Scene s;
  s.resource.status = kube::KeyStatus{};
  s.flight = Flight{};
  return s;
}

TEST(Adopt, RebuildsStatusFromTheSecret) {
  const Scene s = status_lost();
  const Decision d = s.decide();
  ASSERT_TRUE(is<RestoreStatus>(d));
  EXPECT_EQ(next_of(d).revision, 3u);
  EXPECT_EQ(next_of(d).last_revision, 3u);
  EXPECT_EQ(next_of(d).key_id, "id3");
  EXPECT_EQ(next_of(d).key_digest, "digest3");
  EXPECT_EQ(next_of(d).settings_digest, kube::settings_digest(s.resource.spec));
  EXPECT_EQ(next_of(d).issued_at, after_s(-3'600));
  EXPECT_EQ(told(d), "Ready=True/Issued");
  ASSERT_TRUE(d.event);
  EXPECT_EQ(d.event->reason, "Adopted");
}

TEST(Adopt, TheNextDecisionIsRest) {
  Scene s = status_lost();
  s.resource.status = next_of(s.decide());
  s.flight.seen_revision = 3;
  s.at_rest();
  EXPECT_EQ(name(s.decide()), "rest");
}

TEST(Adopt, OtherMarkedKeysRetireAfterTheOverlap) {
  Scene s = status_lost();
  s.keys.push_back(s.key(2));
  const Decision d = s.decide();
  ASSERT_EQ(next_of(d).previous_keys.size(), 1u);
  EXPECT_EQ(next_of(d).previous_keys[0].key_id, "id2");
  EXPECT_EQ(next_of(d).previous_keys[0].retire_at, after_s(3'600));
}

TEST(Adopt, StaysWithinTheBoundOfPreviousKeys) {
  Scene s = status_lost();
  s.keys.clear();
  for (std::uint32_t r = 3; r > 0; --r) s.keys.push_back(s.key(r));
  for (std::uint32_t r = 10; r < 40; ++r) s.keys.push_back(s.key(r));
  const Decision d = s.decide();
  ASSERT_TRUE(is<RestoreStatus>(d));
  EXPECT_LE(next_of(d).previous_keys.size(), 32u) << "the schema bounds the list";
}

TEST(Adopt, WhoeverClearsStatusAgainAndAgainIsWaitedFor) {
  Scene s = status_lost();
  for (int time = 0; time < 2; ++time) {
    const Decision d = s.decide();
    ASSERT_TRUE(is<RestoreStatus>(d)) << name(d);
    s.flight.troubles.repeated(d.action, s.now.mono);
  }
  EXPECT_TRUE(is<Rest>(s.decide())) << name(s.decide());
  s.flight.last_revision = 5;
  EXPECT_TRUE(is<RestoreStatus>(s.decide())) << "what tells whose a key is waits on its own";
}

TEST(Adopt, TheContentIsProvenFirst) {
  Scene s = status_lost();
  s.content = ContentState::kUnchecked;
  EXPECT_EQ(name(s.decide()), "read_secret");
  s.content = ContentState::kKeyAltered;
  EXPECT_TRUE(is<Claim>(s.decide())) << "an altered key is not adopted";
}

TEST(Adopt, AKeyThatIsGoneOrRevokedIsNotAdopted) {
  Scene s = status_lost();
  s.active().key.revoked = true;
  EXPECT_TRUE(is<Claim>(s.decide()));
  s.keys.clear();
  EXPECT_EQ(as<Claim>(s.decide()).revision, 4u);
}

TEST(Adopt, AMarkThatContradictsTheSecretIsNotAdopted) {
  Scene s = status_lost();
  s.active().revision = 2;
  EXPECT_TRUE(is<Claim>(s.decide()));
}

TEST(Adopt, ASecretBehindStatusIsNotAdopted) {
  Scene s;
  s.resource.status.revision = s.resource.status.last_revision = 5;
  s.resource.status.key_id = "id5";
  s.keys.push_back(s.key(5));
  const Decision d = s.decide();
  EXPECT_EQ(as<Claim>(d).revision, 6u);
  EXPECT_EQ(next_of(d).claim->reason, "SecretAltered");
}

TEST(Adopt, AGivenUpClaimWhoseSecretWasWrittenIsAdopted) {
  Scene s = status_lost();
  s.resource.status.last_revision = 5;
  const Decision d = s.decide();
  ASSERT_TRUE(is<RestoreStatus>(d)) << name(d);
  EXPECT_EQ(next_of(d).revision, 3u);
  EXPECT_EQ(next_of(d).last_revision, 5u) << "revisions are not used again";
}

TEST(Adopt, WaitsForTheAccount) {
  Scene s = status_lost();
  s.account.state = AccountState::kUnknown;
  const Decision d = s.decide();
  EXPECT_TRUE(is<Rest>(d));
  EXPECT_TRUE(d.wants_list);
}

}  // namespace
}  // namespace nbkeys::engine
