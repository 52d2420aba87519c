#include "engine/decide.h"

#include <gtest/gtest.h>

#include "scene.h"

namespace nbkeys::engine {
namespace {

using testing::after_s;
using testing::is;
using testing::kWall;
using testing::ms;
using testing::name;
using testing::next_of;
using testing::Scene;
using testing::told;

TEST(Ladder, AStaleResourceIsReadBeforeAnythingElse) {
  Scene s;
  s.flight.needs_refresh = true;
  s.resource.meta.deleting = kWall;
  EXPECT_EQ(name(s.decide()), "read_setupkey");
}

TEST(Ladder, WhatCannotBeReadWaitsAndIsTold) {
  Scene s;
  s.flight.needs_refresh = true;
  s.failed(ReadSetupKey{}, base::ErrorCode::kForbidden, "no right");
  const Decision d = s.decide();
  EXPECT_EQ(told(d), "Ready=False/APIError Stalled");
  EXPECT_EQ(d.wake_at, s.flight.troubles.hold(ReadSetupKey{}, s.now.mono));
}

TEST(Ladder, WhatFailedWaitsItsTimeAndIsToldOnce) {
  Scene s = Scene::fresh();
  s.resource.meta.finalizers.clear();
  s.failed(AddFinalizer{}, base::ErrorCode::kForbidden, "no right");
  const Decision d = s.decide();
  EXPECT_EQ(told(d), "Ready=False/APIError Stalled");
  ASSERT_TRUE(d.event);
  s.at_rest();
  const Decision waits = s.decide();
  ASSERT_TRUE(is<Rest>(waits)) << name(waits);
  ASSERT_TRUE(waits.wake_at);
  s.now.mono = *waits.wake_at;
  EXPECT_EQ(name(s.decide()), "add_finalizer");
}

// Words of another request with the same code, such as a new request id, are no news.
TEST(Ladder, WordsThatChangeFromAnswerToAnswerAreWrittenOnce) {
  Scene s = Scene::fresh();
  s.resource.meta.finalizers.clear();
  s.failed(AddFinalizer{}, base::ErrorCode::kForbidden, "request 1");
  s.at_rest();
  for (int i = 2; i < 10; ++i) {
    s.failed(AddFinalizer{}, base::ErrorCode::kForbidden, "request " + std::to_string(i));
    EXPECT_TRUE(is<Rest>(s.decide())) << i;
  }
}

TEST(Ladder, AStatusThatCannotBeWrittenIsNotTriedAgainAndAgain) {
  Scene s;
  s.active().key.used_times = 2;
  s.failed(WriteStatus{}, base::ErrorCode::kForbidden);
  const Decision d = s.decide();
  ASSERT_TRUE(is<Rest>(d)) << name(d);
  EXPECT_EQ(d.wake_at, s.flight.troubles.hold(WriteStatus{}, s.now.mono));
}

TEST(Ladder, DeletionGoesBeforeABadSpec) {
  Scene s;
  s.resource.meta.deleting = kWall;
  s.resource.spec_error = "bad";
  EXPECT_EQ(name(s.decide()), "delete_key");
}

TEST(Ladder, ABadSpecIsToldAndNothingIsDone) {
  Scene s = Scene::fresh();
  s.resource.spec_error = "spec.expiresIn is not a duration";
  s.resource.meta.finalizers.clear();
  const Decision d = s.decide();
  EXPECT_EQ(told(d), "Ready=False/InvalidSpec Stalled");
  s.resource.status = next_of(d);
  EXPECT_EQ(name(s.decide()), "rest");
}

TEST(Ladder, TheFinalizerComesBeforeAnyKey) {
  Scene s = Scene::fresh();
  s.resource.meta.finalizers = {"other"};
  EXPECT_EQ(name(s.decide()), "add_finalizer");
}

TEST(Ladder, TheSecretsPlaceIsLookedAtBesideTheFinalizer) {
  Scene s = Scene::fresh();
  s.resource.meta.finalizers.clear();
  s.secret_state = SecretState::kUnknown;
  ASSERT_TRUE(s.decide().beside.has_value());
  EXPECT_STREQ(action_name(*s.decide().beside), "look_for_secret");
  s.secret_state = SecretState::kAbsent;
  EXPECT_FALSE(s.decide().beside.has_value()) << "it is known";
  s.secret_state = SecretState::kUnknown;
  s.resource.spec.suspend = true;
  EXPECT_FALSE(s.decide().beside.has_value()) << "no key will be issued";
}

TEST(Ladder, AnOpenClaimIsSettledBeforeANewNeed) {
  Scene s;
  s.claimed(4);
  s.hold(4);
  s.resource.rotate = "again";
  EXPECT_EQ(name(s.decide()), "write_secret");
}

TEST(Rest, IsWokenByTheNextDate) {
  Scene s;
  s.resource.status.expires_at = s.active().key.expires = s.secret.expires_at = after_s(3'667);
  s.resource.status.issued_at = after_s(-5'333);  // a third of 9,000 s before its end
  s.at_rest();
  const Decision d = s.decide();
  ASSERT_TRUE(is<Rest>(d)) << name(d);
  ASSERT_TRUE(d.wake_at);
  EXPECT_GT(*d.wake_at - s.now.mono, std::chrono::seconds(666));
  EXPECT_LT(*d.wake_at - s.now.mono, std::chrono::seconds(668));
}

TEST(Rest, LooksAgainWithinTheHourSoThatAClockThatWasSetStrandsNothing) {
  const Scene s;
  const Decision d = s.decide();
  ASSERT_TRUE(d.wake_at);
  EXPECT_LE(*d.wake_at - s.now.mono, std::chrono::hours(1) + base::Duration{1});
}

TEST(Rest, UsageIsTakenOverOncePerList) {
  Scene s;
  s.active().key.used_times = 2;
  s.active().key.last_used = after_s(-5);
  const Decision d = s.decide();
  ASSERT_TRUE(is<WriteStatus>(d));
  EXPECT_EQ(next_of(d).used_times, 2);
  EXPECT_EQ(next_of(d).last_used, after_s(-5));
  s.resource.status = next_of(d);
  EXPECT_TRUE(is<Rest>(s.decide()));
}

TEST(Rest, ARevocationBehindOurBackIsAnEventOnce) {
  Scene s;
  s.active().key.revoked = true;
  s.active().key.state = netbird::KeyState::kRevoked;
  Decision d = s.decide();
  ASSERT_TRUE(is<WriteStatus>(d));
  ASSERT_TRUE(d.event);
  EXPECT_TRUE(d.event->warning);
  EXPECT_EQ(d.event->reason, "RevokedExternally");
  s.resource.status = next_of(d);
  s.active().key.used_times = 1;
  d = s.decide();
  EXPECT_TRUE(is<WriteStatus>(d));
  EXPECT_FALSE(d.event);
}

TEST(Rest, BeforeTheFirstListNothingIsSaid) {
  Scene s;
  s.account.snapshot.reset();
  s.account.state = AccountState::kUnknown;
  s.keys.clear();
  const Decision d = s.decide();
  EXPECT_TRUE(is<Rest>(d));
  EXPECT_EQ(told(s.resource.status), "Ready=True/Issued");
}

}  // namespace
}  // namespace nbkeys::engine
