#pragma once
// The account's keys and groups as NetBird lists them, with the fields that only people need.

#include <map>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "cache/mark.h"
#include "netbird/requests.h"
#include "netbird/setup_key.h"
#include "plugin/link.h"

namespace nbkeys::plugin {

struct ListedKey {
  netbird::Key key;
  bool one_off = false;
  bool ephemeral = false;
  std::optional<base::WallTime> updated;  // there is no time of creation in NetBird's answer
  std::optional<cache::Mark> mark;
};

struct Account {
  std::vector<ListedKey> keys;
  std::map<std::string, std::string> group_names;  // by id
};

base::Result<std::vector<ListedKey>> parse_listed_keys(std::string_view body);

base::Result<Account> list_account(Link& netbird);

// What the token may do, asked without writing anything.
struct TokenFacts {
  std::optional<netbird::User> user;  // as far as NetBird tells
  netbird::WriteRight right = netbird::WriteRight::kUnclear;
  std::optional<base::Error> refusal;  // where the right is not granted
};
TokenFacts ask_about_token(Link& netbird);

}  // namespace nbkeys::plugin
