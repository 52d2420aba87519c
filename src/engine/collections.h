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
  Ended list_ended(const std::string& resource_version) override;
  void changed(const nlohmann::json& object) override;
  void removed(const nlohmann::json& object) override;
  std::uint64_t newest() const override { return world_.setup_keys.newest(scope_); }
  void history_went_back() override { world_.setup_keys.forget_versions(scope_); }

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
  Ended list_ended(const std::string& resource_version) override;
  void changed(const nlohmann::json& object) override;
  void removed(const nlohmann::json& object) override;
  std::uint64_t newest() const override { return world_.secrets.newest(scope_); }
  void history_went_back() override { world_.secrets.forget_versions(scope_); }

 private:
  void touch_owners(const kube::ObjectRef& secret);

  std::string scope_;
  World& world_;
  Touch touch_;
  cache::Store<kube::SecretMeta>::Listed listed_;
};

// The line for a person when the very first list is refused: going on would be pointless.
std::optional<std::string> fatal_line(const kube::Watch& watch);

}  // namespace nbkeys::engine
