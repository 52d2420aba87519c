#pragma once
// What the watches show goes into the caches, and whoever it concerns is given a turn.

#include <functional>
#include <nlohmann/json_fwd.hpp>

#include "cache/store.h"
#include "engine/world.h"
#include "kube/watch.h"

namespace nbkeys::engine {

using Touch = std::function<void(const kube::ObjectRef&)>;

class SetupKeySink : public kube::WatchSink {
 public:
  SetupKeySink(std::string scope, World& world, Touch touch);
  void list_begun() override;
  void listed(const nlohmann::json& object) override;
  void list_ended(const std::string& resource_version) override;
  void changed(const nlohmann::json& object) override;
  void removed(const nlohmann::json& object) override;

 private:
  std::string scope_;
  World& world_;
  Touch touch_;
  cache::Store<kube::SetupKey>::Listed listed_;
};

class SecretSink : public kube::WatchSink {
 public:
  SecretSink(std::string scope, World& world, Touch touch);
  void list_begun() override;
  void listed(const nlohmann::json& object) override;
  void list_ended(const std::string& resource_version) override;
  void changed(const nlohmann::json& object) override;
  void removed(const nlohmann::json& object) override;

 private:
  void touch_owners(const kube::ObjectRef& secret);

  std::string scope_;
  World& world_;
  Touch touch_;
  cache::Store<kube::SecretMeta>::Listed listed_;
};

}  // namespace nbkeys::engine
