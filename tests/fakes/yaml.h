#pragma once
// YAML as kubectl takes it, turned into JSON.

#include <string>
#include <vector>

#include "fakes/json.h"

namespace nbkeys::fakes {

// Every document of the text; empty documents are left out. Throws std::invalid_argument on bad
// YAML.
std::vector<Json> parse_yaml(const std::string& text);

}  // namespace nbkeys::fakes
