#pragma once
// A setup key as NetBird's API shows it, and the full key that it shows once.

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/secret_text.h"
#include "base/time.h"

namespace nbkeys::netbird {

enum class KeyState { kValid, kOverused, kExpired, kRevoked };
std::string_view key_state_name(KeyState state);

struct Key {
  std::string id;
  std::string name;
  std::string prefix;  // the characters that the masked key shows
  KeyState state = KeyState::kValid;
  bool revoked = false;
  std::int64_t used_times = 0;
  std::int64_t usage_limit = 0;             // 0: unlimited
  std::optional<base::WallTime> expires;    // none: never
  std::optional<base::WallTime> last_used;  // none: never
  std::vector<std::string> auto_groups;     // sorted ids
  bool operator==(const Key&) const = default;
};

// When the key was made, to the second: its id is an xid, whose first four bytes are that
// (github.com/rs/xid). None where it is not one.
std::optional<base::WallTime> made_at(std::string_view key_id);

base::Result<Key> parse_key(const nlohmann::json& object);
struct KeyList {
  std::vector<Key> keys;
  std::size_t skipped = 0;  // entries without an id
};
base::Result<KeyList> parse_key_list(std::string_view body);

struct CreatedKey {
  Key key;
  base::SecretText plaintext;
};
base::Result<CreatedKey> parse_created_key(std::string_view body);

struct Group {
  std::string id;
  std::string name;
};
// An entry that cannot be a group (no id, or an id or name beyond all reason) costs only itself.
base::Result<std::vector<Group>> parse_group_list(std::string_view body);

// The id of the account, of GET /api/accounts.
base::Result<std::string> parse_account_id(std::string_view body);

// The user that the token belongs to. Name and role are words for people, bounded.
struct User {
  std::string id;
  std::string name;  // of a service user; a person may have none
  std::string role;
  bool operator==(const User&) const = default;
};
base::Result<User> parse_current_user(std::string_view body);
// The one of GET /api/users that asks; nothing where it is not among them.
base::Result<std::optional<User>> parse_own_user(std::string_view body);
// Whether NetBird lets this role manage setup keys.
bool may_manage_keys(const User& user);

}  // namespace nbkeys::netbird
