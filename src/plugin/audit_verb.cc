#include <nlohmann/json.hpp>
#include <utility>

#include "plugin/audit_view.h"
#include "plugin/console.h"
#include "plugin/overview.h"
#include "plugin/verbs.h"

namespace nbkeys::plugin {

ExitCode audit(const Request& request) {
  auto seen = look(request);
  if (!seen) return fail(seen.error());
  const JoinOptions options{seen->now, request.unused_after, seen->identity};
  Joined joined = join(seen->setup_keys.items, seen->account_or_null(), options);
  if (!seen->complete) {
    // Of a part of the SetupKeys nobody can tell whose the other marks are.
    joined.unowned.clear();
    joined.hand_made.clear();
  }
  const AuditView view{grade_all(joined, options), seen->netbird_problem, seen->now};
  switch (request.format) {
    case Format::kJson:
    case Format::kYaml: print_json(audit_json(view), request.format); break;
    case Format::kMarkdown: print(audit_markdown(view)); break;
    default: print(audit_text(view, style_for(request.color, surroundings_of_process())));
  }
  if (!seen->account) tell("graded from Kubernetes alone: " + seen->netbird_problem);
  if (request.fail_below == 0) return ExitCode::kOk;
  // A gate that could not see NetBird's keys must not open.
  if (!seen->account) return ExitCode::kUnreachable;
  return worst_grade(view.graded) > request.fail_below ? ExitCode::kFindings : ExitCode::kOk;
}

}  // namespace nbkeys::plugin
