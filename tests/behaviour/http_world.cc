#include "behaviour/http_world.h"

#include <stdexcept>

namespace nbkeys::behaviour {

Reply HttpWorld::kube(io::Method method, const std::string& path, const Json& body,
                      const std::string& content_type) {
  Answer answer = call(io::Server::kKube, method, path, body, content_type);
  const bool ok = answer.status >= 200 && answer.status < 300;
  return {ok, ok ? "" : fakes::text_at(answer.body, {"message"}), std::move(answer.body)};
}

HttpWorld::Answer HttpWorld::netbird(io::Method method, const std::string& path, const Json& body) {
  Answer answer = call(io::Server::kNetBird, method, path, body, "application/json");
  if (answer.status != 200) {
    throw std::runtime_error("NetBird refused the test's own " + path + ": " + answer.body.dump());
  }
  return answer;
}

Reply HttpWorld::create(const Json& object) {
  const std::string resource = resource_of(object.at("kind").get<std::string>());
  const std::string name_space = fakes::text_at(object, {"metadata", "namespace"});
  return kube(io::Method::kPost, path_of({resource, name_space, ""}), object);
}

Reply HttpWorld::patch(const Ref& ref, const Json& change, bool status) {
  return kube(io::Method::kPatch, path_of(ref) + (status ? "/status" : ""), change,
              "application/merge-patch+json");
}

Reply HttpWorld::remove(const Ref& ref) { return kube(io::Method::kDelete, path_of(ref)); }

std::optional<Json> HttpWorld::get(const Ref& ref) {
  Reply reply = kube(io::Method::kGet, path_of(ref));
  if (!reply.ok) return std::nullopt;
  return std::move(reply.body);
}

std::vector<Json> HttpWorld::list(const std::string& resource, const std::string& name_space) {
  return kube(io::Method::kGet, path_of({resource, name_space, ""})).body.at("items");
}

std::vector<Json> HttpWorld::netbird_keys() {
  return netbird(io::Method::kGet, "/api/setup-keys").body;
}

std::string HttpWorld::add_group(const std::string& name) {
  return netbird(io::Method::kPost, "/api/groups", {{"name", name}}).body.at("id");
}

void HttpWorld::remove_group(const std::string& id) {
  netbird(io::Method::kDelete, "/api/groups/" + id);
}

void HttpWorld::delete_key(const std::string& id) {
  netbird(io::Method::kDelete, "/api/setup-keys/" + id);
}

void HttpWorld::revoke_key(const std::string& id) {
  const std::string path = "/api/setup-keys/" + id;
  const Json key = netbird(io::Method::kGet, path).body;
  netbird(io::Method::kPut, path, {{"revoked", true}, {"auto_groups", key.at("auto_groups")}});
}

}  // namespace nbkeys::behaviour
