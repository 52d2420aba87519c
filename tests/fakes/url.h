#pragma once
// A request target taken apart: decoded path segments and query parameters.

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace nbkeys::fakes {

struct Url {
  std::vector<std::string> segments;
  std::map<std::string, std::string> query;

  std::string parameter(const std::string& name) const {
    const auto found = query.find(name);
    return found == query.end() ? "" : found->second;
  }
};

Url parse_url(std::string_view target);

}  // namespace nbkeys::fakes
