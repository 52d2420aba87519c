#include "netbird/setup_key.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/json.h"
#include "base/words.h"

namespace nbkeys::netbird {
namespace {

using base::Json;

constexpr std::size_t kGroupIdMax = 256, kGroupNameMax = 1024;
constexpr std::size_t kUserIdMax = 64, kUserWordsMax = 64;

base::Error malformed(std::string step, std::string message) {
  return {base::ErrorCode::kMalformed, std::move(step), std::move(message)};
}

// NetBird writes Go's zero time for "never".
std::optional<base::WallTime> time_or_never(const Json& object, std::string_view key) {
  auto time = base::time_at(object, {key});
  if (!time || time->since_epoch.count() <= 0) return std::nullopt;
  return time;
}

User user_in(const Json& object) {
  return {base::string_or(object, {"id"}).substr(0, kUserIdMax),
          base::foreign_words(base::string_or(object, {"name"}), kUserWordsMax),
          base::foreign_words(base::string_or(object, {"role"}), kUserWordsMax)};
}

// A state that this version does not know follows from what else the entry says.
KeyState read_state(const Json& object) {
  const std::string text = base::string_or(object, {"state"});
  if (text == "valid") return KeyState::kValid;
  if (text == "overused") return KeyState::kOverused;
  if (text == "expired") return KeyState::kExpired;
  if (text == "revoked" || base::bool_or(object, {"revoked"}, false)) return KeyState::kRevoked;
  // A key that is of no use for an unknown reason is left alone like one that a person revoked.
  return base::bool_or(object, {"valid"}, true) ? KeyState::kValid : KeyState::kRevoked;
}

}  // namespace

std::optional<base::WallTime> made_at(std::string_view key_id) {
  constexpr std::string_view kDigits = "0123456789abcdefghijklmnopqrstuv";
  constexpr std::size_t kLength = 20, kBits = 5, kOfTheTime = 7;  // 35 bits, 32 of them the time
  if (key_id.size() != kLength || key_id.find_first_not_of(kDigits) != std::string_view::npos) {
    return std::nullopt;
  }
  std::int64_t bits = 0;
  for (const char digit : key_id.substr(0, kOfTheTime)) {
    bits = bits << kBits | static_cast<std::int64_t>(kDigits.find(digit));
  }
  return base::WallTime{base::Duration{(bits >> 3) * 1000}};
}

std::string_view key_state_name(KeyState state) {
  switch (state) {
    case KeyState::kValid: return "valid";
    case KeyState::kOverused: return "overused";
    case KeyState::kExpired: return "expired";
    case KeyState::kRevoked: return "revoked";
  }
  return "valid";
}

base::Result<Key> parse_key(const nlohmann::json& object) {
  Key out;
  out.id = base::string_or(object, {"id"});
  if (out.id.empty()) return malformed("read setup key", "it has no id");
  out.state = read_state(object);
  out.name = base::string_or(object, {"name"});
  // By reference: the answer to a POST has the whole key here, and no copy of that may be left
  // behind.
  if (const Json* shown = base::find(object, {"key"}); shown != nullptr) {
    if (const auto* text = shown->get_ptr<const std::string*>()) out.prefix = text->substr(0, 5);
  }
  out.revoked = base::bool_or(object, {"revoked"}, false);
  out.used_times = base::int_at(object, {"used_times"}).value_or(0);
  out.usage_limit = base::int_at(object, {"usage_limit"}).value_or(0);
  out.expires = time_or_never(object, "expires");
  out.last_used = time_or_never(object, "last_used");
  if (const Json* groups = base::find(object, {"auto_groups"});
      groups != nullptr && groups->is_array()) {
    for (const Json& id : *groups) {
      if (const auto* text = id.get_ptr<const std::string*>()) out.auto_groups.push_back(*text);
    }
    std::sort(out.auto_groups.begin(), out.auto_groups.end());
  }
  return out;
}

base::Result<KeyList> parse_key_list(std::string_view body) {
  KeyList out;
  const auto add = [&out](const Json& entry) -> base::Status {
    auto key = parse_key(entry);
    if (key) {
      out.keys.push_back(std::move(*key));
    } else {
      ++out.skipped;  // one entry that nobody understands costs only itself
    }
    return base::Done{};
  };
  const auto rest = base::each_element(body, "list setup keys", "", "", add);
  if (!rest) return rest.error();
  if (!rest->is_array()) return malformed("list setup keys", "the answer is not a list");
  return out;
}

base::Result<CreatedKey> parse_created_key(std::string_view body) {
  auto parsed = base::parse_json(body, "create setup key");
  if (!parsed) return parsed.error();
  auto key = parse_key(*parsed);
  if (!key) return key.error();
  const auto found = parsed->find("key");
  if (found == parsed->end() || !found->is_string()) {
    return malformed("create setup key", "the answer has no key");
  }
  std::string& text = *found->get_ptr<std::string*>();
  CreatedKey out{std::move(*key), base::SecretText{}};
  out.plaintext.append(text);
  base::wipe(text);
  if (out.plaintext.size() < 16 || out.plaintext.reveal().find('*') != std::string_view::npos) {
    return malformed("create setup key", "the answer does not show the full key");
  }
  return out;
}

base::Result<std::vector<Group>> parse_group_list(std::string_view body) {
  std::vector<Group> out;
  bool any = false;
  const auto add = [&out, &any](const Json& entry) -> base::Status {
    Group group{base::string_or(entry, {"id"}), base::string_or(entry, {"name"})};
    const bool usable =
        !group.id.empty() && group.id.size() <= kGroupIdMax && group.name.size() <= kGroupNameMax;
    if (usable) out.push_back(std::move(group));
    any = true;
    return base::Done{};
  };
  const auto rest = base::each_element(body, "list groups", "", "", add);
  if (!rest) return rest.error();
  if (!rest->is_array()) return malformed("list groups", "the answer is not a list");
  if (any && out.empty()) return malformed("list groups", "no entry of the answer is a group");
  return out;
}

base::Result<std::string> parse_account_id(std::string_view body) {
  constexpr std::size_t kIdMax = 64;
  const auto parsed = base::parse_json(body, "read account");
  if (!parsed) return parsed.error();
  if (!parsed->is_array() || parsed->size() != 1) {
    return malformed("read account", "the answer is not a list of one account");
  }
  std::string id = base::string_or(parsed->front(), {"id"});
  if (id.empty() || id.size() > kIdMax) return malformed("read account", "the account has no id");
  return id;
}

base::Result<User> parse_current_user(std::string_view body) {
  const auto parsed = base::parse_json(body, "read current user");
  if (!parsed) return parsed.error();
  if (!parsed->is_object()) return malformed("read current user", "the answer is not a user");
  return user_in(*parsed);
}

base::Result<std::optional<User>> parse_own_user(std::string_view body) {
  std::optional<User> out;
  const auto look = [&out](const Json& entry) -> base::Status {
    if (base::bool_or(entry, {"is_current"}, false)) out = user_in(entry);
    return base::Done{};
  };
  const auto rest = base::each_element(body, "list service users", "", "", look);
  if (!rest) return rest.error();
  if (!rest->is_array()) return malformed("list service users", "the answer is not a list");
  return out;
}

bool may_manage_keys(const User& user) { return user.role == "admin" || user.role == "owner"; }

}  // namespace nbkeys::netbird
