#include <nlohmann/json.hpp>

#include "plugin/console.h"
#include "plugin/list_view.h"
#include "plugin/overview.h"
#include "plugin/verbs.h"

namespace nbkeys::plugin {

ExitCode list(const Request& request) {
  if (request.format == Format::kName) {
    // For shells' completion: no call to NetBird.
    auto kubernetes = open_kubernetes(request);
    if (!kubernetes) return fail(kubernetes.error());
    auto found = list_setup_keys(*kubernetes->link, kubernetes->name_space, request.selector);
    if (!found) return fail(found.error());
    for (const kube::SetupKey& each : found->items) print(each.meta.ref.name + "\n");
    return ExitCode::kOk;
  }
  auto seen = look(request);
  if (!seen) return fail(seen.error());
  const JoinOptions options{seen->now, request.unused_after, seen->identity};
  const Joined joined = join(seen->setup_keys.items, seen->account_or_null(), options);
  const ListView view{&joined,        seen->account_or_null(), seen->netbird_problem,
                      seen->complete, request.all_namespaces,  request.format == Format::kWide,
                      options};
  if (request.format == Format::kTable || request.format == Format::kWide) {
    print(list_text(view, style_for(request.color, surroundings_of_process())));
    if (!seen->account) tell("shown from Kubernetes alone: " + seen->netbird_problem);
  } else {
    print_json(list_json(view), request.format);
  }
  return ExitCode::kOk;
}

}  // namespace nbkeys::plugin
