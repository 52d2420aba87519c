#include "plugin/manifest.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "kube/names.h"
#include "plugin/rules.h"

namespace nbkeys::plugin {
namespace {

using base::Json;

constexpr std::size_t kNameMax = 253;

bool dns_name(const std::string& name) {
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
  bool at_edge = true;
  for (const char c : name) {
    if (c != '.' && c != '-' && !letter(c)) return false;
    if (at_edge && !letter(c)) return false;
    at_edge = c == '.';
  }
  return !name.empty() && letter(name.back()) && name.find("-.") == std::string::npos;
}

void check_texts(const Json& object, const std::string& kind, std::vector<Finding>& out) {
  const Json* map = base::find(object, {"metadata", kind});
  if (map == nullptr || map->is_null()) return;
  const std::string path = "metadata." + kind;
  if (!map->is_object()) {
    out.push_back({path, "Invalid value: must be a map of texts", true});
    return;
  }
  for (auto it = map->begin(); it != map->end(); ++it) {
    if (it->is_string()) continue;
    out.push_back({path + "." + it.key(),
                   "Invalid value: " + base::dump_json(*it) + ": must be a text: put it in quotes",
                   true});
  }
}

void check_metadata(const Json& object, std::vector<Finding>& out) {
  const auto name = base::string_at(object, {"metadata", "name"});
  if (!name) {
    if (base::find(object, {"metadata", "name"}) != nullptr) {
      out.push_back({"metadata.name", "Invalid value: must be a text: put it in quotes", true});
    } else if (base::string_or(object, {"metadata", "generateName"}).empty()) {
      out.push_back({"metadata.name", "Required value: name or generateName is required", true});
    }
  } else if (name->size() > kNameMax || !dns_name(*name)) {
    out.push_back({"metadata.name",
                   "Invalid value: " + base::dump_json(*name) +
                       ": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric "
                       "characters, '-' or '.', and must start and end with an alphanumeric "
                       "character",
                   false});
  }
  check_texts(object, "labels", out);
  check_texts(object, "annotations", out);
}

}  // namespace

bool is_setup_key(const Json& object) {
  return base::string_or(object, {"kind"}) == kube::kKind &&
         base::string_or(object, {"apiVersion"}).starts_with(std::string(kube::kGroup) + "/");
}

Judged judge_manifest(const Json& schema, const Json& object, const Json* before) {
  Judged out;
  out.object = object;
  // The server drops it from what users write.
  out.object.erase("status");
  const std::string name_space = base::string_or(object, {"metadata", "namespace"});
  out.name = (name_space.empty() ? "" : name_space + "/") +
             base::string_or(object, {"metadata", "name"},
                             base::string_or(object, {"metadata", "generateName"}, "(no name)"));
  if (base::string_or(object, {"apiVersion"}) != kube::kApiVersion) {
    out.findings.push_back({"apiVersion",
                            "no matches for kind \"SetupKey\" in version \"" +
                                base::string_or(object, {"apiVersion"}) + "\"; there is " +
                                std::string(kube::kApiVersion),
                            true});
    return out;
  }
  check_metadata(object, out.findings);
  apply_defaults(schema, out.object);
  out.object.erase("status");
  for (Finding& finding : check_structure(schema, out.object)) {
    out.findings.push_back(std::move(finding));
  }
  const bool blocked = std::any_of(out.findings.begin(), out.findings.end(),
                                   [](const Finding& f) { return f.blocks_rules; });
  if (blocked) return out;
  for (Finding& finding : check_rules(schema, out.object, before)) {
    out.findings.push_back(std::move(finding));
  }
  return out;
}

}  // namespace nbkeys::plugin
