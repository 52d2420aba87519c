// Ended is ended: a replaced, revoked or deleted key ends on time whatever else is wrong with its
// SetupKey.

#include "lasting/scene.h"

namespace nbkeys::lasting {
namespace {

constexpr Duration kOverlap = kHour;

// What is wrong with a SetupKey and stays so. It comes over one that is whole.
struct Obstacle {
  const char* name;
  void (*set_up)(Scene&);
  friend void PrintTo(const Obstacle& obstacle, std::ostream* out) { *out << obstacle.name; }
};

const Obstacle kObstacles[] = {
    {"nothing", [](Scene&) {}},
    {"missing_group",
     [](Scene& s) {
       s.edit("web", {{"autoGroups", {{{"name", "that-nobody-makes"}}}}});
     }},
    {"group_vanished",
     [](Scene& s) {
       const auto groups = s.inside.netbird.groups();
       for (const auto& [id, name] : groups) {
         if (name == "servers") s.inside.netbird.remove_group(id);
       }
     }},
    {"refused_spec",
     [](Scene& s) {
       s.refuse(kPostKey, 422, "setup key name is not allowed here");
       s.edit("web", {{"usageLimit", 7}});
     }},
    {"refused_groups",
     [](Scene& s) {
       s.inside.netbird.add_group("laptops");
       s.refuse(kPostKey, 422, "group not found");
       s.edit("web", {{"autoGroups", {{{"id", "d0000000000000000000"}}}}});
     }},
    {"foreign_secret", [](Scene& s) { s.usurp_secret("web"); }},
    {"immutable_secret",
     [](Scene& s) {
       s.patch_secret("web", {{"immutable", true}});
       s.edit("web", {{"secretTemplate", {{"data", {{"NB_URL", "https://elsewhere"}}}}}});
     }},
    {"immutable_secret_rotated",
     [](Scene& s) {
       s.patch_secret("web", {{"immutable", true}});
       s.rotate("web", "once more");
     }},
    {"secret_forbidden",
     [](Scene& s) {
       s.refuse(kWriteSecret, 403, "admission webhook denied the request");
       s.patch_secret("web", {{"data", {{"setup-key", "bm8ga2V5"}}}});
     }},
    {"secret_refused",
     [](Scene& s) {
       s.refuse(kWriteSecret, 422, "admission webhook denied the request");
       s.remove_secret("web");
     }},
    {"secret_unreadable",
     [](Scene& s) {
       s.refuse(kGetSecret, 403, "cannot get resource secrets");
       s.remove_secret("web");
     }},
    {"full_quota",
     [](Scene& s) {
       s.refuse(kPostSecret, 403, "exceeded quota: few, requested: secrets=1, limited: secrets=1");
       s.remove_secret("web");
     }},
    {"full_quota_rotated",
     [](Scene& s) {
       s.refuse(kPostSecret, 403, "exceeded quota: few, requested: secrets=1, limited: secrets=1");
       s.remove_secret("web");
       s.rotate("web", "once more");
     }},
    {"open_claim",
     [](Scene& s) {
       s.strike(kPostKey, FaultKind::kDropRequest);
       s.rotate("web", "once more");
     }},
    {"post_fails",
     [](Scene& s) {
       s.refuse(kPostKey, 500, "internal server error");
       s.rotate("web", "once more");
     }},
    {"suspend",
     [](Scene& s) {
       s.edit("web", {{"suspend", true}});
     }},
    {"finalizer_forbidden",
     [](Scene& s) {
       s.refuse(kPatchSetupKey, 403, "setupkeys is forbidden");
       s.person(io::Server::kKube, io::Method::kPatch, setup_key_path("web"),
                {{"metadata", {{"finalizers", nullptr}}}});
     }},
    {"groups_list_fails", [](Scene& s) { s.refuse(kListGroups, 500, "internal server error"); }},
    {"groups_list_forbidden", [](Scene& s) { s.refuse(kListGroups, 403, "permission denied"); }},
    {"events_forbidden", [](Scene& s) { s.refuse(kPostEvent, 403, "events is forbidden"); }},
};

class Ended : public testing::TestWithParam<Obstacle> {
 protected:
  void SetUp() override {
    scene_.inside.netbird.add_group("servers");
    scene_.apply("web",
                 {{"autoGroups", {{{"name", "servers"}}}}, {"rotation", {{"overlap", "1h"}}}});
    scene_.start();
    scene_.settle();
  }
  Scene scene_;
};

TEST_P(Ended, ReplacedKeyEndsAfterItsOverlap) {
  const std::string old = scene_.key_id("web");
  scene_.rotate("web");
  ASSERT_LT(scene_.until([&] { return scene_.key_id("web") != old; }, kMinute), kMinute);
  const Instant replaced = scene_.time();
  GetParam().set_up(scene_);
  scene_.until([&] { return scene_.ended(old); }, kOverlap + kHour);
  const Duration lived = scene_.time() - replaced;
  at_least("seconds that the replaced key lived", seconds(lived), seconds(kOverlap - kMinute));
  at_most("seconds that the replaced key lived", seconds(lived), seconds(kOverlap + kResyncAtMost));
}

TEST_P(Ended, RevokedKeyEnds) {
  const std::string id = scene_.key_id("web");
  GetParam().set_up(scene_);
  scene_.pass(2 * kMinute);
  if (scene_.key_id("web") != id) GTEST_SKIP() << "replaced, so another test's";
  scene_.edit("web", {{"revoked", true}});
  const Duration took = scene_.until([&] { return scene_.ended(id); }, kHour);
  at_most("seconds until it was revoked", seconds(took), seconds(kResyncAtMost));
}

TEST_P(Ended, DeletedKeyEnds) {
  const std::string id = scene_.key_id("web");
  GetParam().set_up(scene_);
  scene_.pass(2 * kMinute);
  // Without its finalizer it would be gone at once, and with it all that told of the key.
  if (!fakes::at_path(scene_.resource("web"), {"metadata", "finalizers"}).is_array()) {
    GTEST_SKIP() << "nothing stands between it and its end";
  }
  scene_.remove("web");
  const Duration took = scene_.until([&] { return scene_.ended(id); }, kHour);
  at_most("seconds until it was deleted", seconds(took), seconds(kResyncAtMost));
}

INSTANTIATE_TEST_SUITE_P(Lasting, Ended, testing::ValuesIn(kObstacles),
                         [](const auto& about) { return about.param.name; });

// The key's group is gone, so that NetBird refuses every PUT that still names it.
TEST(EndedTest, RevocationThatNamesAVanishedGroup) {
  Scene scene;
  const std::string group = scene.inside.netbird.add_group("servers");
  scene.apply("web", {{"autoGroups", {{{"id", group}}}}});
  scene.start();
  scene.settle();
  const std::string id = scene.key_id("web");
  scene.inside.netbird.remove_group(group);
  scene.edit("web", {{"revoked", true}});
  const Duration took = scene.until([&] { return scene.ended(id); }, kHour);
  at_most("seconds until it was revoked", seconds(took), 60);
}

// 36 SetupKeys and a limiter that lets six calls a minute through once its burst is gone.
TEST(EndedTest, RevocationGoesOutWithTheNextPermit) {
  Scene scene;
  scene.inside.netbird.set_limiter(6, 30);
  scene.apply_many(36);
  scene.start();
  scene.pass(kMinute);
  const std::string id = scene.key_id("key-0");
  ASSERT_FALSE(id.empty()) << "not even the first was issued within the burst";
  scene.edit("key-0", {{"revoked", true}});
  const Instant asked = scene.time();
  const Duration took = scene.until([&] { return scene.ended(id); }, kHour);
  int permits = 0;
  for (const auto& record : scene.inside.requests()) {
    const bool passed = record.server == io::Server::kNetBird && record.status != 429;
    if (record.at.mono > asked && passed) ++permits;
  }
  // One may have been taken by a call that was under way.
  at_most("permits until it was revoked, its own included", permits, 2);
  at_most("seconds until it was revoked", seconds(took), 60);
}

TEST(EndedTest, DeletionGoesOutWithTheNextPermit) {
  Scene scene;
  scene.inside.netbird.set_limiter(6, 30);
  scene.apply_many(36);
  scene.start();
  scene.pass(kMinute);
  const std::string id = scene.key_id("key-0");
  ASSERT_FALSE(id.empty()) << "not even the first was issued within the burst";
  scene.remove("key-0");
  const Duration took = scene.until([&] { return scene.ended(id); }, kHour);
  at_most("seconds until it was deleted", seconds(took), 60);
}

// The replaced key ends as well while the account's limiter lets little through.
TEST(EndedTest, ReplacedKeyEndsUnderALimiter) {
  Scene scene;
  scene.apply_many(20, {{"rotation", {{"overlap", "1h"}}}});
  scene.start();
  scene.settle();
  const std::string old = scene.key_id("key-0");
  scene.rotate("key-0");
  ASSERT_LT(scene.until([&] { return scene.key_id("key-0") != old; }, kMinute), kMinute);
  scene.inside.netbird.set_limiter(6, 1);
  for (int i = 0; i < 40; ++i) scene.apply("new-" + std::to_string(i));
  const Duration took = scene.until([&] { return scene.ended(old); }, 6 * kHour);
  at_most("seconds that the replaced key lived", seconds(took), seconds(kHour + kResyncAtMost));
}

}  // namespace
}  // namespace nbkeys::lasting
