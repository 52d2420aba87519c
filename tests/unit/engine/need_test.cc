#include <gtest/gtest.h>

#include "scene.h"

namespace nbkeys::engine {
namespace {

using testing::after_s;
using testing::ms;
using testing::Scene;

struct Case {
  const char* name;
  void (*change)(Scene&);
  const char* reason;  // nullptr: no new key is needed
};

class IssueNeeded : public ::testing::TestWithParam<Case> {};

TEST_P(IssueNeeded, ForThisReasonAndNoOther) {
  Scene s;
  GetParam().change(s);
  const auto reason = issue_needed(s.observed());
  if (GetParam().reason == nullptr) {
    EXPECT_FALSE(reason) << reason_name(*reason);
  } else {
    ASSERT_TRUE(reason);
    EXPECT_STREQ(reason_name(*reason), GetParam().reason);
  }
}

void expire_soon(Scene& s) {
  s.resource.status.issued_at = after_s(10 - 720 * 3'600);
  s.active().key.expires = after_s(10);
}
void one_off_used(Scene& s) {
  s.resource.spec.settings.type = kube::KeyType::kOneOff;
  s.resource.status.settings_digest = kube::settings_digest(s.resource.spec);
  s.active().key.used_times = s.active().key.usage_limit = 1;
  s.active().key.state = netbird::KeyState::kOverused;
}
void used(Scene& s, std::int64_t times, std::int64_t limit, int percent) {
  s.resource.spec.rotation.usage_percent = percent;
  s.active().key.used_times = times;
  s.active().key.usage_limit = limit;
}

INSTANTIATE_TEST_SUITE_P(
    All, IssueNeeded,
    ::testing::Values(
        Case{"AtRest", [](Scene&) {}, nullptr},
        Case{"NoKeyYet", [](Scene& s) { s.resource.status.revision = 0; }, "FirstIssue"},
        Case{"Requested", [](Scene& s) { s.resource.rotate = "x"; }, "Requested"},
        Case{"RequestAnswered",
             [](Scene& s) { s.resource.rotate = s.resource.status.last_handled_rotate = "x"; },
             nullptr},
        Case{"RequestTakenBack", [](Scene& s) { s.resource.status.last_handled_rotate = "x"; },
             nullptr},
        Case{"SettingsEdited", [](Scene& s) { s.resource.spec.settings.usage_limit = 9; },
             "SpecChanged"},
        Case{"EntryRenamed", [](Scene& s) { s.resource.spec.secret_key = "other"; }, "SpecChanged"},
        Case{"Unrevoked",
             [](Scene& s) {
               s.resource.status.revoked_revision = 3;
               s.active().key.revoked = true;
             },
             "Unrevoked"},
        Case{"KeyDeletedExternally", [](Scene& s) { s.keys.clear(); }, "KeyMissing"},
        Case{"KeyNotInAListThatIsNoProof",
             [](Scene& s) {
               s.keys.clear();
               s.flight.seen_at = ms(999'500);
             },
             nullptr},
        Case{"KeyNotInAListBeforeAnUnknownOutcome",
             [](Scene& s) {
               s.keys.clear();
               s.flight.list_needed_since = ms(999'500);
             },
             nullptr},
        Case{"SecretLostWhileNoProof",
             [](Scene& s) {
               s.keys.clear();
               s.flight.seen_at = ms(999'500);
               s.secret_state = SecretState::kAbsent;
             },
             "SecretMissing"},
        Case{"RevokedExternally", [](Scene& s) { s.active().key.revoked = true; }, nullptr},
        Case{"RevokedExternallyAndSecretGone",
             [](Scene& s) {
               s.active().key.revoked = true;
               s.secret_state = SecretState::kAbsent;
             },
             nullptr},
        Case{"RevokedExternallyThenRequested",
             [](Scene& s) {
               s.active().key.revoked = true;
               s.resource.rotate = "x";
             },
             "Requested"},
        Case{"SecretDeleted", [](Scene& s) { s.secret_state = SecretState::kAbsent; },
             "SecretMissing"},
        Case{"SecretUnknown", [](Scene& s) { s.secret_state = SecretState::kUnknown; }, nullptr},
        Case{"SecretForeign", [](Scene& s) { s.secret_state = SecretState::kForeign; }, nullptr},
        Case{"SecretOfAnotherRevision", [](Scene& s) { s.secret.revision = 2; }, "SecretAltered"},
        Case{"SecretOfAnotherRevisionWithTheKeyInUse",
             [](Scene& s) {
               s.secret.revision = 2;
               s.key_in_use = true;
             },
             nullptr},
        Case{"SecretsAnnotationsStripped", [](Scene& s) { s.secret.revision = 0; }, nullptr},
        Case{"SecretsKeyAltered", [](Scene& s) { s.content = ContentState::kKeyAltered; },
             "SecretAltered"},
        Case{"SecretsTemplateAltered", [](Scene& s) { s.content = ContentState::kTemplateAltered; },
             nullptr},
        Case{"ExpiresSoon", expire_soon, "Expiring"},
        Case{"ExpiresSoonerThanTheSpecPlans",
             [](Scene& s) {
               expire_soon(s);
               s.resource.status.issued_at = after_s(-10'000);
             },
             "ExpiredEarly"},
        Case{"ExpiresSoonButIssuedWithinTheResync",
             [](Scene& s) {
               expire_soon(s);
               s.resource.status.issued_at = after_s(-299);
             },
             nullptr},
        Case{"ExpiresByNetBirdsClockThatIsAhead",
             [](Scene& s) { s.account.clock_offset = std::chrono::hours(30 * 24); }, "Expiring"},
        Case{"ExpiredByOurClockThatIsAhead",
             [](Scene& s) {
               s.account.clock_offset = -std::chrono::hours(48);
               s.resource.status.issued_at = after_s(-48 * 3'600 - 600);
               s.active().key.expires = after_s(-24 * 3'600);
             },
             nullptr},
        Case{"ExpiredByNetBirdsOwnWord",
             [](Scene& s) { s.active().key.state = netbird::KeyState::kExpired; }, "ExpiredEarly"},
        Case{"KeyGoneFromAListThatHadIt",
             [](Scene& s) {
               s.keys.clear();
               s.gone = {"id3"};
               s.account.before.reset();
             },
             "KeyMissing"},
        Case{"KeyNotInOneListYet",
             [](Scene& s) {
               s.keys.clear();
               s.account.before.reset();
             },
             nullptr},
        Case{"KeyNotInTwoListsThatAreClose",
             [](Scene& s) {
               s.keys.clear();
               s.flight.seen_at = ms(940'000);
               s.account.before = ms(940'000);
             },
             nullptr},
        Case{"KeyNotInTwoListsThatAreFarApart",
             [](Scene& s) {
               s.keys.clear();
               s.flight.seen_at = ms(939'000);
               s.account.before = ms(939'000);
             },
             "KeyMissing"},
        Case{"ExpiresSoonWithoutRotation",
             [](Scene& s) {
               expire_soon(s);
               s.resource.spec.rotation.enabled = false;
             },
             nullptr},
        Case{"ExpiresSoonButOneOffAndUsed",
             [](Scene& s) {
               one_off_used(s);
               expire_soon(s);
             },
             nullptr},
        Case{"Interval",
             [](Scene& s) { s.resource.spec.rotation.interval = std::chrono::hours(1); },
             "Interval"},
        Case{"IntervalNotYet",
             [](Scene& s) {
               s.resource.spec.rotation.interval = std::chrono::hours(1) + base::Duration{1};
             },
             nullptr},
        Case{"UsageReached", [](Scene& s) { used(s, 8, 10, 80); }, "Usage"},
        Case{"UsageNotReached", [](Scene& s) { used(s, 7, 10, 80); }, nullptr},
        Case{"UsageOfUnlimited", [](Scene& s) { used(s, 1'000, 0, 1); }, nullptr},
        Case{"OneOffUsed", one_off_used, nullptr},
        Case{"OverusedWithoutARule",
             [](Scene& s) { s.active().key.state = netbird::KeyState::kOverused; }, nullptr},
        Case{"OverusedWithARule",
             [](Scene& s) {
               s.active().key.state = netbird::KeyState::kOverused;
               s.resource.spec.rotation.on_overused = true;
             },
             "Overused"},
        Case{"Expired",
             [](Scene& s) {
               s.active().key.state = netbird::KeyState::kExpired;
               s.active().key.expires = after_s(-1);
               s.resource.status.issued_at = after_s(-1 - 720 * 3'600);
             },
             "Expiring"}),
    [](const auto& tested) { return std::string(tested.param.name); });

}  // namespace
}  // namespace nbkeys::engine
