#include "engine/collections.h"

#include <nlohmann/json.hpp>

#include "engine/act.h"

namespace nbkeys::engine {
namespace {

// What a list brings is packed at once: all of it is there at the same time.
template <typename T>
void gather(T object, typename cache::Store<T>::Listed& listed) {
  const kube::ObjectRef ref = ref_of(object);
  typename cache::Store<T>::Kept kept(std::move(object));
  kept.close();
  listed.insert_or_assign(ref, std::move(kept));
}

template <typename T>
kube::WatchSink::Ended verdict_of(cache::Store<T>& store) {
  return store.take_went_back() ? kube::WatchSink::Ended::kWentBack
                                : kube::WatchSink::Ended::kGoesOn;
}

}  // namespace

SetupKeySink::SetupKeySink(std::string scope, World& world, Touch touch)
    : scope_(std::move(scope)), world_(world), touch_(std::move(touch)) {}

void SetupKeySink::list_begun() { listed_.clear(); }

void SetupKeySink::listed(const nlohmann::json& object) {
  auto resource = kube::parse_setup_key(object, world_.options.also_refused);
  if (!resource) return;
  gather(std::move(*resource), listed_);
}

kube::WatchSink::Ended SetupKeySink::list_ended(const std::string& resource_version) {
  // The index has to follow, so each object goes the way that a single event would.
  const auto listed = std::exchange(listed_, {});
  for (const auto& ref : world_.setup_keys.missing_in(listed, scope_, resource_version)) {
    erase_setup_key(world_, ref, "");
    touch_(ref);
  }
  for (const auto& [ref, kept] : listed) {
    kept.show(
        [&](const kube::SetupKey& resource) { put_setup_key(world_, resource, resource_version); });
    touch_(ref);
  }
  return verdict_of(world_.setup_keys);
}

void SetupKeySink::changed(const nlohmann::json& object) {
  auto resource = kube::parse_setup_key(object, world_.options.also_refused);
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
  gather(std::move(*meta), listed_);
}

kube::WatchSink::Ended SecretSink::list_ended(const std::string& resource_version) {
  const auto touched = world_.secrets.swap_in(scope_, std::exchange(listed_, {}), resource_version);
  for (const kube::ObjectRef& ref : touched) touch_owners(ref);
  return verdict_of(world_.secrets);
}

void SecretSink::changed(const nlohmann::json& object) {
  auto meta = kube::parse_secret_meta(object);
  if (!meta) return;
  const kube::ObjectRef ref = meta->ref;
  if (world_.secrets.upsert(std::move(*meta))) touch_owners(ref);
  world_.secrets.close(ref);
}

void SecretSink::removed(const nlohmann::json& object) {
  const auto meta = kube::parse_meta(object);
  if (!meta) return;
  if (world_.secrets.erase(meta->ref, meta->resource_version)) touch_owners(meta->ref);
}

void SecretSink::touch_owners(const kube::ObjectRef& secret) {
  for (const kube::ObjectRef& ref : owners_of(world_, secret)) {
    // What a live read found before this event no longer counts.
    const auto flight = world_.flights.find(ref);
    if (flight != world_.flights.end()) flight->second.look.reset();
    touch_(ref);
  }
}

std::optional<std::string> fatal_line(const kube::Watch& watch) {
  if (watch.synced() || !watch.problem()) return std::nullopt;
  const base::Error& error = *watch.problem();
  const bool keys = watch.collection().resource == kube::Collection::Resource::kSetupKeys;
  switch (error.code) {
    case base::ErrorCode::kNotFound:
      if (!keys) return std::nullopt;
      return "the cluster does not know SetupKeys: install the CRD with "
             "'kubectl apply -f crds/keys.netbird.io_setupkeys.yaml' and start again";
    case base::ErrorCode::kForbidden:
      return error.message +
             ": grant the right, for example with 'kubectl apply -k deploy/', "
             "or narrow --watch-namespace to what the account may read";
    case base::ErrorCode::kUnauthorized:
      return "Kubernetes refuses our credentials (" + error.message +
             "): check the token or certificate in the kubeconfig or service account";
    default: return std::nullopt;
  }
}

}  // namespace nbkeys::engine
