// Urgent first: under a limiter that never lets up, keys come at the rate of its permits, and none
// is asked for in vain.

#include "lasting/scene.h"

namespace nbkeys::lasting {
namespace {

using fakes::number_at;

int permits_of(const Scene& scene, const std::string& line_begins, Instant since) {
  int out = 0;
  for (const auto& record : scene.inside.requests()) {
    const bool passed = record.server == io::Server::kNetBird && record.status != 429;
    if (passed && record.at.mono >= since && record.line.starts_with(line_begins)) ++out;
  }
  return out;
}

int burnt_revisions(const Scene& scene) {
  int out = 0;
  for (const auto& object : scene.inside.kube.store().list("setupkeys", {})) {
    const auto last = number_at(*object, {"status", "lastRevision"});
    if (last > 1) out += static_cast<int>(last) - 1;
  }
  return out;
}

struct Limit {
  const char* name;
  int per_minute;
  int burst;
  int setup_keys;
  Duration time;
  friend void PrintTo(const Limit& limit, std::ostream* out) { *out << limit.name; }
};

class Limited : public testing::TestWithParam<Limit> {};

TEST_P(Limited, KeysComeAtTheRateOfThePermits) {
  const Limit& limit = GetParam();
  Scene scene;
  scene.inside.netbird.set_limiter(limit.per_minute, limit.burst);
  scene.apply_many(limit.setup_keys);
  scene.start();
  const Instant began = scene.time();
  scene.until([&] { return scene.issued(began) >= limit.setup_keys; }, limit.time);
  const double permits = limit.burst + seconds(scene.time() - began) / 60.0 * limit.per_minute;
  const double issued = scene.issued(began);
  // Half, because the budget is learnt, and what else is needed takes some.
  at_least("keys of the permits that there were", issued,
           std::min<double>(limit.setup_keys, 0.5 * permits));
  at_most("burnt revisions", burnt_revisions(scene), 0);
  at_most("share of the permits that lists took", permits_of(scene, "GET ", began) / permits, 0.25);
}

INSTANTIATE_TEST_SUITE_P(Lasting, Limited,
                         testing::Values(Limit{"cloud", 120, 30, 240, 10 * kMinute},
                                         Limit{"self_hosted", 6, 20, 300, 10 * kMinute},
                                         Limit{"self_hosted_whole_burst", 6, 100, 300,
                                               20 * kMinute},
                                         Limit{"one_a_minute", 1, 2, 30, kHour}),
                         [](const auto& about) { return about.param.name; });

// With a budget of our own as well, and with none.
TEST(UrgentTest, RevocationPassesWhatWaitsForOurOwnBudget) {
  Scene scene;
  engine::Options options = Scene::options();
  options.account.requests_per_minute = 6;
  options.account.burst = 30;
  scene.apply_many(60);
  scene.start(options);
  scene.pass(2 * kMinute);
  const std::string id = scene.key_id("key-0");
  ASSERT_FALSE(id.empty());
  scene.edit("key-0", {{"revoked", true}});
  const Duration took = scene.until([&] { return scene.ended(id); }, kHour);
  at_most("seconds until it was revoked", seconds(took), 15);
}

// What is asked for in the order of its urgency, though all of it waits.
TEST(UrgentTest, FirstIssueBeforeRotation) {
  Scene scene;
  scene.apply_many(20);
  scene.start();
  scene.settle();
  scene.inside.netbird.set_limiter(2, 1);
  for (int i = 0; i < 20; ++i) scene.rotate("key-" + std::to_string(i));
  scene.pass(2 * kMinute);
  scene.apply("new");
  const Duration took = scene.until([&] { return scene.ready("new"); }, kHour);
  at_most("seconds until the first issue", seconds(took), 120);
}

// A refused rotation keeps its claim and has it renewed, and the key in use stays.
TEST(UrgentTest, NothingIsBurntWhileNothingPasses) {
  Scene scene;
  scene.apply_many(5);
  scene.start();
  scene.settle();
  scene.refuse(kNetBirdCalls, 429, "too many requests");
  for (int i = 0; i < 5; ++i) scene.rotate("key-" + std::to_string(i));
  scene.pass(6 * kHour);
  at_most("burnt revisions", burnt_revisions(scene), 5);
  scene.relieve();
  const Duration took = scene.until([&] { return scene.wrong().empty(); }, kHour);
  at_most("seconds until all was done after the trouble", seconds(took), 300);
  at_most("revisions used", burnt_revisions(scene), 5);
}

}  // namespace
}  // namespace nbkeys::lasting
