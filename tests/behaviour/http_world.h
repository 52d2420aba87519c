#pragma once
// What the worlds with fakes share: Kubernetes and NetBird are reached by method, path and body.

#include "behaviour/world.h"
#include "io/http.h"

namespace nbkeys::behaviour {

class HttpWorld : public World {
 public:
  Reply create(const Json& object) override;
  Reply patch(const Ref& ref, const Json& change, bool status) override;
  Reply remove(const Ref& ref) override;
  std::optional<Json> get(const Ref& ref) override;
  std::vector<Json> list(const std::string& resource, const std::string& name_space) override;
  std::vector<Json> netbird_keys() override;
  std::string add_group(const std::string& name) override;
  void remove_group(const std::string& id) override;
  void delete_key(const std::string& id) override;
  void revoke_key(const std::string& id) override;

 protected:
  struct Answer {
    int status = 0;
    Json body;
  };
  virtual Answer call(io::Server server, io::Method method, const std::string& path,
                      const Json& body, const std::string& content_type) = 0;

 private:
  Reply kube(io::Method method, const std::string& path, const Json& body = nullptr,
             const std::string& content_type = "application/json");
  Answer netbird(io::Method method, const std::string& path, const Json& body = nullptr);
};

}  // namespace nbkeys::behaviour
