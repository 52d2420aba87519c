#include "netbird/requests.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/json.h"
#include "base/percent.h"
#include "base/words.h"

namespace nbkeys::netbird {
namespace {

using base::Json;

// 100,000 keys are 34 MB.
constexpr std::size_t kListBytesMax = 64u << 20;
constexpr std::size_t kAnswerBytesMax = 1u << 20;
// Groups list their peers and resources: 90 MB have been seen, which a slow line brings in a minute
// and a half. Nothing else waits for them.
constexpr base::Duration kGroupsTimeout{120'000};
// Of ids and names, as which 100,000 groups are 7 MB.
constexpr std::size_t kGroupsBytesMax = 16u << 20;

io::HttpRequest request(io::Method method, std::string path, std::string operation) {
  io::HttpRequest out;
  out.server = io::Server::kNetBird;
  out.method = method;
  out.path = std::move(path);
  out.operation = std::move(operation);
  out.response_bytes_max = kAnswerBytesMax;
  return out;
}

io::HttpRequest with_json(io::HttpRequest out, const Json& body) {
  out.content_type = "application/json";
  out.body = base::SecretText(base::dump_json(body));
  return out;
}

std::string key_path(std::string_view id) {
  return "/api/setup-keys/" + base::encode_component(id);
}

base::ErrorCode code_of(int status) {
  using base::ErrorCode;
  switch (status) {
    case 401: return ErrorCode::kUnauthorized;
    case 403: return ErrorCode::kForbidden;
    case 404: return ErrorCode::kNotFound;
    case 408: return ErrorCode::kServerError;  // somebody gave up waiting; it may still be applied
    case 409: return ErrorCode::kConflict;
    case 429: return ErrorCode::kRateLimited;
    default: break;
  }
  if (status == 400 || status == 422) return ErrorCode::kUnprocessable;
  if (status >= 400 && status < 500) return ErrorCode::kRefused;
  return status >= 500 ? ErrorCode::kServerError : ErrorCode::kMalformed;
}

// What answers in NetBird's place, in words; empty where it may be NetBird itself. That sends JSON,
// and for a path that it does not have "404 page not found".
std::string another(const io::HttpResponse& response) {
  constexpr std::size_t kWordsMax = 80, kWhereMax = 120;
  if (response.status < 200) return "an interim answer, which is taken for the whole one";
  if (response.status >= 300 && response.status < 400) {
    const std::string where = base::foreign_words(response.location, kWhereMax);
    return where.empty() ? "a redirect" : "a redirect to " + where;
  }
  std::string_view body = response.body.reveal();
  body.remove_prefix(std::min(body.find_first_not_of(" \t\r\n\xef\xbb\xbf"), body.size()));
  if (body.starts_with('<')) return "a page of HTML";
  if (body.starts_with("\x1f\x8b")) return "a compressed body, for which nobody asked";
  if (response.status < 300 || body.empty() || body.starts_with('{') || body.starts_with('[')) {
    return "";
  }
  if (response.status == 404 && body.starts_with("404 page not found"))
    return "no API at this path";
  return "\"" + base::foreign_words(body, kWordsMax) + "\"";
}

}  // namespace

io::HttpRequest list_keys() {
  auto out = request(io::Method::kGet, "/api/setup-keys", "list_keys");
  out.fresh = true;
  out.response_bytes_max = kListBytesMax;
  return out;
}

io::HttpRequest list_groups() {
  auto out = request(io::Method::kGet, "/api/groups", "list_groups");
  out.fresh = true;
  out.element_members = {"id", "name"};
  out.response_bytes_max = kGroupsBytesMax;
  out.timeout = kGroupsTimeout;
  return out;
}

io::HttpRequest list_service_users() {
  auto out = request(io::Method::kGet, "/api/users?service_user=true", "list_service_users");
  out.element_members = {"id", "name", "role", "is_current"};
  return out;
}

io::HttpRequest get_current_user() {
  return request(io::Method::kGet, "/api/users/current", "get_current_user");
}

io::HttpRequest get_account() { return request(io::Method::kGet, "/api/accounts", "get_account"); }

io::HttpRequest probe_write(io::Method method) {
  auto out = request(method, key_path("nbkeys-may-i-write"), "probe_write");
  if (method == io::Method::kDelete) return out;
  return with_json(std::move(out), {{"revoked", true}, {"auto_groups", Json::array()}});
}

io::HttpRequest create_key(const NewKey& key) {
  auto out = with_json(request(io::Method::kPost, "/api/setup-keys", "create_key"),
                       {{"name", key.name},
                        {"type", key.type},
                        {"expires_in", key.expires_in.count() / 1000},
                        {"auto_groups", key.auto_groups},
                        {"usage_limit", key.usage_limit},
                        {"ephemeral", key.ephemeral},
                        {"allow_extra_dns_labels", key.allow_extra_dns_labels}});
  out.once = true;
  return out;
}

io::HttpRequest update_key(std::string_view id, bool revoked,
                           const std::vector<std::string>& groups) {
  return with_json(request(io::Method::kPut, key_path(id), revoked ? "revoke_key" : "update_key"),
                   {{"revoked", revoked}, {"auto_groups", groups}});
}

io::HttpRequest delete_key(std::string_view id) {
  return request(io::Method::kDelete, key_path(id), "delete_key");
}

WriteRight write_right(const base::Result<io::HttpResponse>& accepted) {
  if (accepted) return WriteRight::kGranted;
  const base::Error& error = accepted.error();
  if (error.by_another) return WriteRight::kUnclear;
  if (error.code == base::ErrorCode::kForbidden) return WriteRight::kRefused;
  // A token that was deleted is answered 404 as well, and so is a path that is not the API's.
  const bool no_such_key = error.code == base::ErrorCode::kNotFound &&
                           error.message.find(": setup key: ") != std::string::npos;
  return no_such_key ? WriteRight::kGranted : WriteRight::kUnclear;
}

base::Result<io::HttpResponse> accept_response(io::HttpOutcome outcome, std::string_view step) {
  constexpr std::size_t kMessageMax = 300;
  if (!outcome) {
    base::Error error = outcome.error();
    error.step = step;
    return error;
  }
  const std::string answerer = another(*outcome);
  const bool done = outcome->status >= 200 && outcome->status < 300;
  if (done && answerer.empty()) return std::move(*outcome);
  const std::string status = "HTTP " + std::to_string(outcome->status);
  base::Error error{done ? base::ErrorCode::kMalformed : code_of(outcome->status),
                    std::string(step), "NetBird answered " + status};
  if (!answerer.empty()) {
    error.by_another = true;
    error.message = status + " and " + answerer;
  } else if (const auto body = base::parse_json(outcome->body.reveal(), step)) {
    const std::string told = base::foreign_words(base::string_or(*body, {"message"}), kMessageMax);
    if (!told.empty()) error.message += ": " + told;
  }
  error.retry_after = outcome->retry_after;
  error.http_status = outcome->status;
  return error;
}

}  // namespace nbkeys::netbird
