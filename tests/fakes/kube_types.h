#pragma once
// The resources that the fake API server has, and the bodies of its refusals.

#include <optional>
#include <string>
#include <vector>

#include "fakes/json.h"
#include "fakes/url.h"

namespace nbkeys::fakes {

struct ResourceType {
  std::string group;  // empty: the core group
  std::string version;
  std::string plural;
  std::string kind;
  bool namespaced = true;
  bool unconditional_update = true;  // PUT without a resourceVersion is taken
  bool custom = false;               // generation, status subresource and schema of our CRD

  std::string api_version() const { return group.empty() ? version : group + "/" + version; }
  std::string qualified() const { return group.empty() ? plural : plural + "." + group; }
};

// What a path means: "/api/v1/namespaces/{ns}/secrets/{name}" and its relatives.
struct Target {
  const ResourceType* type = nullptr;
  std::string name_space;
  std::string name;
  std::string subresource;
};

std::optional<Target> resolve(const Url& url);
const ResourceType& namespaces_type();
const std::vector<ResourceType>& resource_types();

struct Refusal {
  int code = 500;
  std::string reason;
  std::string message;
};

// A metav1.Status as the real server writes it.
Json status_body(const Refusal& refusal, const ResourceType* type, const std::string& name);

Refusal not_found(const ResourceType& type, const std::string& name);
Refusal already_exists(const ResourceType& type, const std::string& name);
Refusal modified_since(const ResourceType& type, const std::string& name);
Refusal invalid(const ResourceType& type, const std::string& name,
                const std::vector<std::string>& causes);

}  // namespace nbkeys::fakes
