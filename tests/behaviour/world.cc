#include "behaviour/world.h"

#include <stdexcept>

#include "fakes/kube_types.h"

namespace nbkeys::behaviour {
namespace {

std::string& chosen() {
  static std::string name = "in-process";
  return name;
}

const fakes::ResourceType& type_of(const std::string& resource) {
  for (const auto& type : fakes::resource_types()) {
    if (type.plural == resource) return type;
  }
  throw std::invalid_argument("unknown resource " + resource);
}

}  // namespace

bool choose_world(const std::string& name) {
  if (name != "in-process" && name != "sandbox" && name != "real") return false;
  chosen() = name;
  return true;
}

std::unique_ptr<World> make_world() {
  if (chosen() == "sandbox") return make_sandbox_world();
  if (chosen() == "real") return make_real_world();
  return make_in_process_world();
}

std::string resource_of(const std::string& kind) {
  for (const auto& type : fakes::resource_types()) {
    if (type.kind == kind) return type.plural;
  }
  throw std::invalid_argument("unknown kind " + kind);
}

std::string api_version_of(const std::string& resource) { return type_of(resource).api_version(); }

std::string path_of(const Ref& ref) {
  const fakes::ResourceType& type = type_of(ref.resource);
  std::string out = (type.group.empty() ? "/api/" : "/apis/") + type.api_version();
  if (type.namespaced && !ref.name_space.empty()) out += "/namespaces/" + ref.name_space;
  out += "/" + ref.resource;
  if (!ref.name.empty()) out += "/" + ref.name;
  return out;
}

}  // namespace nbkeys::behaviour
