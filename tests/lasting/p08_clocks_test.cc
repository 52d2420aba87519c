// Clocks: skew and steps of the operator's clock neither delay nor storm.

#include "lasting/scene.h"

namespace nbkeys::lasting {
namespace {

using fakes::text_at;

// The operator's clock is off by so many hours for days; the servers' are right.
class Skewed : public testing::TestWithParam<int> {};

TEST_P(Skewed, PeersCanEnrolAtAnyTime) {
  Scene scene;
  scene.apply("web", {{"expiresIn", "24h"}});
  scene.inside.start_operator(Scene::options(), GetParam() * kHour);
  const Instant began = scene.time();
  ASSERT_LT(scene.until([&] { return scene.issued(began) > 0; }, kMinute), kMinute);
  scene.pass(kMinute);
  int failed = 0;
  for (int half_hour = 0; half_hour < 2 * 60; ++half_hour) {
    for (int minute = 0; minute < 30 && scene.issued(began) < 60; ++minute) scene.pass(kMinute);
    const sim::KnownSecret* secret = scene.ledger().secret(kTeam, "web");
    const bool enrolled =
        secret != nullptr && scene.inside.netbird.enrol(secret->key, scene.inside.now());
    failed += enrolled ? 0 : 1;
  }
  at_most("enrolments of 120 that failed", failed, 0);
  // One each 16 hours is planned.
  at_most("keys in sixty hours", scene.issued(began), 6);
}

INSTANTIATE_TEST_SUITE_P(Lasting, Skewed, testing::Values(-48, -24, -16, -9, -1, 1, 9, 16, 24, 48),
                         [](const auto& about) {
                           const int hours = about.param;
                           return (hours < 0 ? "behind_" : "ahead_") +
                                  std::to_string(hours < 0 ? -hours : hours) + "h";
                         });

// The clock is wrong when a wait is written, and set right while it lasts.
class Stepped : public testing::TestWithParam<int> {
 protected:
  void begin(const Json& spec = Json::object()) {
    scene_.apply("web", spec);
    replica_ = scene_.start();
    scene_.settle();
  }
  void step() { scene_.inside.step_clock(replica_, GetParam() * kHour); }
  void set_right() { scene_.inside.step_clock(replica_, GetParam() * -kHour); }
  Scene scene_;
  int replica_ = 0;
};

TEST_P(Stepped, DeletionGoesOn) {
  begin();
  step();
  scene_.strike(kPostKey, FaultKind::kDropRequest);
  scene_.rotate("web");
  scene_.pass(15 * kSecond);
  scene_.remove("web");
  scene_.pass(10 * kSecond);
  set_right();
  scene_.relieve();
  const Duration took = scene_.until([&] { return scene_.resource("web").is_null(); }, 12 * kHour);
  // A POST that was never answered is waited for in full.
  at_most("seconds until it was gone", seconds(took), 150);
  EXPECT_TRUE(scene_.keys("web").empty());
}

TEST_P(Stepped, OverlapIsKeptAndNoLonger) {
  begin({{"rotation", {{"overlap", "1h"}}}});
  const std::string old = scene_.key_id("web");
  step();
  scene_.rotate("web");
  ASSERT_LT(scene_.until([&] { return scene_.key_id("web") != old; }, kMinute), kMinute);
  const Instant replaced = scene_.time();
  scene_.pass(kMinute);
  set_right();
  scene_.until([&] { return scene_.ended(old); }, 2 * kDay);
  const double lived = seconds(scene_.time() - replaced);
  at_least("seconds that the replaced key lived", lived, 3600 - 60);
  at_most("seconds that the replaced key lived", lived, 3600 + seconds(kResyncAtMost));
}

TEST_P(Stepped, OverlapIsKeptWhenTheClockGoesWrongLater) {
  begin({{"rotation", {{"overlap", "1h"}}}});
  const std::string old = scene_.key_id("web");
  scene_.rotate("web");
  ASSERT_LT(scene_.until([&] { return scene_.key_id("web") != old; }, kMinute), kMinute);
  const Instant replaced = scene_.time();
  scene_.pass(kMinute);
  step();
  scene_.until([&] { return scene_.ended(old); }, 2 * kDay);
  const double lived = seconds(scene_.time() - replaced);
  at_least("seconds that the replaced key lived", lived, 3600 - 60);
  at_most("seconds that the replaced key lived", lived, 3600 + seconds(kResyncAtMost));
}

TEST_P(Stepped, BackOffIsNoLonger) {
  begin();
  step();
  scene_.refuse(kPostKey, 422, "not like this");
  scene_.rotate("web");
  scene_.pass(10 * kMinute);
  set_right();
  scene_.relieve();
  const Duration took = scene_.until([&] { return scene_.wrong().empty(); }, 12 * kHour);
  at_most("seconds until all was done", seconds(took), 900);
}

TEST_P(Stepped, BackOffIsNoLongerAfterARestart) {
  begin();
  step();
  scene_.refuse(kPostKey, 422, "not like this");
  scene_.rotate("web");
  scene_.pass(10 * kMinute);
  scene_.inside.crash(replica_);
  scene_.start();
  scene_.relieve();
  const Duration took = scene_.until([&] { return scene_.wrong().empty(); }, 12 * kHour);
  at_most("seconds until all was done", seconds(took), 900);
}

TEST_P(Stepped, IssuesNothingByItself) {
  begin({{"expiresIn", "2d"}});
  const Instant began = scene_.time();
  step();
  scene_.pass(kHour);
  set_right();
  scene_.pass(kHour);
  at_most("keys issued", scene_.issued(began), 0);
  EXPECT_EQ(scene_.condition("web", "Ready"), "True");
}

INSTANTIATE_TEST_SUITE_P(Lasting, Stepped, testing::Values(-48, -9, 9, 48), [](const auto& about) {
  const int hours = about.param;
  return (hours < 0 ? "behind_" : "ahead_") + std::to_string(hours < 0 ? -hours : hours) + "h";
});

// NetBird's own word counts, whatever the operator's clock says.
TEST(ClockTest, ExpiredByNetBirdsClockIsDue) {
  Scene scene;
  scene.apply("web", {{"expiresIn", "24h"}});
  scene.inside.start_operator(Scene::options(), -12 * kHour);
  const Instant began = scene.time();
  ASSERT_LT(scene.until([&] { return scene.issued(began) > 0; }, kMinute), kMinute);
  scene.pass(kMinute);
  scene.inside.netbird.expire_key(scene.key_id("web"), scene.inside.now().wall);
  const Instant expired = scene.time();
  const Duration took = scene.until([&] { return scene.issued(expired) > 0; }, kDay);
  at_most("seconds until it was replaced", seconds(took), seconds(kResyncAtMost));
}

}  // namespace
}  // namespace nbkeys::lasting
