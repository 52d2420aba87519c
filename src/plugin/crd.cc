#include "plugin/crd.h"

#include <nlohmann/json.hpp>

#include "base/hash.h"
#include "plugin/yaml.h"

namespace nbkeys::plugin {
namespace {

using base::Json;

// A property may itself be called description; what is text there is no property's schema.
Json without_descriptions(const Json& schema) {
  if (schema.is_array()) {
    Json out = Json::array();
    for (const Json& entry : schema) out.push_back(without_descriptions(entry));
    return out;
  }
  if (!schema.is_object()) return schema;
  Json out = Json::object();
  for (auto it = schema.begin(); it != schema.end(); ++it) {
    if (it.key() == "description" && it->is_string()) continue;
    out[it.key()] = without_descriptions(*it);
  }
  return out;
}

std::string difference(const Json& mine, const Json& theirs, const std::string& path) {
  if (mine == theirs) return "";
  if (mine.is_object() && theirs.is_object()) {
    for (auto it = mine.begin(); it != mine.end(); ++it) {
      const std::string inside = path.empty() ? it.key() : path + "." + it.key();
      if (!theirs.contains(it.key())) return inside;
      const std::string found = difference(*it, theirs[it.key()], inside);
      if (!found.empty()) return found;
    }
    for (auto it = theirs.begin(); it != theirs.end(); ++it) {
      if (!mine.contains(it.key())) return path.empty() ? it.key() : path + "." + it.key();
    }
  }
  return path.empty() ? "the schema" : path;
}

}  // namespace

base::Result<Json> built_in_schema() {
  auto documents = parse_yaml(kCrdText);
  if (!documents) return documents.error();
  const Json* schema = documents->empty() ? nullptr : schema_of(documents->front());
  if (schema == nullptr) {
    return base::Error{base::ErrorCode::kMalformed, "read the built-in CRD", "it has no schema"};
  }
  return *schema;
}

const Json* schema_of(const Json& crd) {
  const Json* versions = base::find(crd, {"spec", "versions"});
  if (versions == nullptr || !versions->is_array()) return nullptr;
  for (const Json& version : *versions) {
    if (base::string_or(version, {"name"}) == "v1alpha1") {
      return base::find(version, {"schema", "openAPIV3Schema"});
    }
  }
  return nullptr;
}

std::string first_difference(const Json& mine, const Json& theirs) {
  return difference(without_descriptions(mine), without_descriptions(theirs), "");
}

std::string schema_digest(const Json& schema) {
  return base::sha256_hex(base::dump_json(without_descriptions(schema))).substr(0, 12);
}

}  // namespace nbkeys::plugin
