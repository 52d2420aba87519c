#include "fakes/fake_netbird.h"

#include <algorithm>
#include <cctype>

namespace nbkeys::fakes {
namespace {

constexpr char kNever[] = "0001-01-01T00:00:00Z";
// When the account was made: 2025-11-01T00:00:00Z.
constexpr base::WallTime kSetUp{base::Duration{1'761'955'200'000}};

io::HttpResponse answer(int status, const Json& body) {
  io::HttpResponse out;
  out.status = status;
  out.body = base::SecretText(body.dump());
  return out;
}

io::HttpResponse refuse(int status, const std::string& message) {
  return answer(status, {{"message", message}, {"code", status}});
}

// In the Date of an answer the fraction is cut off.
base::WallTime whole_seconds(base::WallTime time) {
  return base::WallTime{base::Duration{time.since_epoch.count() / 1000 * 1000}};
}

io::HttpResponse unknown_path() {
  io::HttpResponse out;
  out.status = 404;
  out.body = base::SecretText(std::string("404 page not found\n"));
  return out;
}

io::HttpResponse not_permitted() { return refuse(403, "permission denied"); }
io::HttpResponse no_key(const std::string& id) {
  return refuse(404, "setup key: " + id + " not found");
}

std::string time_or_never(const std::optional<base::WallTime>& time) {
  // With a fraction, as the real server writes it.
  return time ? base::format_rfc3339_micro(*time) : kNever;
}

}  // namespace

FakeNetBird::FakeNetBird(std::uint64_t seed) : random_(seed), ids_of_(random_.next()) {
  account_id_ = new_id(kSetUp);
  groups_[new_id(kSetUp)] = "All";
}

// An xid: the second of creation, what is this server's own, and a count, in base32hex.
std::string FakeNetBird::new_id(base::WallTime now) {
  constexpr std::string_view kDigits = "0123456789abcdefghijklmnopqrstuv";
  constexpr int kBits = 5;
  std::vector<std::uint8_t> bytes;
  const auto add = [&bytes](std::uint64_t value, int count) {
    for (int i = count - 1; i >= 0; --i) bytes.push_back(value >> (8 * i) & 0xff);
  };
  add(static_cast<std::uint64_t>(now.since_epoch.count() / 1000), 4);
  add(ids_of_, 5);
  add(++last_id_, 3);
  std::string out;
  std::uint32_t rest = 0;
  int bits = 0;
  for (const std::uint8_t byte : bytes) {
    rest = rest << 8 | byte;
    for (bits += 8; bits >= kBits; bits -= kBits) out += kDigits[rest >> (bits - kBits) & 31u];
  }
  if (bits > 0) out += kDigits[rest << (kBits - bits) & 31u];
  return out;
}

std::string FakeNetBird::new_plaintext() {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string out = "XXXXXXXX-XXXX-4XXX-8XXX-XXXXXXXXXXXX";
  for (char& c : out) {
    if (c == 'X') c = kDigits[random_.next() % kDigits.size()];
  }
  return out;
}

// In NetBird's own order: an expired key that was revoked is shown as expired.
std::string FakeNetBird::state_of(const Key& key, base::WallTime now) {
  if (key.expires && *key.expires <= now) return "expired";
  if (key.revoked) return "revoked";
  if (key.usage_limit > 0 && key.used_times >= key.usage_limit) return "overused";
  return "valid";
}

Json FakeNetBird::view(const std::string& id, const Key& key, bool full, base::WallTime now) {
  const std::string state = state_of(key, now);
  return {{"id", id},
          {"key", full ? key.plaintext : key.plaintext.substr(0, 5) + "****"},
          {"name", key.name},
          {"expires", time_or_never(key.expires)},
          {"type", key.type},
          {"valid", state == "valid"},
          {"revoked", key.revoked},
          {"used_times", key.used_times},
          {"last_used", time_or_never(key.last_used)},
          {"state", state},
          {"auto_groups", key.auto_groups},
          {"updated_at", base::format_rfc3339(key.updated_at)},
          {"usage_limit", key.usage_limit},
          {"ephemeral", key.ephemeral},
          {"allow_extra_dns_labels", key.allow_extra_dns_labels}};
}

Json FakeNetBird::keys(base::Now now) const {
  Json out = Json::array();
  for (const auto& [id, key] : keys_) out.push_back(view(id, key, false, now.wall));
  return out;
}

void FakeNetBird::set_list_lag(base::Duration lag) {
  list_lag_ = lag;
  past_.clear();
  if (lag.count() > 0) past_.emplace_back(base::Instant{}, keys_);
}

// Keeps what a list that lags will have to show.
void FakeNetBird::remember(base::Instant now) {
  if (list_lag_.count() == 0) return;
  past_.emplace_back(now, keys_);
  while (past_.size() > 1 && now - past_[1].first >= list_lag_) past_.pop_front();
}

io::HttpResponse FakeNetBird::list_keys(base::Now now) const {
  const Keys* shown = &keys_;
  for (const auto& [since, keys] : past_) {
    if (now.mono - since >= list_lag_) shown = &keys;
  }
  if (!past_.empty() && now.mono - past_.front().first < list_lag_) shown = &past_.front().second;
  Json out = Json::array();
  for (const auto& [id, key] : *shown) out.push_back(view(id, key, false, now.wall));
  for (const Json& odd : odd_entries_) out.push_back(odd);
  return answer(200, out);
}

bool FakeNetBird::enrol(std::string_view plaintext, base::Now now) {
  for (auto& [id, key] : keys_) {
    if (key.plaintext != plaintext) continue;
    if (state_of(key, now.wall) != "valid") return false;
    ++key.used_times;
    key.last_used = now.wall;
    return true;
  }
  return false;
}

std::string FakeNetBird::add_group(const std::string& name) {
  const std::string id = new_id(kSetUp);
  groups_[id] = name;
  return id;
}

void FakeNetBird::revoke_key(const std::string& id) {
  const auto found = keys_.find(id);
  if (found != keys_.end()) found->second.revoked = true;
}

void FakeNetBird::expire_key(const std::string& id, base::WallTime at) {
  const auto found = keys_.find(id);
  if (found != keys_.end()) found->second.expires = at;
}

void FakeNetBird::set_limiter(int requests_per_minute, int burst) {
  limit_per_minute_ = requests_per_minute;
  limit_burst_ = burst;
  limit_tokens_ = burst;
}

bool FakeNetBird::within_limit(base::Instant now) {
  if (limit_per_minute_ <= 0) return true;
  const auto passed_ms = static_cast<double>((now - limit_at_).count());
  limit_at_ = now;
  limit_tokens_ = std::min(static_cast<double>(limit_burst_),
                           limit_tokens_ + passed_ms * limit_per_minute_ / 60'000.0);
  if (limit_tokens_ < 1.0) return false;
  limit_tokens_ -= 1.0;
  return true;
}

io::HttpResponse FakeNetBird::handle(const io::HttpRequest& request, base::Now now) {
  io::HttpResponse out;
  if (!within_limit(now.mono)) {
    out = refuse(429, "too many requests");
  } else {
    try {
      out = route(request, parse_url(request.path), now);
    } catch (const Json::exception&) {
      out = refuse(400, "couldn't parse JSON request");
    }
    if (request.method != io::Method::kGet) remember(now.mono);
  }
  out.date = whole_seconds(now.wall);
  return out;
}

io::HttpResponse FakeNetBird::route(const io::HttpRequest& request, const Url& url, base::Now now) {
  const auto& parts = url.segments;
  if (parts.size() >= 2 && parts.size() <= 3 && parts[0] == "api") {
    const std::string id = parts.size() == 3 ? parts[2] : "";
    if (parts[1] == "setup-keys") return keys_call(request, id, now);
    if (parts[1] == "groups") return groups_call(request, id, now);
    if (request.method != io::Method::kGet) return unknown_path();
    if (parts[1] == "accounts" && id.empty()) return answer(200, Json::array({account()}));
    if (parts[1] == "users") return users_call(id, url);
  }
  return unknown_path();
}

// The token is a service user's, who is not shown who it is, but finds itself among the others.
io::HttpResponse FakeNetBird::users_call(const std::string& id, const Url& url) const {
  if (id == "current") return not_permitted();
  if (!id.empty()) return unknown_path();
  const auto user = [](const char* user_id, const char* name, const char* role, bool service) {
    return Json{{"id", user_id},
                {"name", name},
                {"email", ""},
                {"role", role},
                {"status", "active"},
                {"is_current", false},
                {"is_service_user", service},
                {"is_blocked", false},
                {"auto_groups", Json::array()}};
  };
  Json own = user("d0000000000000000svc", "nbkeys", may_write_ ? "admin" : "auditor", true);
  own["is_current"] = true;
  Json out = Json::array({std::move(own)});
  const std::string service = url.parameter("service_user");
  if (!service.empty() && service != "true") return refuse(422, "invalid service_user query");
  if (service.empty()) out.push_back(user("d0000000000000000usr", "somebody", "owner", false));
  return answer(200, out);
}

Json FakeNetBird::account() const {
  return {{"id", account_id_},
          {"created_at", base::format_rfc3339(kSetUp)},
          {"created_by", "d0000000000000000usr"},
          {"domain", ""},
          {"domain_category", ""},
          {"settings", {{"peer_login_expiration_enabled", true}}},
          {"onboarding", {{"onboarding_flow_pending", false}, {"signup_form_pending", false}}}};
}

// In NetBird's own order: the body's shape, the role, the groups that a key names, its existence.
io::HttpResponse FakeNetBird::keys_call(const io::HttpRequest& request, const std::string& id,
                                        base::Now now) {
  const bool one = !id.empty();
  switch (request.method) {
    case io::Method::kGet: {
      if (!one) return list_keys(now);
      const auto found = keys_.find(id);
      if (found == keys_.end()) return no_key(id);
      return answer(200, view(id, found->second, false, now.wall));
    }
    case io::Method::kPost: return one ? unknown_path() : create_key(request, now);
    case io::Method::kPut:
      return one ? update_key(id, Json::parse(request.body.reveal()), now) : unknown_path();
    case io::Method::kDelete:
      if (!one) return unknown_path();
      if (!may_write_) return not_permitted();
      return keys_.erase(id) > 0 ? answer(200, Json::object()) : no_key(id);
    case io::Method::kPatch: break;
  }
  return unknown_path();
}

std::optional<std::string> FakeNetBird::refused_groups(const Json& groups) const {
  for (const Json& id : groups) {
    const auto found = groups_.find(id.get<std::string>());
    if (found == groups_.end())
      return "invalid auto groups: group not found: " + id.get<std::string>();
    if (found->second == "All") return "can't add 'All' group to the setup key";
  }
  return std::nullopt;
}

io::HttpResponse FakeNetBird::create_key(const io::HttpRequest& request, base::Now now) {
  const Json body = Json::parse(request.body.reveal());
  Key key;
  key.name = body.value("name", "");
  key.type = body.value("type", "");
  key.usage_limit = body.value("usage_limit", std::int64_t{0});
  key.ephemeral = body.value("ephemeral", false);
  key.allow_extra_dns_labels = body.value("allow_extra_dns_labels", false);
  const auto expires_in_s = body.value("expires_in", std::int64_t{0});
  if (key.name.empty()) return refuse(422, "setup key name shouldn't be empty");
  if (key.type != "reusable" && key.type != "one-off") {
    return refuse(422, "unknown setup key type " + key.type);
  }
  if (expires_in_s < 0) return refuse(422, "expiresIn can not be in the past");
  if (key.type == "one-off" && key.usage_limit > 1) {
    return refuse(422, "one-off keys can be used once");
  }
  if (key.type == "one-off") key.usage_limit = 1;
  const Json groups = body.contains("auto_groups") ? body["auto_groups"] : Json::array();
  if (!groups.is_array()) return refuse(422, "setup key AutoGroups field is invalid");
  if (!may_write_) return not_permitted();
  if (const auto refusal = refused_groups(groups)) return refuse(422, *refusal);
  key.auto_groups = groups.get<std::vector<std::string>>();
  if (expires_in_s > 0) key.expires = now.wall + base::Duration{expires_in_s * 1000};
  key.updated_at = now.wall;
  key.plaintext = new_plaintext();
  plaintexts_.push_back(key.plaintext);
  const std::string id = new_id(now.wall);
  const Json shown = view(id, key, true, now.wall);
  keys_.emplace(id, std::move(key));
  return answer(200, shown);
}

io::HttpResponse FakeNetBird::update_key(const std::string& id, const Json& body, base::Now now) {
  const bool revoked = body.value("revoked", false);
  const Json groups = body.contains("auto_groups") ? body["auto_groups"] : Json();
  if (!groups.is_array()) return refuse(422, "setup key AutoGroups field is invalid");
  if (!may_write_) return not_permitted();
  if (const auto refusal = refused_groups(groups)) return refuse(422, *refusal);
  const auto found = keys_.find(id);
  if (found == keys_.end()) return no_key(id);
  Key& key = found->second;
  if (key.revoked && !revoked) return refuse(422, "can't un-revoke a revoked setup key");
  key.revoked = revoked;
  key.auto_groups = groups.get<std::vector<std::string>>();
  key.updated_at = now.wall;
  return answer(200, view(id, key, false, now.wall));
}

io::HttpResponse FakeNetBird::groups_call(const io::HttpRequest& request, const std::string& id,
                                          base::Now now) {
  const auto shown = [](const std::string& group_id, const std::string& name) {
    return Json{{"id", group_id},       {"name", name},    {"peers_count", 0},
                {"resources_count", 0}, {"issued", "api"}, {"peers", nullptr},
                {"resources", nullptr}};
  };
  if (id.empty() && request.method == io::Method::kGet) {
    Json out = Json::array();
    for (const auto& [group_id, name] : groups_) out.push_back(shown(group_id, name));
    return answer(200, out);
  }
  if (id.empty() && request.method == io::Method::kPost) {
    const std::string name = Json::parse(request.body.reveal()).value("name", "");
    if (name.empty()) return refuse(422, "group name shouldn't be empty");
    const std::string made = new_id(now.wall);
    groups_[made] = name;
    return answer(200, shown(made, name));
  }
  if (request.method != io::Method::kGet && request.method != io::Method::kDelete) {
    return unknown_path();
  }
  const bool read = request.method == io::Method::kGet;
  const auto found = groups_.find(id);
  if (found == groups_.end()) {
    return refuse(read ? 404 : 400, "group: " + id + " not found");
  }
  if (read) return answer(200, shown(id, found->second));
  for (const auto& [key_id, key] : keys_) {
    if (std::find(key.auto_groups.begin(), key.auto_groups.end(), id) != key.auto_groups.end()) {
      return refuse(400, "group has been linked to setup key: " + key.name);
    }
  }
  groups_.erase(found);
  return answer(200, Json::object());
}

}  // namespace nbkeys::fakes
