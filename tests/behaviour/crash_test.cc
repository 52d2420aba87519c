// The operator is killed, or an answer is lost, at each step of the protocol. Whatever happens, the
// resource ends with exactly one key, known to Secret and status alike, and no revision was ever
// asked for twice.

#include "behaviour/suite.h"

namespace nbkeys::behaviour {
namespace {

struct Step {
  const char* name;
  const char* pattern;
  int nth;
};

void PrintTo(const Step& step, std::ostream* out) { *out << step.name; }

constexpr Step kFirstIssue[] = {
    {"Finalizer", "^PATCH .*/setupkeys/fleet$", 1},
    {"Claim", "^PATCH .*/setupkeys/fleet/status", 1},
    {"Post", "^POST /api/setup-keys$", 1},
    {"SecretCreate", "^POST /api/v1/namespaces/[^/]*/secrets", 1},
    {"Record", "^PATCH .*/setupkeys/fleet/status", 2},
};
constexpr Step kRotation[] = {
    {"Claim", "^PATCH .*/setupkeys/fleet/status", 1},
    {"Post", "^POST /api/setup-keys$", 1},
    {"SecretPatch", "^PATCH /api/v1/namespaces/[^/]*/secrets", 1},
    {"Record", "^PATCH .*/setupkeys/fleet/status", 2},
    {"Retire", "^DELETE /api/setup-keys/", 1},
};
constexpr Step kDeletion[] = {
    {"KeyDelete", "^DELETE /api/setup-keys/", 1},
    {"Finalizer", "^PATCH .*/setupkeys/fleet$", 1},
};
constexpr FaultKind kMishaps[] = {FaultKind::kKillBefore, FaultKind::kKillAfter,
                                  FaultKind::kDropAnswer, FaultKind::kDropRequest};

using Case = std::tuple<Step, FaultKind>;

std::string case_name(const testing::TestParamInfo<Case>& info) {
  std::string out = std::get<0>(info.param).name;
  switch (std::get<1>(info.param)) {
    case FaultKind::kKillBefore: return out + "KilledBefore";
    case FaultKind::kKillAfter: return out + "KilledAfter";
    case FaultKind::kDropAnswer: return out + "AnswerLost";
    default: return out + "RequestLost";
  }
}

class CrashTest : public BehaviourTest, public testing::WithParamInterface<Case> {
 protected:
  void SetUp() override {
    BehaviourTest::SetUp();
    if (!world().has_faults()) GTEST_SKIP() << "shown by the suite with the killing proxy";
  }
  void arm() {
    const Step& step = std::get<0>(GetParam());
    add_fault(std::get<1>(GetParam()), step.pattern, step.nth);
  }
  // Waits for the mishap, and starts the operator again where it was killed.
  void let_it_happen() {
    ASSERT_TRUE(await("the mishap", [&] { return world().fault_hits() > 0; }));
    const FaultKind kind = std::get<1>(GetParam());
    if (kind != FaultKind::kKillBefore && kind != FaultKind::kKillAfter) return;
    ASSERT_TRUE(await("the operator is dead", [&] { return !world().operator_runs(running_); }));
    running_ = start();
  }
  void expect_each_revision_once(const std::string& name) {
    const std::int64_t claimed = status(name).value("lastRevision", std::int64_t{0});
    EXPECT_LE(posts(), claimed);
    EXPECT_LE(claimed, 4) << "a mishap costs a revision, not a pile of keys";
  }

  int running_ = 0;
};

class FirstIssueCrashTest : public CrashTest {};

TEST_P(FirstIssueCrashTest, EndsWithOneKey) {
  running_ = start();
  arm();
  apply("fleet");
  let_it_happen();
  ASSERT_TRUE(await_whole("fleet"));
  expect_each_revision_once("fleet");
  EXPECT_TRUE(stays("at rest", [&] { return keys("fleet").size() == 1; }));
  if (world().can_enrol()) {
    EXPECT_TRUE(world().enrol(secret_value("fleet")));
  }
}

INSTANTIATE_TEST_SUITE_P(Each, FirstIssueCrashTest,
                         testing::Combine(testing::ValuesIn(kFirstIssue),
                                          testing::ValuesIn(kMishaps)),
                         case_name);

class RotationCrashTest : public CrashTest {};

TEST_P(RotationCrashTest, EndsWithOneNewKey) {
  running_ = start();
  apply("fleet", {{"rotation", {{"overlap", "1s"}}}});
  ASSERT_TRUE(await_whole("fleet"));
  const std::string old_digest = secret_digest("fleet");
  arm();
  rotate("fleet", "now");
  let_it_happen();
  ASSERT_TRUE(await("the annotation is answered",
                    [&] { return status("fleet").value("lastHandledRotate", "") == "now"; }));
  ASSERT_TRUE(await_whole("fleet"));
  EXPECT_NE(secret_digest("fleet"), old_digest);
  expect_each_revision_once("fleet");
  if (world().can_enrol()) {
    EXPECT_TRUE(world().enrol(secret_value("fleet")));
  }
}

INSTANTIATE_TEST_SUITE_P(Each, RotationCrashTest,
                         testing::Combine(testing::ValuesIn(kRotation),
                                          testing::ValuesIn(kMishaps)),
                         case_name);

class DeletionCrashTest : public CrashTest {};

TEST_P(DeletionCrashTest, LeavesNothing) {
  running_ = start();
  apply("fleet");
  ASSERT_TRUE(await_whole("fleet"));
  arm();
  remove("fleet");
  let_it_happen();
  ASSERT_TRUE(await_gone("fleet"));
  EXPECT_TRUE(keys("fleet").empty());
}

INSTANTIATE_TEST_SUITE_P(Each, DeletionCrashTest,
                         testing::Combine(testing::ValuesIn(kDeletion),
                                          testing::ValuesIn(kMishaps)),
                         case_name);

// Killed between POST and Secret again and again: burnt claims back off, so keys do not pile up.
TEST_F(BehaviourTest, CrashLoopDoesNotPileUpKeys) {
  if (!world().has_virtual_time()) GTEST_SKIP() << "takes an hour";
  add_fault(FaultKind::kKillAfter, "^POST /api/setup-keys$", 1, 0);
  int running = start();
  apply("fleet");
  for (int second = 0; second < 3600; second += 2) {
    world().wait(Milliseconds{2'000});
    if (!world().operator_runs(running)) running = start();
  }
  EXPECT_LE(keys("fleet").size(), 14U);
  world().clear_faults();
  ASSERT_TRUE(await_whole("fleet"));
}

// Deletion while the answer of a POST is outstanding waits for what may still land.
TEST_F(BehaviourTest, DeletionOutwaitsAPostUnderWay) {
  if (!world().has_virtual_time()) GTEST_SKIP() << "takes half a minute";
  Fault fault;
  fault.kind = FaultKind::kDelay;
  fault.pattern = "^POST /api/setup-keys$";
  fault.delay = Milliseconds{20'000};
  world().add_fault(fault);
  const int first = start();
  apply("fleet");
  ASSERT_TRUE(await("the claim is written", [&] { return status("fleet").contains("claim"); }));
  world().wait(Milliseconds{500});
  world().kill_operator(first);
  remove("fleet");
  start();
  ASSERT_TRUE(await_gone("fleet"));
  world().wait(Milliseconds{60'000});
  EXPECT_TRUE(keys("fleet").empty());
}

}  // namespace
}  // namespace nbkeys::behaviour
