#include "plugin/account.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "base/json.h"
#include "netbird/requests.h"

namespace nbkeys::plugin {

using base::Json;

namespace {

// A person waits.
constexpr base::Duration kGroupsTimeout{30'000};

}  // namespace

base::Result<std::vector<ListedKey>> parse_listed_keys(std::string_view body) {
  const auto parsed = base::parse_json(body, "list setup keys");
  if (!parsed) return parsed.error();
  if (!parsed->is_array()) {
    return base::Error{base::ErrorCode::kMalformed, "list setup keys", "the answer is not a list"};
  }
  std::vector<ListedKey> out;
  out.reserve(parsed->size());
  for (const Json& entry : *parsed) {
    auto key = netbird::parse_key(entry);
    if (!key) return key.error();
    ListedKey listed;
    listed.key = std::move(*key);
    listed.one_off = base::string_or(entry, {"type"}) == "one-off";
    listed.ephemeral = base::bool_or(entry, {"ephemeral"}, false);
    listed.updated = base::time_at(entry, {"updated_at"});
    if (listed.updated && listed.updated->since_epoch.count() <= 0) listed.updated.reset();
    listed.mark = cache::parse_mark(listed.key.name);
    out.push_back(std::move(listed));
  }
  return out;
}

base::Result<Account> list_account(Link& netbird) {
  Account out;
  auto answer = netbird::accept_response(netbird.call(netbird::list_keys()), "list setup keys");
  if (!answer) return answer.error();
  auto keys = parse_listed_keys(answer->body.reveal());
  if (!keys) return keys.error();
  out.keys = std::move(*keys);
  // Names of groups are a comfort: without the right to list them the ids are shown.
  auto asked = netbird::list_groups();
  asked.timeout = kGroupsTimeout;
  auto listed = netbird::accept_response(netbird.call(std::move(asked)), "list groups");
  if (!listed) return out;
  if (auto groups = netbird::parse_group_list(listed->body.reveal())) {
    for (netbird::Group& group : *groups) {
      out.group_names.emplace(std::move(group.id), std::move(group.name));
    }
  }
  return out;
}

}  // namespace nbkeys::plugin
