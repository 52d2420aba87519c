#include "plugin/account.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "base/json.h"

namespace nbkeys::plugin {

using base::Json;

namespace {

// A person waits.
constexpr base::Duration kGroupsTimeout{30'000};

std::optional<netbird::User> own_user(Link& netbird) {
  constexpr const char* kStep = "read the token's user";
  const auto listed = netbird::accept_response(netbird.call(netbird::list_service_users()), kStep);
  if (listed) {
    auto user = netbird::parse_own_user(listed->body.reveal());
    if (user && *user) return std::move(**user);
  }
  const auto current = netbird::accept_response(netbird.call(netbird::get_current_user()), kStep);
  if (!current) return std::nullopt;
  auto user = netbird::parse_current_user(current->body.reveal());
  if (!user) return std::nullopt;
  return std::move(*user);
}

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

TokenFacts ask_about_token(Link& netbird) {
  TokenFacts out;
  out.user = own_user(netbird);
  // Something in between may dislike one kind of request: the token's trouble is that of both.
  for (const io::Method method : {io::Method::kPut, io::Method::kDelete}) {
    const auto answer = netbird::accept_response(netbird.call(netbird::probe_write(method)),
                                                 "ask for the right to write");
    out.right = netbird::write_right(answer);
    if (!answer) out.refusal = answer.error();
    if (out.right != netbird::WriteRight::kRefused) break;
  }
  return out;
}

}  // namespace nbkeys::plugin
