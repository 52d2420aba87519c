// Random mishaps on top of random wishes, on virtual time: two replicas that are killed, paused and
// started, answers that are lost, watches that break, Secrets that vanish. When the storm is over,
// each resource must come to rest with exactly one key, and no revision may have been asked for
// twice. A failing seed is run alone with NBKEYS_STORM_SEED.

#include <algorithm>

#include "base/random.h"
#include "behaviour/process.h"
#include "behaviour/suite.h"

namespace nbkeys::behaviour {
namespace {

constexpr int kSeeds = 40;
constexpr int kRounds = 60;
constexpr const char* kNames[] = {"fleet", "phones", "laptop"};

class StormTest : public BehaviourTest, public testing::WithParamInterface<int> {
 protected:
  void SetUp() override {
    BehaviourTest::SetUp();
    if (!world().has_virtual_time()) GTEST_SKIP() << "takes an hour";
    const std::string only = environment("NBKEYS_STORM_SEED", "");
    if (!only.empty() && only != std::to_string(GetParam())) GTEST_SKIP() << "another seed";
    random_ = base::Random(static_cast<std::uint64_t>(GetParam()));
  }

  int below(int bound) { return static_cast<int>(random_.next() % static_cast<unsigned>(bound)); }
  static std::string seed() { return "NBKEYS_STORM_SEED=" + std::to_string(GetParam()); }
  // A refusal (4xx) is sure to have made no key, so the same revision may be asked for again.
  int posts_that_may_have_landed() {
    const std::vector<Request> all = world().requests();
    return static_cast<int>(std::count_if(all.begin(), all.end(), [](const Request& request) {
      const bool refused = request.status >= 400 && request.status < 500;
      return request.line == "POST /api/setup-keys" && !refused;
    }));
  }
  std::string any_name() { return kNames[below(3)]; }

  void wish(int round) {
    const std::string name = any_name();
    switch (below(5)) {
      case 0: rotate(name, "round " + std::to_string(round)); return;
      case 1: edit(name, {{"usageLimit", 2 + below(3)}}); return;
      case 2: edit(name, {{"secretTemplate", {{"data", {{"N", std::to_string(round)}}}}}}); return;
      case 3: world().remove({"secrets", name_space(), name}); return;
      case 4:
        if (const std::string id = active_key(name); !key(name, id).is_null()) {
          world().delete_key(id);
        }
        return;
    }
  }

  void arm_any_fault() {
    constexpr FaultKind kKinds[] = {FaultKind::kAnswer,      FaultKind::kDropAnswer,
                                    FaultKind::kDropRequest, FaultKind::kUnreachable,
                                    FaultKind::kDelay,       FaultKind::kKillBefore,
                                    FaultKind::kKillAfter};
    constexpr const char* kPatterns[] = {"^POST /api/setup-keys$",
                                         "^(PUT|DELETE) /api/setup-keys",
                                         "^GET /api/setup-keys$",
                                         "^PATCH .*/setupkeys/",
                                         "^(POST|PATCH) .*/secrets",
                                         "/leases",
                                         "^GET /apis?/"};
    constexpr int kStatuses[] = {401, 409, 429, 500, 503};
    Fault fault;
    fault.kind = kKinds[below(7)];
    fault.pattern = kPatterns[below(7)];
    fault.status = kStatuses[below(5)];
    fault.body = "{}";
    fault.first = 1 + below(3);
    fault.times = 1 + below(2);
    fault.delay = Milliseconds{below(40'000)};
    world().add_fault(fault);
  }

  void disturb() {
    switch (below(6)) {
      case 0: world().break_watches(); return;
      case 1: world().compact_history(below(2) == 0); return;
      case 2: world().pause_operator(replicas_[below(2)]); return;
      case 3: world().kill_operator(replicas_[below(2)]); return;
      default: arm_any_fault(); return;
    }
  }

  void revive() {
    for (int& replica : replicas_) {
      world().resume_operator(replica);
      if (!world().operator_runs(replica)) replica = start({.leader_elect = true});
    }
  }

  base::Random random_{0};
  int replicas_[2] = {0, 0};
};

TEST_P(StormTest, EndsAtRest) {
  for (int& replica : replicas_) replica = start({.leader_elect = true});
  for (const char* name : kNames) apply(name, {{"rotation", {{"overlap", "20s"}}}});
  for (int round = 0; round < kRounds; ++round) {
    if (below(3) == 0) wish(round);
    if (below(2) == 0) disturb();
    world().wait(Milliseconds{below(2) == 0 ? below(300) : below(30'000)});
    if (below(3) == 0) revive();
  }
  world().clear_faults();
  revive();
  // What was wished for last is done by whoever leads next.
  for (const char* name : kNames) ASSERT_TRUE(await_whole(name)) << seed();
  world().wait(std::chrono::minutes(5));
  std::int64_t claimed = 0;
  for (const char* name : kNames) {
    ASSERT_TRUE(await_whole(name)) << seed();
    claimed += status(name).value("lastRevision", std::int64_t{0});
    EXPECT_TRUE(world().enrol(secret_value(name)));
  }
  EXPECT_LE(posts_that_may_have_landed(), claimed) << "a revision is asked for once; " << seed();
  EXPECT_TRUE(stays("at rest", [&] { return keys("fleet").size() == 1; })) << seed();
}

INSTANTIATE_TEST_SUITE_P(Seeds, StormTest, testing::Range(1, kSeeds + 1));

}  // namespace
}  // namespace nbkeys::behaviour
