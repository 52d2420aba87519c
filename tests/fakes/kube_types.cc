#include "fakes/kube_types.h"

#include "kube/names.h"

namespace nbkeys::fakes {

const std::vector<ResourceType>& resource_types() {
  static const std::vector<ResourceType> kTypes = {
      {"", "v1", "namespaces", "Namespace", false, true, false},
      {"", "v1", "secrets", "Secret", true, true, false},
      {"", "v1", "events", "Event", true, true, false},
      {"", "v1", "configmaps", "ConfigMap", true, true, false},
      {"coordination.k8s.io", "v1", "leases", "Lease", true, false, false},
      {std::string(kube::kGroup), "v1alpha1", "setupkeys", std::string(kube::kKind), true, false,
       true},
  };
  return kTypes;
}

const ResourceType& namespaces_type() { return resource_types().front(); }

std::optional<Target> resolve(const Url& url) {
  const auto& parts = url.segments;
  const bool core = parts.size() >= 3 && parts[0] == "api";
  if (!core && (parts.size() < 4 || parts[0] != "apis")) return std::nullopt;
  const std::string group = core ? "" : parts[1];
  const std::string version = core ? parts[1] : parts[2];
  std::size_t at = core ? 2 : 3;
  Target out;
  // A namespace itself is addressed as namespaces/{name}; with more behind it, it is the scope.
  if (parts[at] == "namespaces" && parts.size() > at + 2) {
    out.name_space = parts[at + 1];
    at += 2;
  }
  for (const ResourceType& type : resource_types()) {
    if (type.group == group && type.version == version && type.plural == parts[at]) {
      out.type = &type;
    }
  }
  if (out.type == nullptr || parts.size() > at + 3) return std::nullopt;
  if (parts.size() > at + 1) out.name = parts[at + 1];
  if (parts.size() > at + 2) out.subresource = parts[at + 2];
  if (out.type->namespaced && out.name_space.empty() && !out.name.empty()) return std::nullopt;
  return out;
}

Json status_body(const Refusal& refusal, const ResourceType* type, const std::string& name) {
  Json out = {{"kind", "Status"},    {"apiVersion", "v1"},         {"metadata", Json::object()},
              {"status", "Failure"}, {"message", refusal.message}, {"reason", refusal.reason},
              {"code", refusal.code}};
  if (type != nullptr) {
    out["details"] = {{"kind", type->plural}};
    if (!name.empty()) out["details"]["name"] = name;
    if (!type->group.empty()) out["details"]["group"] = type->group;
  }
  return out;
}

Refusal not_found(const ResourceType& type, const std::string& name) {
  return {404, "NotFound", type.qualified() + " \"" + name + "\" not found"};
}

Refusal already_exists(const ResourceType& type, const std::string& name) {
  return {409, "AlreadyExists", type.qualified() + " \"" + name + "\" already exists"};
}

Refusal modified_since(const ResourceType& type, const std::string& name) {
  return {409, "Conflict",
          "Operation cannot be fulfilled on " + type.qualified() + " \"" + name +
              "\": the object has been modified; please apply your changes to the latest version "
              "and try again"};
}

Refusal invalid(const ResourceType& type, const std::string& name,
                const std::vector<std::string>& causes) {
  std::string text;
  for (const std::string& cause : causes) text += (text.empty() ? "" : ", ") + cause;
  if (causes.size() > 1) text = "[" + text + "]";
  const std::string kind = type.group.empty() ? type.kind : type.kind + "." + type.group;
  return {422, "Invalid", kind + " \"" + name + "\" is invalid: " + text};
}

}  // namespace nbkeys::fakes
