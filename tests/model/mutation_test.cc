// Deliberate bugs, one at a time: each must be caught by a check of the walk. Only in the build
// whose core is compiled with NBKEYS_MUTATIONS.

#ifdef NBKEYS_MUTATIONS

#include "base/mutation.h"

#include <gtest/gtest.h>

#include <string_view>

#include "model/plans.h"
#include "model/summary.h"

namespace nbkeys::base {
namespace {
std::string_view active_mutation;
}
bool mutated(std::string_view name) { return name == active_mutation; }
}  // namespace nbkeys::base

namespace nbkeys::model {
namespace {

Summary& summary =
    *static_cast<Summary*>(testing::AddGlobalTestEnvironment(new Summary("mutation")));

class MutationTest : public testing::TestWithParam<const char*> {
 protected:
  void SetUp() override { base::active_mutation = GetParam(); }
  void TearDown() override { base::active_mutation = ""; }

  static void expect_caught(const std::vector<Plan>& plans) {
    for (const Plan& plan : plans) {
      const Finding found = walk(plan);
      if (found.fault.empty()) continue;
      summary.caught(GetParam(), plan.name, found);
      return;
    }
    FAIL() << "no check of the walk caught this bug";
  }
};

TEST_P(MutationTest, IsCaught) { expect_caught(mutation_plans()); }

class MutationBesideTest : public MutationTest {};

TEST_P(MutationBesideTest, IsCaught) { expect_caught(mutation_plans_beside()); }

INSTANTIATE_TEST_SUITE_P(Bugs, MutationBesideTest,
                         testing::Values("lists_make_ours", "tickets_not_compared",
                                         "accounts_not_compared", "keep_the_lists",
                                         "claim_before_account"),
                         [](const auto& of) { return std::string(of.param); });

INSTANTIATE_TEST_SUITE_P(Bugs, MutationTest,
                         testing::Values("post_before_claim", "claim_without_precondition",
                                         "reuse_burnt_claim", "skip_secret_precondition",
                                         "strays_early", "delete_before_secret", "trust_stale_list",
                                         "write_foreign_secret", "finalizer_before_proof",
                                         "no_wait_at_deletion", "unknown_claim_is_ours",
                                         "unknown_post_is_refused", "forget_previous",
                                         "never_retire", "retire_active", "retire_at_once",
                                         "undo_external_revocation", "rotate_handled_at_once",
                                         "revoke_unrecorded", "unknown_delete_is_done"),
                         [](const auto& of) { return std::string(of.param); });

}  // namespace
}  // namespace nbkeys::model

#endif
