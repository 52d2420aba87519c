#pragma once
// JSON as YAML text, for people and for kubectl apply.

#include <nlohmann/json_fwd.hpp>
#include <string>

namespace nbkeys::plugin {

std::string to_yaml(const nlohmann::json& value);

}  // namespace nbkeys::plugin
