// History goes back: an API server whose state is older than what the operator saw is believed
// after a live read, within a minute.

#include "lasting/scene.h"

namespace nbkeys::lasting {
namespace {

using fakes::at_path;
using fakes::text_at;

class HistoryTest : public testing::Test {
 protected:
  void SetUp() override { begin({{"rotation", {{"overlap", "1h"}}}}, true); }
  void begin(const Json& spec, bool lease) {
    scene_.apply_many(5, spec);
    engine::Options options = Scene::options();
    options.lease.enabled = lease;
    options.lease.name_space = "nbkeys-system";
    options.lease.identity = "replica-1";
    scene_.start(options);
    scene_.settle();
  }
  // The older state under versions beyond those that the operator has seen, as etcd can be restored
  // so that watches need not notice.
  void restore_beyond(const fakes::FakeKube& backup) {
    const std::uint64_t seen = scene_.inside.kube.store().version();
    scene_.inside.restore_kube(backup);
    for (int i = 0; scene_.inside.kube.store().version() <= seen; ++i) {
      scene_.add_namespace("filler-" + std::to_string(i));
    }
  }
  void edit_after_a_restore() {
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
  edit_after_a_restore();
  at_most("seconds until all was whole", seconds(until_each_has_its_key()), 60);
}

TEST_F(HistoryTest, TheLeaseTellsOfARestoreThatNoVersionShows) {
  const fakes::FakeKube backup = scene_.inside.kube;
  for (int i = 0; i < 5; ++i) scene_.rotate("key-" + std::to_string(i));
  scene_.pass(5 * kMinute);
  restore_beyond(backup);
  scene_.pass(kMinute);
  const Instant later = scene_.time();
  for (int i = 0; i < 5; ++i) scene_.rotate("key-" + std::to_string(i), "after the restore");
  at_most("seconds until all was rotated",
          seconds(scene_.until([&] { return scene_.issued(later) == 5; }, kHour)), 10);
  scene_.pass(kMinute);
  // The one of the backup in its overlap, and the one in use; what came between is cleaned up.
  EXPECT_EQ(scene_.keys("key-0").size(), 2u);
  at_most("seconds until all was whole", seconds(until_each_has_its_key()), 60);
}

class HistoryWithoutLease : public HistoryTest {
 protected:
  void SetUp() override {}
};

TEST_F(HistoryWithoutLease, AnEditAfterARestoreTakes) {
  begin({{"rotation", {{"overlap", "1h"}}}}, false);
  edit_after_a_restore();
}

TEST_F(HistoryWithoutLease, AnEditAfterARestoreThatNoVersionShows) {
  begin({{"rotation", {{"overlap", "1h"}}}}, false);
  const fakes::FakeKube backup = scene_.inside.kube;
  for (int i = 0; i < 5; ++i) scene_.rotate("key-" + std::to_string(i));
  scene_.pass(5 * kMinute);
  restore_beyond(backup);
  const Instant later = scene_.time();
  for (int i = 0; i < 5; ++i) scene_.rotate("key-" + std::to_string(i), "after the restore");
  at_most("seconds until all was rotated",
          seconds(scene_.until([&] { return scene_.issued(later) == 5; }, kHour)), 60);
  scene_.pass(kMinute);
  EXPECT_EQ(scene_.keys("key-0").size(), 2u);
  at_most("seconds until all was whole", seconds(until_each_has_its_key()), 60);
}

TEST_F(HistoryWithoutLease, WhatFallsDueAfterARestoreThatNoVersionShows) {
  begin({{"rotation", {{"interval", "2h"}, {"overlap", "1h"}}}}, false);
  const fakes::FakeKube backup = scene_.inside.kube;
  for (int i = 0; i < 5; ++i) scene_.rotate("key-" + std::to_string(i));
  scene_.pass(30 * kMinute);
  const Instant began = scene_.time();
  restore_beyond(backup);
  scene_.pass(3 * kHour);
  at_most("seconds until all was whole", seconds(until_each_has_its_key()), 60);
  at_least("keys issued", scene_.issued(began), 5);
  at_most("keys issued", scene_.issued(began), 10);
  int conflicts = 0;
  for (const auto& record : scene_.inside.requests()) {
    if (record.at.mono >= began && record.status == 409) ++conflicts;
  }
  at_most("conflicts", conflicts, 20);
  at_most("requests in the worst hour", scene_.bill(began).worst_hour, 120);
}

TEST_F(HistoryTest, RotationsThatTheBackupDoesNotKnow) {
  const fakes::FakeKube backup = scene_.inside.kube;
  for (int i = 0; i < 5; ++i) scene_.rotate("key-" + std::to_string(i));
  scene_.pass(5 * kMinute);
  const Instant began = scene_.time();
  scene_.inside.restore_kube(backup);
  at_most("seconds until all was whole", seconds(until_each_has_its_key()), 60);
  scene_.pass(kMinute);
  // The process that made them remembers their tickets.
  for (int i = 0; i < 5; ++i) EXPECT_EQ(scene_.keys("key-" + std::to_string(i)).size(), 1u);
  const Instant cleaned = scene_.time();
  scene_.pass(2 * kHour);
  expect_quiet_together(scene_.bill(cleaned));
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

// The backup is from the midst of a rotation, and the state is put back a little later, in the
// midst of that one or after it.
class HistoryAtAnyMoment : public HistoryTest, public testing::WithParamInterface<int> {};

TEST_P(HistoryAtAnyMoment, LosesNoKeyAndLeavesNone) {
  constexpr int kSteps = 4;
  const Duration step{4 * GetParam() + 3};
  for (int after = 1; after <= kSteps; ++after) {
    const std::string round = std::to_string(after);
    for (int i = 0; i < 5; ++i) scene_.rotate("key-" + std::to_string(i), "before " + round);
    scene_.pass(step);
    const fakes::FakeKube backup = scene_.inside.kube;
    scene_.pass(after * step);
    scene_.inside.restore_kube(backup);
    at_most("seconds until all was whole", seconds(until_each_has_its_key()), 360);
    scene_.pass(kMinute);
    const Instant began = scene_.time();
    for (int i = 0; i < 5; ++i) scene_.rotate("key-" + std::to_string(i), "after " + round);
    at_most("seconds until all was rotated",
            seconds(scene_.until([&] { return scene_.issued(began) == 5; }, kHour)), 10);
    scene_.pass(70 * kMinute);
    at_most("keys issued", scene_.issued(began), 5);
    EXPECT_EQ(scene_.wrong(), "");
    for (int i = 0; i < 5; ++i) EXPECT_EQ(scene_.keys("key-" + std::to_string(i)).size(), 1u);
  }
}

INSTANTIATE_TEST_SUITE_P(Lasting, HistoryAtAnyMoment, testing::Range(0, 12));

}  // namespace
}  // namespace nbkeys::lasting
