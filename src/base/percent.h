#pragma once
// Percent-encoding for the parts of a URL.

#include <string>
#include <string_view>

namespace nbkeys::base {

// Encodes everything but RFC 3986's unreserved characters.
std::string encode_component(std::string_view text);

}  // namespace nbkeys::base
