// History goes back: an API server whose state is older than what the operator saw is believed
// after a live read, within a minute.

#include "lasting/scene.h"

namespace nbkeys::lasting {
namespace {

using fakes::at_path;
using fakes::text_at;

class HistoryTest : public testing::Test {
 protected:
  void SetUp() override {
    scene_.apply_many(5, {{"rotation", {{"overlap", "1h"}}}});
    engine::Options options = Scene::options();
    options.lease.enabled = true;
    options.lease.name_space = "nbkeys-system";
    options.lease.identity = "replica-1";
    scene_.start(options);
    scene_.settle();
  }
  // Until nothing is wrong but what is told of keys that the older state cannot know.
  Duration until_each_has_its_key() {
    return scene_.until(
        [&] {
          for (int i = 0; i < 5; ++i) {
            const std::string name = "key-" + std::to_string(i);
            const sim::KnownSecret* secret = scene_.ledger().secret(kTeam, name);
            const sim::IssuedKey* key = scene_.ledger().key(scene_.key_id(name));
            const bool whole = key != nullptr && secret != nullptr && !key->gone_at &&
                               secret->key == key->plaintext && scene_.ready(name);
            if (!whole) return false;
          }
          return true;
        },
        30 * kMinute);
  }
  Scene scene_;
};

TEST_F(HistoryTest, AnEditAfterARestoreTakes) {
  const fakes::FakeKube backup = scene_.inside.kube;
  for (int i = 0; i < 30; ++i) {
    scene_.edit("key-0", {{"secretTemplate", {{"labels", {{"n", std::to_string(i)}}}}}});
    scene_.pass(10 * kSecond);
  }
  scene_.inside.restore_kube(backup);
  scene_.pass(kMinute);
  const Instant asked = scene_.time();
  scene_.rotate("key-0", "after the restore");
  const Duration took = scene_.until([&] { return scene_.issued(asked) > 0; }, kHour);
  at_most("seconds until an edit was seen", seconds(took), 10);
  at_most("seconds until all was whole", seconds(until_each_has_its_key()), 60);
}

TEST_F(HistoryTest, RotationsThatTheBackupDoesNotKnow) {
  const fakes::FakeKube backup = scene_.inside.kube;
  for (int i = 0; i < 5; ++i) scene_.rotate("key-" + std::to_string(i));
  scene_.pass(5 * kMinute);
  const Instant began = scene_.time();
  scene_.inside.restore_kube(backup);
  at_most("seconds until all was whole", seconds(until_each_has_its_key()), 60);
  scene_.pass(2 * kHour);
  expect_quiet_together(scene_.bill(began));
  at_most("seconds until all was whole two hours later", seconds(until_each_has_its_key()), 0);
  at_most("keys issued", scene_.issued(began), 0);
  int conflicts = 0;
  for (const auto& record : scene_.inside.requests()) {
    const bool lease = record.operation.ends_with("_lease");
    if (record.at.mono >= began && record.status == 409 && !lease) ++conflicts;
  }
  at_most("conflicts", conflicts, 20);
}

TEST_F(HistoryTest, ADeletionThatTheBackupDoesNotKnow) {
  const fakes::FakeKube backup = scene_.inside.kube;
  scene_.remove("key-0");
  scene_.pass(5 * kMinute);
  ASSERT_TRUE(scene_.resource("key-0").is_null());
  scene_.inside.restore_kube(backup);
  // Its key is gone for good, so it is issued anew.
  at_most("seconds until all was whole", seconds(until_each_has_its_key()), seconds(kResyncAtMost));
}

TEST_F(HistoryTest, ACreationThatTheBackupDoesNotKnow) {
  const fakes::FakeKube backup = scene_.inside.kube;
  scene_.apply("late");
  scene_.pass(5 * kMinute);
  const Instant began = scene_.time();
  scene_.inside.restore_kube(backup);
  scene_.pass(kHour);
  at_most("requests in the worst minute", scene_.bill(began).worst_minute, 10);
  EXPECT_TRUE(scene_.resource("late").is_null());
  at_most("seconds until all was whole", seconds(until_each_has_its_key()), 60);
}

}  // namespace
}  // namespace nbkeys::lasting
