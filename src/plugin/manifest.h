#pragma once
// One manifest judged offline, as kubectl apply would have it judged by the server. Pure.

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/json.h"
#include "plugin/schema.h"

namespace nbkeys::plugin {

bool is_setup_key(const base::Json& object);

struct Judged {
  std::string name;               // "namespace/name" or "name", for messages
  base::Json object;              // with its defaults
  std::vector<Finding> findings;  // empty: the server would take it
};

// `before`: what the object was until now, with its defaults; null where it is new.
Judged judge_manifest(const base::Json& schema, const base::Json& object, const base::Json* before);

}  // namespace nbkeys::plugin
