#pragma once
// The JSON of the tests: nlohmann's own throwing accessors are fine here, the core's rule is not.

#include <initializer_list>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

namespace nbkeys::fakes {

using Json = nlohmann::json;

// The value below a path of keys, or null where a step is missing.
inline const Json& at_path(const Json& value, std::initializer_list<std::string_view> path) {
  static const Json kNull;
  const Json* at = &value;
  for (const std::string_view step : path) {
    if (!at->is_object()) return kNull;
    const auto found = at->find(std::string(step));
    if (found == at->end()) return kNull;
    at = &*found;
  }
  return *at;
}

inline std::string text_at(const Json& value, std::initializer_list<std::string_view> path) {
  const Json& found = at_path(value, path);
  return found.is_string() ? found.get<std::string>() : "";
}

inline std::int64_t number_at(const Json& value, std::initializer_list<std::string_view> path) {
  const Json& found = at_path(value, path);
  return found.is_number_integer() ? found.get<std::int64_t>() : 0;
}

}  // namespace nbkeys::fakes
