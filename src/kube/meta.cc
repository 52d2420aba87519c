#include "kube/meta.h"

#include <charconv>
#include <nlohmann/json.hpp>

#include "base/json.h"

namespace nbkeys::kube {
namespace {

constexpr std::string_view kSkipped = "managedFields";

}  // namespace

bool is_object_name(const std::string& name) {
  constexpr std::size_t kNameMax = 253;
  return name.size() <= kNameMax && !name.starts_with('.') &&
         name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-.") == std::string::npos;
}

std::string to_text(const ObjectRef& ref) { return ref.name_space + "/" + ref.name; }

base::Result<nlohmann::json> parse_object(std::string_view text, std::string_view step) {
  return base::parse_json(text, step, kSkipped);
}

base::Result<nlohmann::json> parse_list(std::string_view text, std::string_view step,
                                        const base::ElementVisitor& visit) {
  return base::each_element(text, step, "items", kSkipped, visit);
}

base::Result<Meta> parse_meta(const nlohmann::json& object) {
  Meta meta;
  const auto* raw = base::find(object, {"metadata"});
  if (raw == nullptr) {
    return base::Error{base::ErrorCode::kMalformed, "read object", "it has no metadata"};
  }
  meta.ref = {base::string_or(*raw, {"namespace"}), base::string_or(*raw, {"name"})};
  meta.uid = base::string_or(*raw, {"uid"});
  meta.resource_version = base::string_or(*raw, {"resourceVersion"});
  if (meta.ref.name.empty() || meta.uid.empty() || meta.resource_version.empty()) {
    return base::Error{base::ErrorCode::kMalformed, "read object",
                       "its metadata lacks name, uid or resourceVersion"};
  }
  if (!is_object_name(meta.ref.name) || !is_object_name(meta.ref.name_space)) {
    return base::Error{base::ErrorCode::kMalformed, "read object",
                       "its name or namespace is not one that Kubernetes allows"};
  }
  meta.generation = base::int_at(*raw, {"generation"}).value_or(0);
  meta.created = base::time_at(*raw, {"creationTimestamp"});
  meta.deleting = base::time_at(*raw, {"deletionTimestamp"});
  const auto* finalizers = base::find(*raw, {"finalizers"});
  if (finalizers != nullptr && finalizers->is_array()) {
    for (const auto& entry : *finalizers) {
      if (const auto* text = entry.get_ptr<const std::string*>()) meta.finalizers.push_back(*text);
    }
  }
  return meta;
}

std::uint64_t version_number(const std::string& resource_version) {
  std::uint64_t number = 0;
  const char* end = resource_version.data() + resource_version.size();
  const auto [at, error] = std::from_chars(resource_version.data(), end, number);
  return error == std::errc{} && at == end ? number : 0;
}

}  // namespace nbkeys::kube
