// Two replicas: one acts, the other takes over, and a leader that was asleep does no harm.

#include "behaviour/suite.h"

namespace nbkeys::behaviour {
namespace {

class LeaderTest : public BehaviourTest {
 protected:
  void SetUp() override {
    BehaviourTest::SetUp();
    if (!world().is_fresh()) GTEST_SKIP() << "the Lease of this world is shared";
  }
  std::string holder() {
    const auto lease = world().get({"leases", "nbkeys-system", "nbkeys"});
    return lease ? fakes::text_at(*lease, {"spec", "holderIdentity"}) : "";
  }
  void start_two() {
    leader_ = start({.leader_elect = true});
    ASSERT_TRUE(await("there is a leader", [&] { return !holder().empty(); }));
    follower_ = start({.leader_elect = true});
    apply("fleet", {{"rotation", {{"overlap", "1s"}}}});
    ASSERT_TRUE(await_whole("fleet"));
  }

  int leader_ = 0;
  int follower_ = 0;
};

TEST_F(LeaderTest, OnlyOneActs) {
  start_two();
  for (int i = 0; i < 5; ++i) apply("more-" + std::to_string(i));
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(await_whole("more-" + std::to_string(i)));
  EXPECT_EQ(posts(), 6);
}

TEST_F(LeaderTest, KilledLeaderIsReplacedWithinTheLease) {
  start_two();
  const std::string before = holder();
  world().kill_operator(leader_);
  rotate("fleet", "after");
  const bool taken = world().until([&] { return holder() != before && !holder().empty(); },
                                   Milliseconds{world().has_virtual_time() ? 21'000 : 9'000});
  EXPECT_TRUE(taken) << holder();
  ASSERT_TRUE(await_revision("fleet", 2));
  ASSERT_TRUE(await_whole("fleet"));
  EXPECT_EQ(posts(), 2);
}

TEST_F(LeaderTest, StoppedLeaderHandsOverAtOnce) {
  start_two();
  EXPECT_EQ(world().stop_operator(leader_), 0);
  rotate("fleet", "after");
  EXPECT_TRUE(world().until([&] { return revision("fleet") == 2; }, Milliseconds{6'000}))
      << "the Lease was released";
}

TEST_F(LeaderTest, PausedLeaderDoesNoHarm) {
  start_two();
  world().pause_operator(leader_);
  rotate("fleet", "while asleep");
  ASSERT_TRUE(await_revision("fleet", 2));
  world().resume_operator(leader_);
  apply("more");
  rotate("fleet", "awake");
  ASSERT_TRUE(await_revision("fleet", 3));
  ASSERT_TRUE(await_whole("fleet"));
  ASSERT_TRUE(await_whole("more"));
  EXPECT_EQ(posts(), 4);
  EXPECT_TRUE(stays("at rest", [&] { return revision("fleet") == 3 && revision("more") == 1; }));
}

// The dangerous nap: asleep between its POST and its Secret, with the answer waiting.
TEST_F(LeaderTest, LeaderPausedWithAKeyInTheAirDoesNoHarm) {
  start_two();
  Fault fault;
  fault.kind = FaultKind::kDelay;
  fault.pattern = "^POST /api/setup-keys$";
  fault.delay = Milliseconds{300};
  world().add_fault(fault, leader_);
  rotate("fleet", "now");
  ASSERT_TRUE(await("the claim is written", [&] { return status("fleet").contains("claim"); }));
  world().wait(Milliseconds{50});
  world().pause_operator(leader_);
  ASSERT_TRUE(await_revision("fleet", 2));
  world().resume_operator(leader_);
  ASSERT_TRUE(await_whole("fleet"));
  EXPECT_TRUE(stays("the key in the Secret is alive", [&] {
    return keys("fleet").size() == 1 && keys("fleet").at(0).at("id") == active_key("fleet");
  }));
  ASSERT_TRUE(await_whole("fleet"));
  if (world().can_enrol()) {
    EXPECT_TRUE(world().enrol(secret_value("fleet")));
  }
}

TEST_F(LeaderTest, LostLeaseStopsTheWork) {
  leader_ = start({.leader_elect = true});
  apply("fleet");
  ASSERT_TRUE(await_ready("fleet"));
  answer_with(500, "/leases");
  world().wait(Milliseconds{world().has_virtual_time() ? 30'000 : 6'000});
  world().forget_requests();
  apply("more");
  EXPECT_TRUE(stays("nobody leads, nobody acts", [&] { return posts() == 0; }));
  world().clear_faults();
  ASSERT_TRUE(await_whole("more"));
}

}  // namespace
}  // namespace nbkeys::behaviour
