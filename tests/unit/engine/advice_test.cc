// What `kubectl describe` shows: each reason that waits for a person says what the person can do.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "engine/judge.h"
#include "scene.h"
#include "status/conditions.h"

namespace nbkeys::engine {
namespace {

using status::Reason;
using testing::Scene;

struct Case {
  Reason reason;
  void (*change)(Scene&);
  const char* step;   // of the message of Ready
  const char* event;  // its reason where the change is told as an Event; empty: none
};

void refused(Scene& s) {
  s = Scene::fresh();
  s.account.state = AccountState::kRefused;
  s.account.problem = "NetBird refuses the token (401); put a valid one into the token file";
}

void refused_spec(Scene& s) {
  s = Scene::fresh();
  s.claimed(1, "FirstIssue");
  s.flight.claimed = 1;
  s.flight.troubles.failed(
      CreateKey{}, {base::ErrorCode::kUnprocessable, "create_key", "bad usage limit"}, s.now.mono);
}

void group_is(Scene& s, GroupFacts::State state) {
  s = Scene::fresh();
  s.groups.state = state;
  s.groups.name = "servers";
}

void paused(Scene& s, AccountState state, const char* problem) {
  s = Scene::fresh();
  s.account.state = state;
  s.account.problem = problem;
}

// Where the first key cannot be issued.
std::vector<Case> without_a_key() {
  return {
      {Reason::kAccountNotReady, refused, "put a valid one", "AccountNotReady"},
      {Reason::kGroupNotFound, [](Scene& s) { group_is(s, GroupFacts::State::kMissing); },
       "create it or correct spec.autoGroups", "GroupNotFound"},
      {Reason::kInvalidSpec, [](Scene& s) { group_is(s, GroupFacts::State::kAmbiguous); },
       "name the group by its id", "InvalidSpec"},
      {Reason::kInvalidSpec, refused_spec, "correct the spec", "InvalidSpec"},
      {Reason::kSecretConflict,
       [](Scene& s) {
         s = Scene::fresh();
         s.secret_state = SecretState::kForeign;
       },
       "delete or rename it, or set another spec.secretName", "SecretConflict"},
      {Reason::kSecretConflict, [](Scene& s) { s.secret_state = SecretState::kForeign; },
       "delete it and a new key is issued", "SecretConflict"},
      {Reason::kApiError,
       [](Scene& s) {
         s = Scene::fresh();
         s.claimed(1, "FirstIssue");
         s.hold(1);
         s.failed(WriteSecret{}, base::ErrorCode::kForbidden, "exceeded quota");
       },
       "quota, admission policy)", "APIError"},
      {Reason::kApiError,
       [](Scene& s) { paused(s, AccountState::kFailing, "no answer; it is asked again"); },
       "it is asked again", "APIError"},
      {Reason::kRateLimited,
       [](Scene& s) {
         paused(s, AccountState::kRateLimited, "NetBird limits our requests; waiting");
       },
       "waiting", "RateLimited"},
      {Reason::kSuspended,
       [](Scene& s) {
         s = Scene::fresh();
         s.resource.spec.suspend = true;
       },
       "set it to false to issue a key", ""},
  };
}

// Where there is one.
std::vector<Case> with_a_key() {
  return {
      {Reason::kRevokedExternally,
       [](Scene& s) {
         s.active().key.revoked = true;
         s.active().key.state = netbird::KeyState::kRevoked;
       },
       "set the annotation keys.netbird.io/rotate", "RevokedExternally"},
      {Reason::kExpired,
       [](Scene& s) {
         s.resource.spec.rotation.enabled = false;
         s.active().key.state = netbird::KeyState::kExpired;
       },
       "set the annotation keys.netbird.io/rotate", "Expired"},
      {Reason::kOverused,
       [](Scene& s) {
         s.resource.spec.rotation.enabled = false;
         s.active().key.state = netbird::KeyState::kOverused;
       },
       "set the annotation keys.netbird.io/rotate", "Overused"},
      {Reason::kAccountChanged, [](Scene& s) { s.account.id = "account-2"; },
       "keys.netbird.io/accept-account", "AccountChanged"},
      {Reason::kRepairLimited,
       [](Scene& s) {
         s.secret_state = SecretState::kAbsent;
         s.resource.status.repairs = {3, s.now.wall};
       },
       "keys.netbird.io/rotate", "RepairLimited"},
      {Reason::kRevocationBlocked,
       [](Scene& s) {
         s.resource.spec.revoked = true;
         s.resource.status.revoked_revision = 3;
         s.failed(RevokeKey{"id3", false, "default"}, base::ErrorCode::kForbidden);
         s.failed(RevokeKey{"id3", true, "default"}, base::ErrorCode::kForbidden);
       },
       "until then peers can enrol with it", "RevocationBlocked"},
      {Reason::kRetirementBlocked,
       [](Scene& s) {
         s.resource.status.previous_keys = {{"id2", 2, testing::after_s(-1)}};
         s.resource.status.last_rotation_time = testing::after_s(-3'601);
         s.keys.push_back(s.key(2));
         s.failed(DeleteKey{"id2", "default"}, base::ErrorCode::kRefused, "HTTP 405");
       },
       "until then peers can enrol with it", "RetirementBlocked"},
      {Reason::kDeletionBlocked,
       [](Scene& s) {
         s.resource.meta.deleting = s.now.wall;
         s.failed(DeleteKey{"id3", "default"}, base::ErrorCode::kRefused, "HTTP 412");
       },
       "keys.netbird.io/abandon", "DeletionBlocked"},
      {Reason::kDeletionBlocked,
       [](Scene& s) {
         s.resource.meta.deleting = s.now.wall;
         s.account.state = AccountState::kRefused;
         s.account.problem = "NetBird refuses the token";
       },
       "keys.netbird.io/abandon", "DeletionBlocked"},
  };
}

const std::vector<Case>& cases() {
  static const std::vector<Case> kCases = [] {
    std::vector<Case> all = without_a_key();
    for (const Case& c : with_a_key()) all.push_back(c);
    return all;
  }();
  return kCases;
}

TEST(Advice, EachCauseSaysWhatToDoAndIsToldOnce) {
  for (const Case& c : cases()) {
    Scene s;
    c.change(s);
    const std::string name(status::reason_name(c.reason));
    const Decision d = s.decide();
    ASSERT_TRUE(testing::is<WriteStatus>(d)) << name << ": " << testing::name(d);
    const kube::Condition* ready = testing::condition(testing::next_of(d), "Ready");
    ASSERT_NE(ready, nullptr) << name;
    EXPECT_EQ(ready->reason, name);
    EXPECT_FALSE(ready->status) << name;
    EXPECT_THAT(ready->message, ::testing::HasSubstr(c.step)) << name;
    ASSERT_EQ(d.event.has_value(), *c.event != '\0') << name;
    if (!d.event) continue;
    EXPECT_EQ(d.event->reason, c.event);
    EXPECT_TRUE(d.event->warning) << name;
    EXPECT_EQ(d.event->message, ready->message);
    // Once it is in the status, nothing is told again.
    s.resource.status = testing::next_of(d);
    for (int i = 0; i < 3; ++i) {
      const Decision again = s.decide();
      EXPECT_FALSE(testing::is<WriteStatus>(again) && again.event) << name;
      if (testing::is<WriteStatus>(again)) s.resource.status = testing::next_of(again);
    }
  }
}

TEST(Advice, CoversEveryReasonThatWaitsForAPerson) {
  // These rest, go on by themselves, stand in KeyValid only (DeletedExternally: a new key is
  // issued, with an Event of that name), or in a condition of their own (origin_test.cc).
  const std::set<Reason> free = {Reason::kIssued,
                                 Reason::kUsed,
                                 Reason::kRevoked,
                                 Reason::kValid,
                                 Reason::kNoKey,
                                 Reason::kProgressing,
                                 Reason::kDeletedExternally,
                                 Reason::kUnknownOrigin,
                                 Reason::kSecondInstallation};
  for (int i = 0; i <= static_cast<int>(Reason::kNoKey); ++i) {
    const auto reason = static_cast<Reason>(i);
    const bool covered = std::any_of(cases().begin(), cases().end(),
                                     [reason](const Case& c) { return c.reason == reason; });
    EXPECT_NE(covered, free.contains(reason)) << status::reason_name(reason);
  }
}

TEST(Advice, WhatSomebodyDidToTheKeyIsToldWithTheClaimForANewOne) {
  Scene gone;
  gone.keys.clear();
  const Decision deleted = gone.decide();
  ASSERT_TRUE(testing::is<Claim>(deleted)) << testing::name(deleted);
  ASSERT_TRUE(deleted.event);
  EXPECT_EQ(deleted.event->reason, "DeletedExternally");
  EXPECT_THAT(deleted.event->message, ::testing::HasSubstr("key id3 (revision 3)"));

  Scene lost;
  lost.secret_state = SecretState::kAbsent;
  lost.flight.dry_run_passed = true;
  const Decision missing = lost.decide();
  ASSERT_TRUE(missing.event) << testing::name(missing);
  EXPECT_EQ(missing.event->reason, "SecretDataDrift");
  EXPECT_THAT(missing.event->message, ::testing::HasSubstr("find out who deletes it"));

  Scene altered;
  altered.content = ContentState::kKeyAltered;
  const Decision changed = altered.decide();
  ASSERT_TRUE(changed.event) << testing::name(changed);
  EXPECT_EQ(changed.event->reason, "SecretDataDrift");
  EXPECT_THAT(changed.event->message, ::testing::HasSubstr("--show-managed-fields"));
}

TEST(Advice, ARepairIsDriftOnlyWhereNobodyEditedTheSpec) {
  Scene s;
  s.content = ContentState::kTemplateAltered;
  const Decision drift = s.decide();
  ASSERT_TRUE(testing::is<RepairSecret>(drift)) << testing::name(drift);
  ASSERT_TRUE(drift.event);
  EXPECT_EQ(drift.event->reason, "SecretDataDrift");
  s.resource.meta.generation += 1;
  EXPECT_FALSE(s.decide().event);
}

}  // namespace
}  // namespace nbkeys::engine
