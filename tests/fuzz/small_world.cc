#include "fuzz/small_world.h"

#include "fuzz/target.h"

namespace nbkeys::fuzz {
namespace {

using base::Json;

io::HttpResponse answer(int status, const Json& body) {
  return {status, base::SecretText(base::dump_json(body))};
}

io::HttpResponse status(int code) {
  return answer(code, {{"kind", "Status"}, {"code", code}, {"message", "as asked"}});
}

Json body_of(const io::HttpRequest& request) {
  auto parsed = base::parse_json(request.body.reveal(), "test");
  PROMISE(parsed.ok());
  return parsed ? std::move(*parsed) : Json::object();
}

}  // namespace

SmallWorld::SmallWorld() {
  setup_key_ = {{"apiVersion", "keys.netbird.io/v1alpha1"},
                {"kind", "SetupKey"},
                {"metadata",
                 {{"name", "fleet"},
                  {"namespace", "team-a"},
                  {"uid", "1a2b"},
                  {"generation", 1},
                  {"resourceVersion", "10"},
                  {"creationTimestamp", "2026-11-01T00:00:00Z"}}},
                {"spec", {{"autoGroups", Json::array({{{"name", "routers"}}})}}},
                {"status", {{"observedGeneration", -1}}}};
}

io::HttpResponse SmallWorld::serve(const io::HttpRequest& request) {
  return request.server == io::Server::kKube ? serve_kube(request) : serve_netbird(request);
}

Json SmallWorld::list_of(const Json& object) const {
  Json items = Json::array();
  if (!object.is_null()) items.push_back(object);
  return {{"metadata", {{"resourceVersion", std::to_string(version_)}}}, {"items", items}};
}

void SmallWorld::merge_into(Json& object, Json patch) {
  object.merge_patch(patch);
  object["metadata"]["resourceVersion"] = std::to_string(++version_);
}

io::HttpResponse SmallWorld::serve_kube(const io::HttpRequest& request) {
  const std::string& what = request.operation;
  if (what == "list_setupkeys") return answer(200, list_of(setup_key_));
  if (what == "list_secrets") return answer(200, list_of(secret_));
  if (what == "get_setupkey") return answer(200, setup_key_);
  if (what == "patch_status" || what == "patch_finalizers") {
    merge_into(setup_key_, body_of(request));
    return answer(200, setup_key_);
  }
  if (what == "get_secret" || what == "get_secret_metadata") {
    return secret_.is_null() ? status(404) : answer(200, secret_);
  }
  if (what == "dry_run_secret") return answer(201, body_of(request));
  if (what == "create_secret" || what == "patch_secret") {
    if (what == "create_secret" && !secret_.is_null()) return status(409);
    if (what == "patch_secret" && secret_.is_null()) return status(404);
    merge_into(secret_, body_of(request));
    secret_["metadata"]["uid"] = "2c3d";
    return answer(200, secret_);
  }
  if (what == "get_lease") return lease_.is_null() ? status(404) : answer(200, lease_);
  if (what == "create_lease" || what == "update_lease") {
    lease_ = Json::object();
    merge_into(lease_, body_of(request));
    return answer(200, lease_);
  }
  return answer(201, Json::object());
}

io::HttpResponse SmallWorld::serve_netbird(const io::HttpRequest& request) {
  const std::string& what = request.operation;
  if (what == "list_groups") return answer(200, {{{"id", "g1"}, {"name", "routers"}}});
  if (what == "list_service_users") {
    return answer(200, Json::array({{{"id", "u1"}, {"role", "admin"}, {"is_current", true}}}));
  }
  if (what == "probe_write") return answer(404, {{"message", "setup key: not found"}});
  if (what == "list_keys") return answer(200, Json(keys_));
  if (what == "create_key") {
    const Json asked = body_of(request);
    Json key = {{"id", "key" + std::to_string(++keys_made_)},
                {"name", base::string_or(asked, {"name"})},
                {"key", kPlantedKey},
                {"state", "valid"},
                {"revoked", false},
                {"used_times", 0},
                {"usage_limit", 0},
                {"expires", "2026-12-25T00:00:00Z"},
                {"auto_groups", Json::array({"g1"})}};
    Json shown = key;
    shown["key"] = "0A1B2****";
    keys_.push_back(std::move(shown));
    return answer(200, key);
  }
  const std::string id = request.path.substr(request.path.rfind('/') + 1);
  for (std::size_t i = 0; i < keys_.size(); ++i) {
    if (base::string_or(keys_[i], {"id"}) != id) continue;
    if (request.method == io::Method::kDelete) {
      keys_.erase(keys_.begin() + static_cast<std::ptrdiff_t>(i));
      return answer(200, Json::object());
    }
    keys_[i].merge_patch(body_of(request));
    if (base::bool_or(keys_[i], {"revoked"}, false)) keys_[i]["state"] = "revoked";
    return answer(200, keys_[i]);
  }
  return answer(404, {{"message", "setup key not found"}, {"code", 404}});
}

std::string SmallWorld::event_line(bool secret) const {
  const Json& object = secret ? secret_ : setup_key_;
  if (object.is_null()) return "";
  return base::dump_json({{"type", "MODIFIED"}, {"object", object}}) + "\n";
}

}  // namespace nbkeys::fuzz
