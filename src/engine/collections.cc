#include "engine/collections.h"

#include <nlohmann/json.hpp>

#include "engine/act.h"

namespace nbkeys::engine {

SetupKeySink::SetupKeySink(std::string scope, World& world, Touch touch)
    : scope_(std::move(scope)), world_(world), touch_(std::move(touch)) {}

void SetupKeySink::list_begun() { listed_.clear(); }

void SetupKeySink::listed(const nlohmann::json& object) {
  auto resource = kube::parse_setup_key(object);
  if (!resource) return;
  kube::ObjectRef ref = resource->meta.ref;
  listed_.insert_or_assign(std::move(ref), std::move(*resource));
}

void SetupKeySink::list_ended(const std::string& resource_version) {
  // The index has to follow, so each object goes the way that a single event would.
  std::vector<kube::ObjectRef> gone;
  for (const auto& [ref, known] : world_.setup_keys.all()) {
    const bool in_scope = scope_.empty() || ref.name_space == scope_;
    const bool newer =
        kube::version_number(known.meta.resource_version) > kube::version_number(resource_version);
    if (in_scope && !newer && !listed_.contains(ref)) gone.push_back(ref);
  }
  for (const kube::ObjectRef& ref : gone) {
    erase_setup_key(world_, ref, "");
    touch_(ref);
  }
  for (auto& [ref, resource] : listed_) {
    put_setup_key(world_, std::move(resource));
    touch_(ref);
  }
  listed_.clear();
}

void SetupKeySink::changed(const nlohmann::json& object) {
  auto resource = kube::parse_setup_key(object);
  if (!resource) return;
  const kube::ObjectRef ref = resource->meta.ref;
  put_setup_key(world_, std::move(*resource));
  touch_(ref);
}

void SetupKeySink::removed(const nlohmann::json& object) {
  const auto meta = kube::parse_meta(object);
  if (!meta) return;
  erase_setup_key(world_, meta->ref, meta->resource_version);
  touch_(meta->ref);
}

SecretSink::SecretSink(std::string scope, World& world, Touch touch)
    : scope_(std::move(scope)), world_(world), touch_(std::move(touch)) {}

void SecretSink::list_begun() { listed_.clear(); }

void SecretSink::listed(const nlohmann::json& object) {
  auto meta = kube::parse_secret_meta(object);
  if (!meta) return;
  kube::ObjectRef ref = meta->ref;
  listed_.insert_or_assign(std::move(ref), std::move(*meta));
}

void SecretSink::list_ended(const std::string& resource_version) {
  const auto touched = world_.secrets.swap_in(scope_, std::exchange(listed_, {}), resource_version);
  for (const kube::ObjectRef& ref : touched) touch_owners(ref);
}

void SecretSink::changed(const nlohmann::json& object) {
  auto meta = kube::parse_secret_meta(object);
  if (!meta) return;
  const kube::ObjectRef ref = meta->ref;
  if (world_.secrets.upsert(std::move(*meta))) touch_owners(ref);
}

void SecretSink::removed(const nlohmann::json& object) {
  const auto meta = kube::parse_meta(object);
  if (!meta) return;
  if (world_.secrets.erase(meta->ref, meta->resource_version)) touch_owners(meta->ref);
}

void SecretSink::touch_owners(const kube::ObjectRef& secret) {
  const auto owners = world_.by_secret.find(secret);
  if (owners == world_.by_secret.end()) return;
  for (const kube::ObjectRef& ref : owners->second) {
    // What a live read found before this event no longer counts.
    const auto flight = world_.flights.find(ref);
    if (flight != world_.flights.end()) flight->second.look.reset();
    touch_(ref);
  }
}

}  // namespace nbkeys::engine
