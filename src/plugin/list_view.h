#pragma once
// What `list` shows, as JSON and as tables. Pure.

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "plugin/join.h"
#include "plugin/style.h"

namespace nbkeys::plugin {

struct ListView {
  const Joined* joined = nullptr;
  const Account* account = nullptr;  // null: not known
  std::string netbird_problem;
  bool complete = false;  // every SetupKey of the cluster is in it
  bool namespaces = false;
  bool wide = false;
  JoinOptions options;
};

nlohmann::json list_json(const ListView& view);
std::string list_text(const ListView& view, const Style& style);

nlohmann::json listed_key_json(const ListedKey& key, const Account& account);
std::string usage_text(std::int64_t used, std::int64_t limit);

}  // namespace nbkeys::plugin
