#pragma once
// YAML as kubectl reads it, turned into JSON. For manifests that people give us: bounded, whatever
// the text is.

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "base/result.h"

namespace nbkeys::plugin {

// Every document that is not empty. kInvalidInput with the place where it is not YAML, where a map
// has a key twice, and where aliases blow it up.
base::Result<std::vector<nlohmann::json>> parse_yaml(const std::string& text);

}  // namespace nbkeys::plugin
