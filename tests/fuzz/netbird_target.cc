// NetBird's answers.

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/element_filter.h"
#include "base/json.h"
#include "fuzz/target.h"
#include "netbird/requests.h"
#include "netbird/setup_key.h"

namespace nbkeys::fuzz {
namespace {

void check(const netbird::Key& key) {
  PROMISE(!key.id.empty());
  PROMISE(key.prefix.size() <= 5);
  PROMISE(!netbird::key_state_name(key.state).empty());
  PROMISE(std::is_sorted(key.auto_groups.begin(), key.auto_groups.end()));
  PROMISE(!key.expires || key.expires->since_epoch.count() > 0);
  PROMISE(!key.last_used || key.last_used->since_epoch.count() > 0);
  // Asked for by its id, it can be nothing but one part of the path.
  const std::string path = netbird::delete_key(key.id).path;
  PROMISE(path.starts_with("/api/setup-keys/"));
  PROMISE(path.find_first_of("/?# \r\n", 16) == std::string::npos);
}

void check_error(const base::Error& error) {
  PROMISE(error.message.size() <= 400);
  PROMISE(base::to_text(error).find(kPlantedKey) == std::string::npos);
}

void created(std::string_view body) {
  const auto made = netbird::parse_created_key(body);
  if (!made) return check_error(made.error());
  check(made->key);
  PROMISE(made->plaintext.size() >= 16);
  PROMISE(made->plaintext.reveal().find('*') == std::string_view::npos);
  PROMISE(made->plaintext.reveal().starts_with(made->key.prefix));
}

void refusal(int status, std::string_view body) {
  const auto answer = [status](std::string_view text) {
    io::HttpResponse out;
    out.status = status;
    out.body.append(text);
    return netbird::accept_response(std::move(out), "create key at NetBird");
  };
  if (const auto refused = answer(body); !refused) check_error(refused.error());
  const base::Json quoting = {
      {"message", "no such key: " + std::string(kPlantedKey) + std::string(body)}};
  if (const auto quoted = answer(base::dump_json(quoting)); !quoted) check_error(quoted.error());
}

std::string filtered(std::string_view body, std::size_t cut) {
  base::ElementFilter filter({"id", "name"});
  base::SecretText out;
  filter.feed(body.substr(0, cut), out);
  filter.feed(body.substr(std::min(cut, body.size())), out);
  return std::string(out.reveal());
}

// The shell shows the list of groups without their members, and that must be the same groups.
void filtered_groups(std::string_view body, std::size_t cut) {
  const std::string kept = filtered(body, 0);
  PROMISE(kept == filtered(body, cut));
  PROMISE(kept.size() <= 3 * body.size() + 8);
  // A name that is spelled with escapes and a value beyond all reason are not found.
  const bool plain = body.find('\\') == std::string_view::npos &&
                     body.size() <= base::ElementFilter::kValueMax;
  const auto whole = netbird::parse_group_list(body);
  if (!plain || !whole) return;
  const auto groups = netbird::parse_group_list(kept);
  PROMISE(groups.ok());
  PROMISE(std::equal(groups->begin(), groups->end(), whole->begin(), whole->end(),
                     [](const netbird::Group& a, const netbird::Group& b) {
                       return a.id == b.id && a.name == b.name;
                     }));
}

}  // namespace

// A number for the status of a refusal, then a body that is read as each kind of answer.
FUZZ_TARGET(netbird) {
  Script script(bytes);
  const int status = 300 + script.number();
  const std::string_view body = script.rest();
  if (const auto keys = netbird::parse_key_list(body)) {
    for (const netbird::Key& key : keys->keys) check(key);
  } else {
    check_error(keys.error());
  }
  if (const auto groups = netbird::parse_group_list(body)) {
    for (const netbird::Group& group : *groups) PROMISE(!group.id.empty());
  } else {
    check_error(groups.error());
  }
  filtered_groups(body, static_cast<std::size_t>(status));
  if (const auto user = netbird::parse_current_user(body); !user) check_error(user.error());
  if (const auto user = netbird::parse_own_user(body); !user) check_error(user.error());
  if (const auto object = base::parse_json(body, "test")) {
    if (const auto key = netbird::parse_key(*object)) check(*key);
  }
  created(body);
  refusal(status, body);
}

}  // namespace nbkeys::fuzz
