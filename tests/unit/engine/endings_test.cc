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

struct Wrong {
  const char* name;
  void (*change)(Scene&);
};

void group_missing(Scene& s) {
  s.groups.state = GroupFacts::State::kMissing;
  s.groups.name = "servers";
}

const Wrong kWrong[] = {
    {"Nothing", [](Scene&) {}},
    {"GroupMissing", group_missing},
    {"GroupsNotLoaded", [](Scene& s) { s.groups.state = GroupFacts::State::kNotLoaded; }},
    {"SpecRefused", [](Scene& s) { s.resource.spec_error = "spec.expiresIn is not a duration"; }},
    {"SecretForeign", [](Scene& s) { s.secret_state = SecretState::kForeign; }},
    {"SecretUnknown", [](Scene& s) { s.secret_state = SecretState::kUnknown; }},
    {"SecretGone", [](Scene& s) { s.secret_state = SecretState::kAbsent; }},
    {"SecretForbidden",
     [](Scene& s) {
       s.secret.label_uid.clear();
       s.failed(RepairSecret{}, base::ErrorCode::kForbidden);
     }},
    {"Suspended", [](Scene& s) { s.resource.spec.suspend = true; }},
    {"ClaimOpen", [](Scene& s) { s.claimed(4); }},
    {"KeyInHand",
     [](Scene& s) {
       s.claimed(4);
       s.hold(4);
       s.failed(WriteSecret{}, base::ErrorCode::kForbidden);
     }},
    {"FinalizerMissing", [](Scene& s) { s.resource.meta.finalizers.clear(); }},
    {"FinalizerForbidden",
     [](Scene& s) {
       s.resource.meta.finalizers.clear();
       s.failed(AddFinalizer{}, base::ErrorCode::kForbidden);
     }},
    {"BudgetTight", [](Scene& s) { s.account.state = AccountState::kRateLimited; }},
    {"GroupsRefused",
     [](Scene& s) {
       s.groups.ids = {"g1"};
       s.failed(UpdateGroups{"id3", "default"}, base::ErrorCode::kUnprocessable);
     }},
    {"PostFails",
     [](Scene& s) {
       s.claimed(4);
       s.flight.claimed = 4;
       s.failed(CreateKey{4, "default"}, base::ErrorCode::kRefused);
     }},
    {"RotationAsked", [](Scene& s) { s.resource.rotate = "now"; }},
    {"SetupKeyUnreadable",
     [](Scene& s) {
       s.flight.needs_refresh = true;
       s.failed(ReadSetupKey{}, base::ErrorCode::kForbidden);
     }},
};

class EndedIsEnded : public ::testing::TestWithParam<Wrong> {};

TEST_P(EndedIsEnded, AReplacedKeyEndsOnTime) {
  Scene s;
  s.resource.status.previous_keys = {{"id2", 2, kWall}};
  s.resource.status.last_rotation_time = after_s(-3'600);
  s.keys.push_back(s.key(2));
  GetParam().change(s);
  const Decision d = s.decide();
  ASSERT_TRUE(is<DeleteKey>(d)) << name(d);
  EXPECT_EQ(as<DeleteKey>(d).key_id, "id2");
  EXPECT_EQ(d.priority, Priority::kEnding);
}

TEST_P(EndedIsEnded, ARevokedKeyIsRevoked) {
  Scene s;
  s.resource.spec.revoked = true;
  s.resource.status.revoked_revision = 3;
  GetParam().change(s);
  const Decision d = s.decide();
  ASSERT_TRUE(is<RevokeKey>(d)) << name(d);
  EXPECT_EQ(as<RevokeKey>(d).key_id, "id3");
  EXPECT_EQ(d.priority, Priority::kEnding);
}

TEST_P(EndedIsEnded, ADeletedSetupKeysKeyIsDeleted) {
  Scene s;
  s.resource.meta.deleting = kWall;
  GetParam().change(s);
  // Without our finalizer nobody asked us to wait, and without the object there is nothing to do.
  if (!has_finalizer(s.observed()) || s.flight.needs_refresh) return;
  const Decision d = s.decide();
  ASSERT_TRUE(is<DeleteKey>(d)) << name(d);
  EXPECT_EQ(as<DeleteKey>(d).key_id, "id3");
}

INSTANTIATE_TEST_SUITE_P(WhateverElseIsWrong, EndedIsEnded, ::testing::ValuesIn(kWrong),
                         [](const auto& tested) { return std::string(tested.param.name); });

TEST(Endings, GoOneAfterTheOtherAndARefusedOneHoldsUpNoOther) {
  Scene s;
  s.resource.spec.revoked = true;
  s.resource.status.revoked_revision = 3;
  s.resource.status.previous_keys = {{"id2", 2, kWall}};
  s.resource.status.last_rotation_time = after_s(-3'600);
  s.resource.status.last_revision = 4;
  s.flight.lost = {{4, ms(0)}};
  s.keys.push_back(s.key(2));
  s.keys.push_back(s.key(4));
  EXPECT_EQ(name(s.decide()), "revoke_key");
  s.failed(RevokeKey{"id3", false, "default"}, base::ErrorCode::kForbidden);
  EXPECT_EQ(as<DeleteKey>(s.decide()).key_id, "id2");
  s.failed(DeleteKey{"id2", "default"}, base::ErrorCode::kForbidden);
  EXPECT_EQ(as<DeleteKey>(s.decide()).key_id, "id4");
}

TEST(Endings, OneThatIsRefusedIsToldAndTriedAgain) {
  Scene s;
  s.resource.spec.revoked = true;
  s.resource.status.revoked_revision = 3;
  const Action revoke = RevokeKey{"id3", false, "default"};
  s.failed(revoke, base::ErrorCode::kRefused, "HTTP 405");
  const Decision d = s.decide();
  EXPECT_EQ(told(d), "Ready=False/RevocationBlocked Stalled");
  EXPECT_NE(condition(next_of(d), "Ready")->message.find("HTTP 405"), std::string::npos);
  ASSERT_TRUE(d.event);
  EXPECT_EQ(d.event->reason, "RevocationBlocked");
  s.at_rest();
  const auto until = s.flight.troubles.hold(revoke, s.now.mono);
  EXPECT_EQ(s.decide().wake_at, until);
  s.now.mono = *until;
  EXPECT_EQ(name(s.decide()), "revoke_key");
}

TEST(Endings, WhatCannotEndIsLouderThanWhateverElseThereIsToTell) {
  Scene s;
  s.resource.status.previous_keys = {{"id2", 2, kWall}};
  s.resource.status.last_rotation_time = after_s(-3'600);
  s.keys.push_back(s.key(2));
  s.failed(DeleteKey{"id2", "default"}, base::ErrorCode::kForbidden);
  group_missing(s);
  const Decision d = s.decide();
  EXPECT_EQ(told(d), "Ready=False/RetirementBlocked Stalled");
  EXPECT_TRUE(d.wants_groups) << "and the other goes on";
}

TEST(Endings, DoNotHoldUpWhatElseThereIsToDo) {
  Scene s;
  s.resource.status.previous_keys = {{"id2", 2, kWall}};
  s.resource.status.last_rotation_time = after_s(-3'600);
  s.keys.push_back(s.key(2));
  s.failed(DeleteKey{"id2", "default"}, base::ErrorCode::kForbidden);
  s.resource.rotate = "now";
  EXPECT_TRUE(is<Claim>(s.decide())) << name(s.decide());
}

TEST(Endings, TheWaitOfAnOverlapDoesNotHoldUpARotation) {
  Scene s;
  s.resource.status.previous_keys = {{"id2", 2, after_s(600)}};
  s.resource.status.last_rotation_time = after_s(-3'000);
  s.keys.push_back(s.key(2));
  s.resource.rotate = "now";
  EXPECT_TRUE(is<Claim>(s.decide())) << name(s.decide());
  s.resource.rotate.clear();
  s.at_rest();
  EXPECT_LE(*s.decide().wake_at - s.now.mono, std::chrono::seconds(601));
}

}  // namespace
}  // namespace nbkeys::engine
