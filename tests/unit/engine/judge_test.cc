#include "engine/judge.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "scene.h"

namespace nbkeys::engine {
namespace {

using status::Progress;
using status::Reason;
using testing::after_s;
using testing::condition;
using testing::is;
using testing::key_valid;
using testing::kWall;
using testing::ms;
using testing::next_of;
using testing::Scene;
using testing::told;

struct Case {
  const char* name;
  void (*change)(Scene&);
  const char* ready;
  const char* valid;
};

class AtRest : public ::testing::TestWithParam<Case> {};

// With rotation off, so that nothing is repaired: what a person then reads.
TEST_P(AtRest, TellsWhatTheKeyIsWorth) {
  Scene s;
  s.resource.spec.rotation.enabled = false;
  GetParam().change(s);
  s.at_rest();
  const Decision d = s.decide();
  ASSERT_TRUE(is<Rest>(d)) << testing::name(d);
  EXPECT_EQ(told(s.resource.status), GetParam().ready);
  EXPECT_EQ(key_valid(s.resource.status), GetParam().valid);
}

void one_off(Scene& s) {
  s.resource.spec.settings.type = kube::KeyType::kOneOff;
  s.resource.status.settings_digest = s.secret.settings = kube::settings_digest(s.resource.spec);
}

INSTANTIATE_TEST_SUITE_P(
    All, AtRest,
    ::testing::Values(Case{"Good", [](Scene&) {}, "Ready=True/Issued", "Valid"},
                      Case{"NeverExpires",
                           [](Scene& s) {
                             s.active().key.expires.reset();
                             s.secret.expires_at.reset();
                             s.resource.status.expires_at.reset();
                           },
                           "Ready=True/Issued", "Valid"},
                      Case{"ExpiredByState",
                           [](Scene& s) { s.active().key.state = netbird::KeyState::kExpired; },
                           "Ready=False/Expired Stalled", "Expired"},
                      Case{"ExpiredByTheClockBeforeTheListTells",
                           [](Scene& s) { s.active().key.expires = kWall; },
                           "Ready=False/Expired Stalled", "Expired"},
                      Case{"Overused",
                           [](Scene& s) { s.active().key.state = netbird::KeyState::kOverused; },
                           "Ready=False/Overused Stalled", "Overused"},
                      Case{"OneOffUsed",
                           [](Scene& s) {
                             one_off(s);
                             s.active().key.used_times = 1;
                             s.active().key.state = netbird::KeyState::kOverused;
                           },
                           "Ready=True/Used", "Used"},
                      Case{"OneOffNotUsed", one_off, "Ready=True/Issued", "Valid"},
                      Case{"RevokedExternally",
                           [](Scene& s) {
                             s.active().key.revoked = true;
                             s.active().key.state = netbird::KeyState::kRevoked;
                           },
                           "Ready=False/RevokedExternally Stalled", "RevokedExternally"},
                      Case{"RevokedAsAsked",
                           [](Scene& s) {
                             s.resource.spec.revoked = true;
                             s.resource.status.revoked_revision = 3;
                             s.active().key.revoked = true;
                           },
                           "Ready=True/Revoked", "Revoked"},
                      Case{"RevokedAsAskedAndGone",
                           [](Scene& s) {
                             s.resource.spec.revoked = true;
                             s.resource.status.revoked_revision = 3;
                             s.keys.clear();
                           },
                           "Ready=True/Revoked", "Revoked"},
                      Case{"SuspendedButGood", [](Scene& s) { s.resource.spec.suspend = true; },
                           "Ready=True/Suspended", "Valid"}),
    [](const auto& tested) { return std::string(tested.param.name); });

class AccountTrouble : public ::testing::TestWithParam<AccountState> {};

TEST_P(AccountTrouble, DoesNotMakeReadyFlapWhileTheKeyIsKnownGood) {
  Scene s;
  s.account.state = GetParam();
  s.account.problem = "trouble";
  const Decision d = s.decide();
  EXPECT_TRUE(is<Rest>(d)) << testing::name(d);
}

TEST_P(AccountTrouble, OfARestartDoesNotEither) {
  Scene s;
  s.account.state = GetParam();
  s.account.problem = "trouble";
  s.account.snapshot.reset();
  s.keys.clear();
  const Decision d = s.decide();
  EXPECT_TRUE(is<Rest>(d)) << testing::name(d);
}

INSTANTIATE_TEST_SUITE_P(All, AccountTrouble,
                         ::testing::Values(AccountState::kUnknown, AccountState::kRefused,
                                           AccountState::kRateLimited, AccountState::kFailing));

TEST(StaleList, OfAnAccountThatDoesNotAnswerIsTold) {
  for (const AccountState state :
       {AccountState::kUnknown, AccountState::kRefused, AccountState::kFailing}) {
    Scene s;
    s.account.state = state;
    s.account.problem = "trouble";
    s.account.stale = true;
    const Decision d = s.decide();
    ASSERT_TRUE(is<WriteStatus>(d));
    EXPECT_NE(next_of(d).conditions.front().reason, "Issued");
    EXPECT_NE(told(d).find("Ready=False"), std::string::npos);
    EXPECT_EQ(key_valid(next_of(d)), "Valid") << "as far as is known";
  }
}

// NetBird refuses tokens while its database is down, too.
TEST(HeldUpByAccount, ARefusedTokenTakesNoReadinessFromAGoodKeyUnlessAnEditWaits) {
  Scene s;
  s.account.state = AccountState::kRefused;
  s.account.problem = "NetBird refuses the token";
  EXPECT_TRUE(held_up_by_account(s.observed()).ready);
  s.resource.meta.generation += 1;
  const auto report = held_up_by_account(s.observed());
  EXPECT_FALSE(report.ready);
  EXPECT_EQ(report.ready_reason, Reason::kAccountNotReady);
  EXPECT_EQ(report.progress, Progress::kStalled);
}

TEST(HeldUp, ACauseThatOnlyAPersonRemovesTakesReadyAway) {
  const Scene s;
  const auto report = held_up(s.observed(), Reason::kGroupNotFound, "m", Progress::kStalled);
  EXPECT_FALSE(report.ready);
  EXPECT_TRUE(report.key_valid) << "the key itself still works";
  const auto transient = held_up(s.observed(), Reason::kApiError, "m", Progress::kReconciling);
  EXPECT_TRUE(transient.ready);
}

TEST(HeldUp, AnEditedSpecIsNotTakenForMet) {
  Scene s;
  s.resource.meta.generation = 3;
  EXPECT_FALSE(held_up(s.observed(), Reason::kApiError, "m", Progress::kReconciling).observed);
}

TEST(KeyUsable, NeedsTheKeyAndItsSecret) {
  Scene s;
  EXPECT_TRUE(key_usable(s.observed()));
  s.secret.revision = 2;
  EXPECT_FALSE(key_usable(s.observed()));
  s = Scene{};
  s.content = ContentState::kKeyAltered;
  EXPECT_FALSE(key_usable(s.observed()));
  s = Scene{};
  s.active().key.revoked = true;
  EXPECT_FALSE(key_usable(s.observed()));
}

TEST(Judge, AKeyWhoseSecretIsGoneIsWorthNothing) {
  Scene s;
  ASSERT_TRUE(judge(s.observed()).ready);
  s.secret_state = SecretState::kAbsent;
  const status::Report r = judge(s.observed());
  EXPECT_FALSE(r.ready);
  EXPECT_FALSE(r.key_valid);
  EXPECT_EQ(r.key_reason, status::Reason::kNoKey);
  EXPECT_NE(r.message.find("is gone"), std::string::npos) << r.message;
  s.secret_state = SecretState::kUnknown;
  EXPECT_TRUE(judge(s.observed()).ready) << "nobody has looked";
}

TEST(Issuing, WithoutAUsableKeyItIsNoRoutine) {
  Scene s;
  EXPECT_TRUE(issuing(s.observed(), "Expiring").rotating);
  s.secret_state = SecretState::kAbsent;
  const auto report = issuing(s.observed(), "SecretMissing");
  EXPECT_FALSE(report.rotating);
  EXPECT_FALSE(report.ready);
  EXPECT_EQ(report.progress, Progress::kReconciling);
}

// Found by the simulation: a group was missing, then NetBird went silent, and that alone made it
// Ready again, with a key that somebody had deleted meanwhile.
TEST(HeldUp, SilenceMakesNothingReadyThatWasNot) {
  Scene s;
  for (kube::Condition& c : s.resource.status.conditions) {
    if (c.type == "Ready") c.status = false;
  }
  s.account.snapshot.reset();
  s.keys.clear();
  const auto report = held_up(s.observed(), Reason::kApiError, "silent", Progress::kReconciling);
  EXPECT_FALSE(report.ready);
  EXPECT_EQ(report.ready_reason, Reason::kApiError);
}

TEST(HeldUpByAccount, ARevocationIsNotReady) {
  for (const AccountState state : {AccountState::kRefused, AccountState::kFailing}) {
    Scene s;
    s.resource.meta.generation += 1;
    s.resource.spec.revoked = true;
    s.resource.status.revoked_revision = 3;
    s.account.state = state;
    s.account.problem = "NetBird refuses the token";
    s.at_rest();
    EXPECT_FALSE(condition(s.resource.status, "Ready")->status)
        << told(s.resource.status) << ", and peers still enrol with the key";
  }
}

TEST(Judge, AnOlderIntervalThatIsTooShortIsToldOf) {
  Scene s;
  s.resource.spec.rotation.interval = std::chrono::minutes(1);
  s.resource.status.issued_at = kWall;
  const status::Report r = judge(s.observed());
  EXPECT_TRUE(r.ready);
  EXPECT_NE(r.message.find("spec.rotation.interval counts as 1h"), std::string::npos) << r.message;
  s.resource.spec.rotation.interval = std::chrono::hours(1);
  EXPECT_EQ(judge(s.observed()).message.find("interval"), std::string::npos);
}

TEST(Judge, OneListWithoutTheKeyMakesNothingReadyThatWasNot) {
  Scene s;
  s.keys.clear();
  s.account.before.reset();
  EXPECT_TRUE(judge(s.observed()).ready) << "nor anything not so that was";
  for (kube::Condition& c : s.resource.status.conditions) {
    if (c.type == "Ready") c.status = false;
  }
  EXPECT_FALSE(judge(s.observed()).ready);
  EXPECT_EQ(judge(s.observed()).ready_reason, Reason::kProgressing);
}

}  // namespace
}  // namespace nbkeys::engine
