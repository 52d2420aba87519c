#include <nlohmann/json.hpp>
#include <utility>

#include "plugin/console.h"
#include "plugin/kube_calls.h"
#include "plugin/servers.h"
#include "plugin/verbs.h"

namespace nbkeys::plugin {
namespace {

using base::Json;

std::string question(const std::vector<kube::SetupKey>& found) {
  std::string names;
  for (const kube::SetupKey& each : found) {
    names += (names.empty() ? "" : ", ") + kube::to_text(each.meta.ref);
  }
  return "Revoke " + count_of(found.size(), "key", "keys") + " (" + names +
         ") for good? NetBird cannot undo it; peers already enrolled stay connected.";
}

}  // namespace

ExitCode revoke(const Request& request) {
  auto kubernetes = open_kubernetes(request);
  if (!kubernetes) return fail(kubernetes.error());
  Link& kube = *kubernetes->link;
  std::vector<kube::SetupKey> found;
  for (const std::string& name : request.names) {
    auto resource = get_setup_key(kube, {kubernetes->name_space, name});
    if (!resource) return fail(resource.error());
    found.push_back(std::move(*resource));
  }
  switch (confirm(question(found), request.yes)) {
    case Answer::kYes: break;
    case Answer::kNo: tell("nothing was changed"); return ExitCode::kFindings;
    case Answer::kNobodyThere: return ExitCode::kUsage;
  }
  Json results = Json::array();
  for (const kube::SetupKey& each : found) {
    const std::string name = kube::to_text(each.meta.ref);
    const bool before = each.spec.revoked;
    if (!before) {
      auto patched = patch_setup_key(kube, each.meta, {{"spec", {{"revoked", true}}}});
      if (!patched) return fail(patched.error());
    }
    results.push_back({{"namespace", each.meta.ref.name_space},
                       {"name", each.meta.ref.name},
                       {"keyID", each.status.key_id},
                       {"changed", !before}});
    if (request.format != Format::kTable) continue;
    print(name + (before ? ": spec.revoked was true already\n"
                         : ": spec.revoked is true; the operator revokes the key at NetBird\n"));
  }
  if (request.format != Format::kTable) print_json(results, request.format);
  return ExitCode::kOk;
}

}  // namespace nbkeys::plugin
