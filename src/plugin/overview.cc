#include "plugin/overview.h"

#include <utility>

#include "plugin/console.h"
#include "shell/clock.h"

namespace nbkeys::plugin {

base::Result<Overview> look(const Request& request) {
  Overview out;
  auto kubernetes = open_kubernetes(request);
  if (!kubernetes) return kubernetes.error();
  out.kubernetes = std::move(*kubernetes);
  for (const std::string& warning : out.kubernetes.warnings) tell("warning: " + warning);
  // NetBird first: a key's SetupKey is older than the key, so one that is not listed afterwards is
  // gone.
  auto netbird = open_netbird(request.access, *out.kubernetes.link);
  if (netbird) {
    for (const std::string& warning : netbird->warnings) tell("warning: " + warning);
    auto account = list_account(*netbird->link);
    if (account) {
      out.account = std::move(*account);
    } else {
      out.netbird_problem = account.error().message;
    }
    out.identity = netbird->identity;
    out.netbird = std::move(*netbird);
  } else {
    out.netbird_problem = netbird.error().message;
  }
  auto setup_keys =
      list_setup_keys(*out.kubernetes.link, out.kubernetes.name_space, request.selector);
  if (!setup_keys) return setup_keys.error();
  out.setup_keys = std::move(*setup_keys);
  out.complete = out.kubernetes.name_space.empty() && request.selector.empty();
  out.now = shell::wall_now();
  return out;
}

}  // namespace nbkeys::plugin
