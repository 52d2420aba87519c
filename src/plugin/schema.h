#pragma once
// What the API server does with an object by a CRD's structural schema, done offline: defaults,
// unknown fields, types and bounds. Its words are the server's, so that a search finds them.

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "base/json.h"

namespace nbkeys::plugin {

struct Finding {
  std::string path;     // "spec.autoGroups[0].name"
  std::string message;  // "Invalid value: ..."
  // The rules cannot judge an object with this; as at the server, they are passed over.
  bool blocks_rules = false;
};

void apply_defaults(const base::Json& schema, base::Json& value);

// Everything that is wrong below `path`. The root's apiVersion, kind and metadata are not looked
// at: they belong to the server and not to the schema.
std::vector<Finding> check_structure(const base::Json& schema, const base::Json& value);

}  // namespace nbkeys::plugin
