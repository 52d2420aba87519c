#pragma once
// What every Kubernetes object has.

#include <compare>
#include <cstdint>
#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "base/time.h"

namespace nbkeys::kube {

struct ObjectRef {
  std::string name_space;
  std::string name;
  auto operator<=>(const ObjectRef&) const = default;
};

// For base::LinkedHashMap.
struct ObjectRefHash {
  std::size_t operator()(const ObjectRef& ref) const {
    const std::hash<std::string> of;
    return of(ref.name) + 31 * of(ref.name_space);
  }
};

// What Kubernetes lets a namespace or an object of ours be called. Names become parts of paths, so
// that any other one could lead a request astray.
bool is_object_name(const std::string& name);

std::string to_text(const ObjectRef& ref);  // "namespace/name"

struct Meta {
  ObjectRef ref;
  std::string uid;
  std::string resource_version;
  std::int64_t generation = 0;
  std::optional<base::WallTime> created;
  std::optional<base::WallTime> deleting;  // deletionTimestamp
  std::vector<std::string> finalizers;
};

// What the API server sends: an object, a list or a watch event, without managedFields, which are
// more than half of a SetupKey and of no use here.
base::Result<nlohmann::json> parse_object(std::string_view text, std::string_view step);

// A list, whose items are shown one at a time and not kept: see base::each_element.
base::Result<nlohmann::json> parse_list(std::string_view text, std::string_view step,
                                        const base::ElementVisitor& visit);

// kMalformed where name, uid or resourceVersion is missing.
base::Result<Meta> parse_meta(const nlohmann::json& object);

// Resource versions of one resource can be compared as numbers (KEP-5504; true of every etcd-backed
// server before it, too). 0 where the text is not a number.
std::uint64_t version_number(const std::string& resource_version);

}  // namespace nbkeys::kube
