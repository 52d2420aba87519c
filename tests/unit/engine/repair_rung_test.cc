#include "engine/repair_rung.h"

#include <gtest/gtest.h>

#include "scene.h"

namespace nbkeys::engine {
namespace {

using testing::after_s;
using testing::as;
using testing::condition;
using testing::is;
using testing::kWall;
using testing::name;
using testing::next_of;
using testing::Scene;
using testing::told;

// Its Secret is gone, and was replaced so often already, the last time just now.
Scene broken(int times, std::int64_t last_s = 0) {
  Scene s;
  s.secret_state = SecretState::kAbsent;
  s.flight.dry_run_passed = true;
  if (times > 0) s.resource.status.repairs = {times, after_s(last_s)};
  return s;
}

// How many keys somebody gets who breaks each one as soon as it is there.
int keys_in(std::chrono::seconds time) {
  Scene s = broken(0);
  const base::Instant end = s.now.mono + time;
  int keys = 0;
  while (s.now.mono < end) {
    const Decision d = s.decide();
    if (is<Claim>(d)) {
      ++keys;
      s.resource.status.repairs = next_of(d).repairs;
    } else if (is<WriteStatus>(d)) {
      s.resource.status = next_of(d);
      continue;
    }
    s.pass(std::chrono::seconds(1));
  }
  return keys;
}

TEST(RepairLimit, FiveInTheFirstHourAndOneAnHourAfterIt) {
  EXPECT_EQ(keys_in(std::chrono::hours(1)), 5);
  EXPECT_LE(keys_in(std::chrono::hours(6)), 5 + 6);
  EXPECT_GE(keys_in(std::chrono::hours(6)), 5 + 4);
}

TEST(RepairLimit, TheFirstOnesWaitASecondsWithoutWords) {
  Scene s = broken(1);
  s.at_rest();
  Decision d = s.decide();
  ASSERT_TRUE(is<Rest>(d)) << name(d);
  EXPECT_EQ(d.wake_at, s.now.mono + base::Duration{10'000});
  EXPECT_EQ(told(s.resource.status), "Ready=False/Progressing Reconciling");
  s.pass(std::chrono::seconds(10));
  EXPECT_EQ(next_of(s.decide()).repairs.count, 2);
}

TEST(RepairLimit, IsToldWithTheRemedyAndOnce) {
  Scene s = broken(3);
  const Decision d = s.decide();
  EXPECT_EQ(told(d), "Ready=False/RepairLimited Stalled");
  const std::string message = condition(next_of(d), "Ready")->message;
  EXPECT_NE(message.find("--show-managed-fields"), std::string::npos);
  EXPECT_NE(message.find("keys.netbird.io/rotate"), std::string::npos);
  ASSERT_TRUE(d.event);
  EXPECT_EQ(d.event->reason, "RepairLimited");
  EXPECT_TRUE(d.event->warning);
  s.at_rest();
  const Decision rest = s.decide();
  ASSERT_TRUE(is<Rest>(rest)) << name(rest);
  EXPECT_EQ(rest.wake_at, s.now.mono + base::Duration{300'000});
}

TEST(RepairLimit, WhatAPersonAsksForIsNotLimited) {
  Scene s = broken(50);
  EXPECT_FALSE(is<Claim>(s.decide()));
  s.resource.rotate = "now";
  const Decision d = s.decide();
  ASSERT_TRUE(is<Claim>(d)) << name(d);
  EXPECT_EQ(next_of(d).repairs.count, 50) << "nor does it count";
}

TEST(RepairLimit, WhatIsPlannedIsNotLimited) {
  Scene s;
  s.resource.status.repairs = {50, kWall};
  s.resource.status.issued_at = after_s(-29 * 86'400);
  s.active().key.expires = after_s(86'400);
  EXPECT_EQ(next_of(s.decide()).claim->reason, "Expiring");
}

TEST(RepairLimit, AQuietLifetimeResetsIt) {
  constexpr std::int64_t kLife = 720 * 3'600;
  EXPECT_EQ(repairs_so_far(broken(5, -kLife + 1).observed()), 5);
  EXPECT_EQ(repairs_so_far(broken(5, -kLife).observed()), 0);
  EXPECT_EQ(next_of(broken(5, -kLife).decide()).repairs.count, 1);
  Scene never = broken(5, -86'400 + 1);
  never.resource.spec.settings.expires_in = base::Duration{0};
  EXPECT_EQ(repairs_so_far(never.observed()), 5);
  never.resource.status.repairs.last_time = after_s(-86'400);
  EXPECT_EQ(repairs_so_far(never.observed()), 0) << "24 hours where a key never expires";
}

TEST(RepairLimit, AClockThatWasAheadHoldsNothingUpForLongerThanTheWait) {
  Scene s = broken(2, 48 * 3'600);
  s.began = s.now.mono;
  s.at_rest();
  EXPECT_EQ(s.decide().wake_at, s.now.mono + base::Duration{60'000});
  s.now.mono = s.now.mono + base::Duration{60'000};
  EXPECT_TRUE(is<Claim>(s.decide()));
}

TEST(RepairLimit, AClockThatIsSetAheadDoesNotEndTheWait) {
  Scene s = broken(5);
  s.pass(std::chrono::seconds(5));
  s.set_clock(std::chrono::hours(48));
  EXPECT_FALSE(is<Claim>(s.decide()));
}

TEST(RepairBrake, HoldsAMassEventUpAndIsTold) {
  Scene s = broken(0);
  s.account.repair_allowed = false;
  s.account.repair_at = s.now.mono + base::Duration{600'000};
  const Decision d = s.decide();
  EXPECT_EQ(told(d), "Ready=False/RepairLimited Stalled");
  s.at_rest();
  EXPECT_EQ(s.decide().wake_at, s.account.repair_at);
  s.resource.rotate = "now";
  EXPECT_TRUE(is<Claim>(s.decide())) << "asked for is not braked";
}

TEST(RepairBrake, DoesNotHoldUpAFirstIssue) {
  Scene s = Scene::fresh();
  s.account.repair_allowed = false;
  EXPECT_TRUE(is<Claim>(s.decide()));
}

TEST(RepairLimit, HoldsForTheClaimThatReplacesABurntOne) {
  Scene s = broken(5);
  s.claimed(4, "SecretMissing");
  s.resource.status.claim->since = after_s(-600);
  s.flight.dry_run_passed = true;
  EXPECT_FALSE(is<Claim>(s.decide())) << "restarts change nothing";
  s.resource.status.claim->reason = "Requested";
  EXPECT_TRUE(is<Claim>(s.decide())) << name(s.decide());
}

// Missing for as long as it takes to believe it, with one repair a minute ago.
Scene never_shown(std::optional<base::Duration> youngest) {
  constexpr std::string_view kId = "dc5jk45qmd2qpoq3llo0";
  Scene s = broken(1, -60);
  s.secret_state = SecretState::kOurs;
  s.resource.status.key_id = s.secret.key_id = kId;
  s.keys.clear();
  s.account.before = s.flight.seen_at;
  if (youngest) s.account.youngest_shown = *netbird::made_at(kId) + *youngest;
  return s;
}

TEST(RepairLimit, AKeyThatNoListEverShowedIsReplacedOnceAnHourAndItIsTold) {
  for (const auto& youngest : {std::optional<base::Duration>{}, {std::chrono::seconds(4)}}) {
    Scene s = never_shown(youngest);
    const Decision d = s.decide();
    EXPECT_EQ(told(d), "Ready=False/RepairLimited Stalled");
    const std::string message = condition(next_of(d), "Ready")->message;
    EXPECT_NE(message.find(s.resource.status.key_id), std::string::npos) << message;
    EXPECT_NE(message.find("cache"), std::string::npos) << message;
    s.at_rest();
    EXPECT_EQ(s.decide().wake_at, s.now.mono + base::Duration{3'600'000 - 60'000});
  }
}

TEST(RepairLimit, AListThatShowsALaterKeyIsNotBehind) {
  Scene s = never_shown(std::chrono::seconds(5));
  EXPECT_TRUE(is<Claim>(s.decide())) << name(s.decide());
}

// Found by kills on the real servers: what was asked for waited behind the repair that was claimed.
TEST(RepairLimit, WhatIsAskedForMeanwhileGoesBeforeTheClaimedRepair) {
  Scene s = broken(5);
  s.account.repair_allowed = false;
  s.claimed(4, "SecretMissing");
  s.resource.status.failed_issuance_attempts = 5;
  s.flight.dry_run_passed = true;
  ASSERT_FALSE(is<Claim>(s.decide()));
  s.resource.rotate = "now";
  const Decision d = s.decide();
  ASSERT_TRUE(is<Claim>(d)) << name(d);
  EXPECT_EQ(next_of(d).claim->reason, "Requested");
  EXPECT_EQ(next_of(d).claim->rotate, "now");
  EXPECT_EQ(next_of(d).repairs.count, 5) << "it is no repair";
  s.resource.status = next_of(d);
  EXPECT_FALSE(is<Claim>(s.decide())) << "once";
}

TEST(RepairLimit, APersonsOwnReasonsAreNone) {
  const Scene s = broken(50);
  EXPECT_TRUE(wait_for_repair(s.observed(), "KeyMissing"));
  EXPECT_TRUE(wait_for_repair(s.observed(), "SecretMissing"));
  EXPECT_TRUE(wait_for_repair(s.observed(), "SecretAltered"));
  for (const char* reason : {"FirstIssue", "SpecChanged", "Requested", "Unrevoked", "Expiring",
                             "Interval", "Usage", "Overused"}) {
    EXPECT_FALSE(wait_for_repair(s.observed(), reason)) << reason;
  }
}

}  // namespace
}  // namespace nbkeys::engine
