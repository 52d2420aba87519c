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

TEST(FirstIssue, LooksForTheSecretBeforeAnythingElse) {
  Scene s = Scene::fresh();
  s.secret_state = SecretState::kUnknown;
  EXPECT_EQ(name(s.decide()), "look_for_secret");
}

TEST(FirstIssue, ClaimsTheFirstRevision) {
  const Scene s = Scene::fresh();
  const Decision d = s.decide();
  ASSERT_TRUE(is<Claim>(d));
  EXPECT_EQ(as<Claim>(d).revision, 1u);
  ASSERT_TRUE(next_of(d).claim);
  EXPECT_EQ(next_of(d).claim->revision, 1u);
  EXPECT_EQ(next_of(d).claim->since, kWall);
  EXPECT_EQ(next_of(d).claim->reason, "FirstIssue");
  EXPECT_EQ(next_of(d).last_revision, 1u);
  EXPECT_EQ(d.priority, Priority::kFirstIssue);
  EXPECT_EQ(told(d), "Ready=False/Progressing Reconciling");
}

TEST(FirstIssue, PostsWhatThisProcessClaimed) {
  Scene s = Scene::fresh();
  s.claimed(1);
  s.flight.claimed = 1;
  const Decision d = s.decide();
  ASSERT_TRUE(is<CreateKey>(d));
  EXPECT_EQ(as<CreateKey>(d).revision, 1u);
}

TEST(FirstIssue, WritesTheHeldKey) {
  Scene s = Scene::fresh();
  s.claimed(1);
  s.hold(1);
  EXPECT_EQ(name(s.decide()), "write_secret");
}

TEST(FirstIssue, ClosesTheClaimWhenTheSecretCarriesIt) {
  Scene s = Scene::fresh();
  s.claimed(1, "FirstIssue");
  s.secret_of(1);
  s.keys = {s.key(1)};
  const Decision d = s.decide();
  ASSERT_TRUE(is<WriteStatus>(d));
  EXPECT_FALSE(next_of(d).claim);
  EXPECT_EQ(next_of(d).revision, 1u);
  EXPECT_EQ(next_of(d).key_id, "id1");
  EXPECT_EQ(next_of(d).key_digest, "digest1");
  EXPECT_EQ(next_of(d).state, "valid");
  EXPECT_EQ(next_of(d).used_times, 0);
  EXPECT_EQ(next_of(d).binding.uid, "secret-uid");
  EXPECT_TRUE(next_of(d).previous_keys.empty());
  EXPECT_EQ(told(d), "Ready=True/Issued");
  EXPECT_EQ(next_of(d).observed_generation, 2);
  ASSERT_TRUE(d.event);
  EXPECT_EQ(d.event->reason, "Issued");
}

TEST(FirstIssue, AnotherProcessesSecretIsFinishedToo) {
  Scene s = Scene::fresh();
  s.claimed(1, "FirstIssue");
  s.secret_of(1);
  s.keys.clear();  // this process has no list that shows the key
  const Decision d = s.decide();
  ASSERT_TRUE(is<WriteStatus>(d));
  EXPECT_EQ(next_of(d).key_id, "id1");
  EXPECT_EQ(told(d), "Ready=False/Progressing Reconciling") << "until NetBird's list confirms it";
  s.resource.status = next_of(d);
  s.flight.seen_revision = 1;
  s.flight.seen_at = s.now.mono;
  EXPECT_TRUE(s.decide().wants_list);
}

TEST(FirstIssue, NothingIsClaimedBeforeTheRightToWriteIsKnown) {
  Scene s = Scene::fresh();
  s.account.right_asked = false;
  const Decision d = s.decide();
  EXPECT_TRUE(is<Rest>(d));
  EXPECT_FALSE(d.wants_list) << "no list tells";
  s.account.right_asked = true;
  EXPECT_TRUE(is<Claim>(s.decide()));
}

TEST(Claims, ARevisionIsNeverUsedTwice) {
  Scene s = Scene::fresh();
  s.resource.status.last_revision = 4;
  EXPECT_EQ(as<Claim>(s.decide()).revision, 5u);
  s.keys = {s.key(9)};
  EXPECT_EQ(as<Claim>(s.decide()).revision, 10u) << "a mark at NetBird counts";
  s.keys = {s.key(7)};
  s.keys.back().revision = 1;  // as if its mark were older
  s.resource.status.previous_keys = {{"id7", 7, after_s(99)}};
  s.resource.status.last_rotation_time = kWall;
  EXPECT_EQ(as<Claim>(s.decide()).revision, 8u) << "a previous key counts";
}

TEST(Claims, ABurntOneIsReplacedByTheNext) {
  Scene s = Scene::fresh();
  s.claimed(4);
  s.resource.status.claim->since = after_s(-60);
  s.resource.status.claim->rotate = "now";
  EXPECT_EQ(name(s.decide()), "try_writing_secret") << "its fault may be the Secret's, and lasting";
  s.flight.dry_run_passed = true;
  const Decision d = s.decide();
  ASSERT_TRUE(is<Claim>(d));
  EXPECT_EQ(as<Claim>(d).revision, 5u);
  EXPECT_EQ(next_of(d).failed_issuance_attempts, 1);
  EXPECT_EQ(next_of(d).last_failure_time, kWall);
  EXPECT_EQ(next_of(d).claim->rotate, "now") << "it still answers the annotation";
}

TEST(Claims, BurntOnesBackOffSoThatACrashLoopMakesFewKeys) {
  Scene s = Scene::fresh();
  s.claimed(4);
  s.resource.status.observed_generation = s.resource.meta.generation;
  s.resource.status.failed_issuance_attempts = 3;
  s.at_rest();
  Decision d = s.decide();
  ASSERT_TRUE(is<Rest>(d)) << name(d);
  ASSERT_TRUE(d.wake_at);
  EXPECT_GE(*d.wake_at - s.now.mono, std::chrono::seconds(125));
  s.flight.dry_run_passed = true;
  s.pass(std::chrono::seconds(125));
  EXPECT_EQ(name(s.decide()), "claim");
}

TEST(Claims, BackOffEndsInABound) {
  Scene s = Scene::fresh();
  s.claimed(4);
  s.resource.status.observed_generation = s.resource.meta.generation;
  s.resource.status.failed_issuance_attempts = 1'000'000;
  s.flight.dry_run_passed = true;
  s.pass(std::chrono::seconds(291));
  EXPECT_NE(name(s.decide()), "claim");
  s.pass(std::chrono::seconds(1));
  EXPECT_EQ(name(s.decide()), "claim");
  s.keys = {s.key(4)};
  EXPECT_NE(name(s.decide()), "claim") << "a key of the burnt revision is there";
  s.pass(std::chrono::seconds(608));
  EXPECT_EQ(name(s.decide()), "claim");
}

TEST(Claims, AnEditEndsTheBackOff) {
  Scene s = Scene::fresh();
  s.claimed(4);
  s.resource.status.observed_generation = s.resource.meta.generation - 1;
  s.resource.status.failed_issuance_attempts = 5;
  s.flight.dry_run_passed = true;
  EXPECT_EQ(name(s.decide()), "claim");
}

TEST(Claims, AnOldOneIsNotPosted) {
  // Whoever deletes the resource counts from the claim's time to the POST's last effect.
  Scene s = Scene::fresh();
  s.claimed(1);
  s.flight.claimed = 1;
  s.resource.status.claim->since = after_s(-60);
  const Decision d = s.decide();
  ASSERT_TRUE(is<Claim>(d)) << name(d);
  EXPECT_EQ(next_of(d).claim->since, kWall);
  EXPECT_EQ(as<Claim>(d).revision, 1u) << "it was never asked for, so it is not burnt";
  EXPECT_EQ(next_of(d).failed_issuance_attempts, 0) << "nothing failed";
}

TEST(Claims, AClockThatWasSetBackDoesNotPostEither) {
  Scene s = Scene::fresh();
  s.claimed(1);
  s.flight.claimed = 1;
  s.resource.status.claim->since = after_s(600);
  EXPECT_FALSE(is<CreateKey>(s.decide()));
}

// NetBird refused the POST of its first key just now.
Scene refused_key() {
  Scene s = Scene::fresh();
  s.claimed(1);
  s.flight.claimed = 1;
  s.flight.troubles.failed(
      CreateKey{}, {base::ErrorCode::kUnprocessable, "create", "unknown group"}, s.now.mono);
  return s;
}

TEST(Claims, ARefusedPostIsTold) {
  const Decision d = refused_key().decide();
  ASSERT_TRUE(is<WriteStatus>(d));
  EXPECT_TRUE(next_of(d).claim) << "it is as good as before";
  EXPECT_EQ(next_of(d).failed_issuance_attempts, 0) << "no revision is burnt";
  EXPECT_EQ(told(d), "Ready=False/InvalidSpec Stalled");
  EXPECT_NE(condition(next_of(d), "Ready")->message.find("unknown group"), std::string::npos);
  ASSERT_TRUE(d.event);
  EXPECT_TRUE(d.event->warning);
}

TEST(Claims, NothingIsPreparedForAPostThatHasToWait) {
  Scene s = refused_key();
  s.at_rest();
  s.secret_state = SecretState::kUnknown;
  s.resource.status.claim->since = after_s(-600);
  const Decision d = s.decide();
  EXPECT_TRUE(is<Rest>(d)) << name(d);
  EXPECT_EQ(d.wake_at, s.flight.troubles.hold(CreateKey{}, s.now.mono));
}

TEST(Claims, ARefusedPostIsSentAgainUnderItsOwnClaim) {
  Scene s = refused_key();
  s.at_rest();
  s.pass(std::chrono::minutes(5));
  const Decision d = s.decide();
  ASSERT_TRUE(is<Claim>(d)) << name(d);
  EXPECT_EQ(as<Claim>(d).revision, 1u);
  EXPECT_EQ(next_of(d).claim->since, s.now.wall);
  EXPECT_EQ(told(d), "Ready=False/InvalidSpec Stalled") << "until it succeeds";
}

TEST(Claims, AClaimThatTheSpecNoLongerNeedsIsDroppedAfterARefusal) {
  Scene s;
  s.claimed(4, "SpecChanged");
  s.flight.claimed = 4;
  s.flight.troubles.failed(CreateKey{}, {base::ErrorCode::kUnprocessable, "create", "bad limit"},
                           s.now.mono);
  s.flight.troubles.clear();  // as the edit that puts the spec back does
  s.resource.status.claim->since = after_s(-600);
  const Decision d = s.decide();
  ASSERT_TRUE(is<WriteStatus>(d)) << name(d);
  EXPECT_FALSE(next_of(d).claim);
}

TEST(Claims, AfterARefusalTheNextTryWaitsUnlessTheSpecIsEdited) {
  Scene s = Scene::fresh();
  s.resource.status.last_revision = 1;
  s.resource.status.failed_issuance_attempts = 1;
  s.resource.status.last_failure_time = kWall;
  s.resource.status.observed_generation = 2;
  Decision d = s.decide();
  ASSERT_TRUE(is<Rest>(d));
  ASSERT_TRUE(d.wake_at);
  s.resource.meta.generation = 3;
  EXPECT_EQ(name(s.decide()), "claim");
}

// Found by the simulation: the next try waited for the time that a clock, put right since, had been
// ahead.
TEST(Claims, AFailureInTheFutureHoldsNothingUp) {
  Scene s = Scene::fresh();
  s.resource.status.last_revision = 3;
  s.resource.status.failed_issuance_attempts = 3;
  s.resource.status.last_failure_time = after_s(7'200);
  s.resource.status.observed_generation = s.resource.meta.generation;
  EXPECT_TRUE(is<Claim>(s.decide()));
  s.claimed(4);
  s.resource.status.claim->since = after_s(7'200);
  s.flight.dry_run_passed = true;
  ASSERT_TRUE(is<Claim>(s.decide()));
  EXPECT_EQ(as<Claim>(s.decide()).revision, 5u);
}

TEST(Claims, SpecRevokedDropsTheClaim) {
  Scene s = Scene::fresh();
  s.claimed(1);
  s.flight.claimed = 1;
  s.resource.spec.revoked = true;
  const Decision d = s.decide();
  ASSERT_TRUE(is<WriteStatus>(d));
  EXPECT_FALSE(next_of(d).claim);
  EXPECT_EQ(next_of(d).last_revision, 1u);
}

struct Blocked {
  const char* name;
  void (*change)(Scene&);
  const char* action;
  const char* told;  // nullptr: nothing is said yet
};

// What stands in the way of an issue, told and without any write at NetBird: before the claim and
// with a claim in hand alike.
class InTheWay : public ::testing::TestWithParam<std::tuple<Blocked, bool>> {};

TEST_P(InTheWay, IsToldAndNothingIsPosted) {
  const auto& [c, claimed] = GetParam();
  Scene s = Scene::fresh();
  if (claimed) {
    s.claimed(1);
    s.flight.claimed = 1;
  }
  c.change(s);
  const Decision d = s.decide();
  EXPECT_EQ(name(d), c.action);
  if (c.told != nullptr) {
    EXPECT_EQ(told(d), c.told);
  }
  if (is<WriteStatus>(d)) {
    s.at_rest();
    EXPECT_TRUE(is<Rest>(s.decide())) << "told once";
  }
}

INSTANTIATE_TEST_SUITE_P(
    All, InTheWay,
    ::testing::Combine(
        ::testing::Values(
            Blocked{"Suspended", [](Scene& s) { s.resource.spec.suspend = true; }, "write_status",
                    "Ready=False/Suspended Stalled"},
            Blocked{"TokenRefused",
                    [](Scene& s) {
                      s.account.state = AccountState::kRefused;
                      s.account.problem = "refused";
                    },
                    "write_status", "Ready=False/AccountNotReady Stalled"},
            Blocked{"Failing", [](Scene& s) { s.account.state = AccountState::kFailing; },
                    "write_status", "Ready=False/APIError Reconciling"},
            Blocked{"NothingHeardYet", [](Scene& s) { s.account.state = AccountState::kUnknown; },
                    "rest", nullptr},
            Blocked{"NoListYet", [](Scene& s) { s.account.snapshot.reset(); }, "rest", nullptr},
            Blocked{"GroupMissing",
                    [](Scene& s) {
                      s.groups.state = GroupFacts::State::kMissing;
                      s.groups.name = "servers";
                    },
                    "write_status", "Ready=False/GroupNotFound Stalled"},
            Blocked{"GroupAmbiguous",
                    [](Scene& s) {
                      s.groups.state = GroupFacts::State::kAmbiguous;
                      s.groups.name = "servers";
                    },
                    "write_status", "Ready=False/InvalidSpec Stalled"},
            Blocked{"GroupsNotLoaded",
                    [](Scene& s) { s.groups.state = GroupFacts::State::kNotLoaded; }, "rest",
                    nullptr}),
        ::testing::Bool()),
    [](const auto& tested) {
      return std::string(std::get<0>(tested.param).name) +
             (std::get<1>(tested.param) ? "Claimed" : "");
    });

// A 429 is an answer: the claim stands in line for its permit, and its owner is told why.
TEST(RateLimited, AnIssueGoesOnAndSaysWhatItWaitsFor) {
  Scene s = Scene::fresh();
  s.account.state = AccountState::kRateLimited;
  s.account.problem = "NetBird limits our requests";
  EXPECT_EQ(told(s.decide()), "Ready=False/RateLimited Reconciling");
  s.resource.status = next_of(s.decide());
  const Decision d = s.decide();
  ASSERT_TRUE(is<Claim>(d)) << name(d);
  EXPECT_EQ(d.priority, Priority::kFirstIssue);
}

TEST(RateLimited, TheSameClaimIsSentAgainOnceItIsYoungAgain) {
  Scene s = Scene::fresh();
  s.claimed(1, "FirstIssue");
  s.flight.claimed = 1;
  s.account.state = AccountState::kRateLimited;
  s.at_rest();
  EXPECT_EQ(told(s.resource.status), "Ready=False/RateLimited Reconciling") << "told why it waits";
  EXPECT_EQ(as<CreateKey>(s.decide()).revision, 1u);
  s.pass(std::chrono::minutes(5));
  const Decision d = s.decide();
  ASSERT_TRUE(is<Claim>(d)) << name(d);
  EXPECT_EQ(as<Claim>(d).revision, 1u) << "no revision is burnt";
  EXPECT_EQ(next_of(d).claim->since, s.now.wall) << "whoever deletes relies on its age";
  EXPECT_EQ(next_of(d).last_revision, 1u);
  EXPECT_FALSE(d.wants_list) << "nothing is read before it";
  s.resource.status = next_of(d);
  EXPECT_EQ(as<CreateKey>(s.decide()).revision, 1u);
}

TEST(InTheWayOfIssue, MissingThingsAreAskedFor) {
  Scene s = Scene::fresh();
  s.account.state = AccountState::kUnknown;
  EXPECT_TRUE(s.decide().wants_list);
  s = Scene::fresh();
  s.groups.state = GroupFacts::State::kNotLoaded;
  EXPECT_TRUE(s.decide().wants_groups);
  s.groups.state = GroupFacts::State::kMissing;
  EXPECT_TRUE(s.decide().wants_groups) << "it heals when the group appears";
}

TEST(SecretConflict, AForeignSecretIsToldAndNothingIsClaimed) {
  Scene s = Scene::fresh();
  s.secret_state = SecretState::kForeign;
  const Decision d = s.decide();
  EXPECT_EQ(told(d), "Ready=False/SecretConflict Stalled");
  ASSERT_TRUE(d.wake_at) << "it does not show in the watch, so it is looked for again";
  EXPECT_GT(*d.wake_at, s.now.mono);
  EXPECT_FALSE(next_of(d).claim);
}

TEST(SecretConflict, AHeldKeyIsNotWrittenOntoIt) {
  Scene s = Scene::fresh();
  s.claimed(1);
  s.hold(1);
  s.secret_state = SecretState::kForeign;
  EXPECT_EQ(told(s.decide()), "Ready=False/SecretConflict Stalled");
  s.secret_state = SecretState::kUnknown;
  EXPECT_EQ(name(s.decide()), "look_for_secret");
}

TEST(SecretRefused, TheHeldKeyWaitsAndNoFurtherOneIsMade) {
  Scene s = Scene::fresh();
  s.claimed(1);
  s.hold(1);
  s.failed(WriteSecret{}, base::ErrorCode::kForbidden, "no right");
  const Decision d = s.decide();
  EXPECT_EQ(told(d), "Ready=False/APIError Stalled");
  const auto until = s.flight.troubles.hold(WriteSecret{}, s.now.mono);
  ASSERT_TRUE(until);
  EXPECT_EQ(d.wake_at, until);
  s.now.mono = *until;
  EXPECT_EQ(name(s.decide()), "write_secret");
}

TEST(SecretTerminating, IsWaitedFor) {
  Scene s = Scene::fresh();
  s.secret_of(0);
  s.secret.key_id.clear();
  s.secret.deleting = true;
  const Decision d = s.decide();
  ASSERT_TRUE(is<Rest>(d)) << name(d);
  EXPECT_TRUE(d.wake_at);
}

TEST(IssuePriority, FollowsWhoAskedForIt) {
  const std::pair<const char*, Priority> cases[] = {
      {"Requested", Priority::kAskedRotation},  {"SpecChanged", Priority::kAskedRotation},
      {"Unrevoked", Priority::kAskedRotation},  {"Expiring", Priority::kPlannedRotation},
      {"Interval", Priority::kPlannedRotation}, {"Usage", Priority::kPlannedRotation},
      {"Overused", Priority::kPlannedRotation}, {"SecretMissing", Priority::kRepair},
      {"SecretAltered", Priority::kRepair},     {"KeyMissing", Priority::kRepair},
  };
  for (const auto& [reason, priority] : cases) {
    Scene s;
    s.claimed(4, reason);
    s.flight.claimed = 4;
    const Decision d = s.decide();
    ASSERT_TRUE(is<CreateKey>(d)) << reason << ": " << name(d);
    EXPECT_EQ(d.priority, priority) << reason;
  }
}

TEST(Rotation, ClaimsWhileTheOldKeyStaysGood) {
  Scene s;
  s.resource.rotate = "now";
  const Decision d = s.decide();
  ASSERT_TRUE(is<Claim>(d));
  EXPECT_EQ(as<Claim>(d).revision, 4u);
  EXPECT_EQ(next_of(d).claim->reason, "Requested");
  EXPECT_EQ(next_of(d).claim->rotate, "now");
  EXPECT_EQ(d.priority, Priority::kAskedRotation);
  EXPECT_EQ(told(d), "Ready=True/Issued Rotating");
}

TEST(Rotation, TheOldKeyRetiresAfterTheOverlap) {
  Scene s;
  s.claimed(4);
  s.resource.status.claim->rotate = "now";
  s.resource.rotate = "now";
  s.secret_of(4);
  s.keys.push_back(s.key(4));
  const Decision d = s.decide();
  ASSERT_TRUE(is<WriteStatus>(d));
  ASSERT_EQ(next_of(d).previous_keys.size(), 1u);
  EXPECT_EQ(next_of(d).previous_keys[0].key_id, "id3");
  EXPECT_EQ(next_of(d).previous_keys[0].retire_at, after_s(3'600));
  EXPECT_EQ(next_of(d).last_handled_rotate, "now");
  EXPECT_EQ(next_of(d).last_rotation_reason, "Requested");
  EXPECT_EQ(next_of(d).last_rotation_time, kWall);
  EXPECT_EQ(told(d), "Ready=True/Issued");
  ASSERT_TRUE(d.event);
  EXPECT_EQ(d.event->reason, "Rotated");
}

// A list may lie: whatever it says, the key that a machine still has keeps its overlap.
TEST(Rotation, AKeyThatSeemsToBeGoneKeepsItsOverlapToo) {
  Scene s;
  s.claimed(4);
  s.secret_of(4);
  s.keys = {s.key(4)};
  s.gone = {"id3"};
  const Decision d = s.decide();
  ASSERT_EQ(next_of(d).previous_keys.size(), 1u);
  EXPECT_EQ(next_of(d).previous_keys[0].key_id, "id3");
  EXPECT_EQ(next_of(d).previous_keys[0].retire_at, after_s(3'600));
}

TEST(Rotation, TheSameAnnotationDoesNothingMore) {
  Scene s;
  s.resource.rotate = s.resource.status.last_handled_rotate = "now";
  EXPECT_TRUE(is<Rest>(s.decide()));
}

TEST(Rotation, ASpecEditedMeanwhileIsNotTakenForMet) {
  Scene s;
  s.claimed(4);
  s.secret_of(4);
  s.secret.settings = "of the spec before";
  s.keys.push_back(s.key(4));
  s.resource.meta.generation = 3;
  const Decision d = s.decide();
  EXPECT_EQ(next_of(d).observed_generation, 2);
  s.resource.status = next_of(d);
  EXPECT_EQ(as<Claim>(s.decide()).revision, 5u) << "and is met by the next key";
}

TEST(Room, TheOldestPreviousKeyGoesBeforeThereIsOneMore) {
  Scene s;
  s.resource.rotate = "now";
  s.resource.spec.revision_history_limit = 2;
  s.resource.status.previous_keys = {{"id1", 1, after_s(999)}, {"id2", 2, after_s(999)}};
  s.resource.status.last_rotation_time = kWall;
  s.keys.push_back(s.key(1));
  s.keys.push_back(s.key(2));
  Decision d = s.decide();
  ASSERT_TRUE(is<DeleteKey>(d));
  EXPECT_EQ(as<DeleteKey>(d).key_id, "id1");
  s.keys.erase(s.keys.begin() + 1);
  d = s.decide();
  ASSERT_TRUE(is<WriteStatus>(d));
  ASSERT_EQ(next_of(d).previous_keys.size(), 1u);
  EXPECT_EQ(next_of(d).previous_keys[0].key_id, "id2");
  s.resource.status = next_of(d);
  EXPECT_TRUE(is<Claim>(s.decide()));
}

TEST(Drift, ASecretThatIsDeletedAgainAndAgainMakesFewKeys) {
  Scene s;
  s.secret_state = SecretState::kAbsent;
  s.flight.dry_run_passed = true;
  const Decision first = s.decide();
  EXPECT_EQ(as<Claim>(first).revision, 4u);
  EXPECT_EQ(next_of(first).repairs.count, 1);
  EXPECT_EQ(next_of(first).repairs.last_time, kWall);
  s.resource.status.repairs = {1, after_s(-5)};
  s.at_rest();
  const Decision d = s.decide();
  ASSERT_TRUE(is<Rest>(d)) << name(d);
  ASSERT_TRUE(d.wake_at);
  s.pass(std::chrono::seconds(5));
  EXPECT_TRUE(is<Claim>(s.decide()));
}

// Found on a real server: 4294967295 in the annotation of a Secret, and rotation was dead for good.
TEST(HighestRevision, ASecretThatIsFarAheadIsSomebodysJoke) {
  for (const std::uint32_t there : {1'004u, 4'294'967'294u, 4'294'967'295u}) {
    Scene s;
    s.secret.revision = there;
    EXPECT_EQ(highest_revision(s.observed()), 3u) << there;
  }
  Scene s;
  s.secret.revision = 1'003;
  EXPECT_EQ(highest_revision(s.observed()), 1'003u);
}

TEST(HighestRevision, CountsWhateverIsKnown) {
  Scene s;
  EXPECT_EQ(highest_revision(s.observed()), 3u);
  s.secret.revision = 5;
  EXPECT_EQ(highest_revision(s.observed()), 5u);
  s.resource.status.claim = kube::Claim{6, kWall, "", ""};
  EXPECT_EQ(highest_revision(s.observed()), 6u);
  s.keys.push_back(s.key(8));
  EXPECT_EQ(highest_revision(s.observed()), 8u);
}

}  // namespace
}  // namespace nbkeys::engine
