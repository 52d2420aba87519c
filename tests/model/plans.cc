#include "model/plans.h"

#include <cstdio>

namespace nbkeys::model {

namespace {

Plan plan(const char* name, Budget budget, unsigned edits, bool established, int revisions = 4) {
  Plan out;
  out.name = name;
  out.budget = budget;
  out.edits = edits;
  out.established = established;
  out.revisions = revisions;
  return out;
}

constexpr unsigned kSecretEdits = kSecretDeleted | kSecretAltered | kSecretForeign;

// A copy of the cluster starts from any state of it, and works on at the same account.
std::vector<Plan> copies() {
  std::vector<Plan> out = {
      plan("copy_first_issue", {.starts = 2, .copies = 1}, 0, false, 3),
      plan("copy_rotations", {.starts = 1, .user = 2, .hours = 1, .copies = 1}, kRotate, true, 3),
      plan("copy_fault", {.faults = 1, .starts = 1, .user = 1, .copies = 1}, kRotate, true, 3),
      plan("copy_crash", {.crashes = 1, .starts = 2, .user = 1, .copies = 1}, kRotate, true, 3),
      plan("copy_secret", {.starts = 1, .user = 2, .copies = 1}, kSecretDeleted, true, 3),
      plan("copy_endings", {.starts = 1, .user = 2, .copies = 1}, kDelete | kRevoke, true, 3),
  };
  for (Plan& p : out) p.one_at_a_time = true;
  return out;
}

// The operator's token is one of another account, and then perhaps of the first one again.
std::vector<Plan> tokens() {
  std::vector<Plan> out = {
      plan("token_first_issue", {.starts = 2, .tokens = 2}, 0, false),
      plan("token_edits", {.user = 2, .tokens = 2}, kRotate | kSpec | kDelete | kRevoke, true),
      plan("token_fault", {.faults = 1, .user = 1, .tokens = 2}, kRotate | kDelete, true),
      plan("token_crash", {.crashes = 1, .starts = 1, .user = 1, .tokens = 2}, kRotate | kDelete,
           true),
      plan("token_secret", {.user = 1, .hours = 1, .tokens = 2}, kSecretEdits, true),
  };
  for (Plan& p : out) p.one_at_a_time = true;
  return out;
}

}  // namespace

std::vector<Plan> mutation_plans() {
  return {
      plan("rotation", {.user = 1, .hours = 2}, kRotate | kSpec, true),
      plan("drift", {.netbird = 1, .hours = 1}, 0, true),
      plan("revoke", {.user = 2, .hours = 1}, kRevoke | kUnrevoke, true),
      plan("secret_edits", {.user = 2}, kSecretEdits | kSpec, true),
      plan("deletion", {.faults = 1, .user = 1}, kDelete, true),
      plan("deletion_early", {.faults = 1, .starts = 1, .user = 1}, kDelete, false),
      plan("rotation_two", {.starts = 1, .user = 1}, kRotate, true, 3),
      plan("rotation_fault", {.faults = 1, .user = 1, .hours = 1}, kRotate, true),
      plan("first_issue_two", {.starts = 2}, 0, false, 2),
      plan("first_issue_three", {.starts = 2}, 0, false, 3),
      plan("deletion_two", {.starts = 1, .user = 2}, kDelete | kRotate, true, 2),
  };
}

std::vector<Plan> mutation_plans_beside() {
  std::vector<Plan> out;
  for (const auto& all : {copies(), tokens()}) {
    for (const Plan& each : all) {
      const bool takes_a_second = each.name == "copy_first_issue" || each.name == "copy_secret" ||
                                  each.name == "token_first_issue" || each.name == "token_fault";
      if (takes_a_second) out.push_back(each);
    }
  }
  return out;
}

std::vector<Plan> plans() {
  std::vector<Plan> out = mutation_plans();
  std::vector<Plan> alone = {
      plan("alone_first_issue", {.faults = 1, .crashes = 1, .starts = 2, .seconds = 1, .hours = 1},
           0, false),
      plan("alone_faults", {.faults = 2, .starts = 1, .seconds = 1}, 0, false),
      plan("alone_edits", {.crashes = 1, .starts = 1, .user = 2}, kRotate | kSpec | kDelete, true),
      plan("alone_edits_faults", {.faults = 1, .user = 2}, kRotate | kSpec | kDelete, true),
      plan("alone_revoke", {.crashes = 1, .starts = 1, .user = 2}, kRevoke | kUnrevoke | kSpec,
           true),
      plan("alone_secret", {.crashes = 1, .starts = 1, .user = 1}, kSecretEdits, true),
      plan("alone_secret_revoke", {.user = 3}, kSecretEdits | kRevoke, true),
      plan("alone_drift", {.faults = 1, .crashes = 1, .starts = 1, .netbird = 2, .hours = 1}, 0,
           true),
      plan("alone_everything", {.user = 2, .netbird = 1, .hours = 1}, 255, true),
  };
  for (Plan& p : alone) p.one_at_a_time = true;
  out.insert(out.end(), alone.begin(), alone.end());
  const std::vector<Plan> pairs = {
      plan("pair_first_issue_fault", {.faults = 1, .starts = 2}, 0, false, 2),
      plan("pair_first_issue_crash", {.crashes = 1, .starts = 2}, 0, false, 2),
      plan("pair_rotation", {.starts = 1, .user = 1, .hours = 1}, kSpec, true, 3),
      plan("pair_deletion_crash", {.crashes = 1, .starts = 1, .user = 1}, kDelete, true, 3),
      plan("pair_secret", {.starts = 1, .user = 1}, kSecretEdits, true),
      plan("pair_revoke", {.starts = 1, .user = 2}, kRevoke | kUnrevoke, true, 2),
      plan("pair_drift", {.starts = 1, .netbird = 1}, 0, true, 3),
  };
  for (const auto& more : {pairs, copies(), tokens()}) {
    out.insert(out.end(), more.begin(), more.end());
  }
  return out;
}

std::string describe(const Plan& plan, const Finding& found) {
  char line[256];
  std::snprintf(line, sizeof line,
                "model %-24s %8zu states %9zu transitions %8zu come to rest %6.1f s",
                plan.name.c_str(), found.states, found.transitions, found.rests, found.seconds);
  return line;
}

std::string trace_text(const Finding& found) {
  std::string out = found.fault + "\n";
  for (std::size_t i = 0; i < found.trace.size(); ++i) {
    out += std::to_string(i) + ". " + found.trace[i] + "\n";
  }
  return out;
}

}  // namespace nbkeys::model
