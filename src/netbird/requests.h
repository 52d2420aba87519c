#pragma once
// Requests to NetBird's REST API as values, and what an answer other than 2xx means.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "io/http.h"

namespace nbkeys::netbird {

io::HttpRequest list_keys();
io::HttpRequest list_groups();
// Only a service user finds itself here; a person does in get_current_user(), which NetBird refuses
// (403) to every service user.
io::HttpRequest list_service_users();
io::HttpRequest get_current_user();
// Answers a list of exactly one for every role: the account that the token belongs to.
io::HttpRequest get_account();
// Changes nothing: an update or deletion of a key that cannot exist. 404 where the token may write,
// else 403.
io::HttpRequest probe_write(io::Method method);

struct NewKey {
  std::string name;              // display name and mark
  std::string type;              // "reusable" or "one-off"
  std::int64_t usage_limit = 0;  // 0: unlimited
  base::Duration expires_in{0};  // 0: never
  bool ephemeral = false;
  bool allow_extra_dns_labels = false;
  std::vector<std::string> auto_groups;  // ids
};
// NetBird has no idempotency: goes over a connection of its own, and any error of it is an unknown
// outcome.
io::HttpRequest create_key(const NewKey& key);

// PUT takes both fields and changes nothing else.
io::HttpRequest update_key(std::string_view id, bool revoked,
                           const std::vector<std::string>& groups);
io::HttpRequest delete_key(std::string_view id);

// What the answer to probe_write() says of the right to write.
enum class WriteRight { kGranted, kRefused, kUnclear };
WriteRight write_right(const base::Result<io::HttpResponse>& accepted);

// The answer where it is 2xx; else the Error that NetBird's {message, code} tells (bounded).
base::Result<io::HttpResponse> accept_response(io::HttpOutcome outcome, std::string_view step);

}  // namespace nbkeys::netbird
