#include "engine/act.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/hash.h"
#include "base/json.h"
#include "base/mutation.h"
#include "cache/mark.h"
#include "kube/names.h"
#include "kube/requests.h"
#include "netbird/requests.h"

namespace nbkeys::engine {
namespace {

// Below Options::request_timeout, so that a POST which we gave up on has its last effect within
// that time.
constexpr base::Duration kPostTimeout{20'000};

kube::SecretKeyFacts facts_in_use(const kube::KeyStatus& s, base::Now now) {
  return {s.key_id,    s.revision, s.key_digest, s.settings_digest, s.issued_at.value_or(now.wall),
          s.expires_at};
}

std::vector<std::string> with_finalizer(std::vector<std::string> all) {
  all.emplace_back(kube::kFinalizer);
  return all;
}

std::vector<std::string> without_finalizer(std::vector<std::string> all) {
  std::erase(all, std::string(kube::kFinalizer));
  return all;
}

io::HttpRequest status_request(const kube::KeyStatus& next, const Observed& o) {
  const auto patch =
      base::merge_patch(kube::status_json(o.resource.status), kube::status_json(next));
  kube::Meta meta = o.resource.meta;
  if (MUTATION(claim_without_precondition)) meta.resource_version.clear();
  return kube::patch_status(meta, patch);
}

io::HttpRequest post_request(const Observed& o, const std::string& owner, const CreateKey& create) {
  netbird::NewKey key;
  key.name = cache::marked_name(o.resource.spec.settings.display_name,
                                {owner, create.revision, create.ticket});
  const kube::KeySettings& settings = o.resource.spec.settings;
  key.type = kube::key_type_name(settings.type);
  key.usage_limit = settings.usage_limit;
  key.expires_in = settings.expires_in;
  key.ephemeral = settings.ephemeral;
  key.allow_extra_dns_labels = settings.allow_extra_dns_labels;
  key.auto_groups = o.groups.ids;
  io::HttpRequest request = netbird::create_key(key);
  request.timeout = kPostTimeout;
  return request;
}

// A new Secret with this key, or ours with this key in it.
io::HttpRequest secret_with(const Observed& o, const kube::SecretKeyFacts& facts,
                            const base::SecretText& key, bool dry_run) {
  const kube::ObjectRef ref = secret_ref(o.resource);
  const bool there = o.secret.state == SecretState::kOurs && o.secret.meta != nullptr;
  if (!there) {
    CHECK(dry_run || o.secret.state == SecretState::kAbsent);
    return kube::create_secret(ref, kube::create_secret_body(o.resource, facts, key), dry_run);
  }
  kube::SecretMeta existing = *o.secret.meta;
  if (MUTATION(skip_secret_precondition)) existing.resource_version.clear();
  return kube::patch_secret(ref, kube::patch_secret_body(o.resource, existing, facts, &key),
                            dry_run);
}

io::HttpRequest secret_write(const Observed& o) {
  CHECK(o.flight.held.has_value());
  return secret_with(o, o.flight.held->facts, o.flight.held->plaintext, false);
}

// The same write with a stand-in, which the server judges and does not keep.
io::HttpRequest secret_trial(const Observed& o) {
  const kube::SecretKeyFacts stand_in{"dry-run", 1, "", "", o.now.wall, std::nullopt};
  return secret_with(o, stand_in, base::SecretText(std::string("dry-run")), true);
}

const std::vector<std::string>& groups_of(const Observed& o, const std::string& key_id) {
  static const std::vector<std::string> kNone;
  for (const cache::MarkedKey& key : o.keys) {
    if (key.key.id == key_id) return key.key.auto_groups;
  }
  return kNone;
}

}  // namespace

io::HttpRequest request_for(const Action& action, const Observed& o, const std::string& owner) {
  const kube::Meta& meta = o.resource.meta;
  return std::visit(
      base::overloaded{
          [](const Rest&) -> io::HttpRequest {
            CHECK(false);
            return {};
          },
          [&](const ReadSetupKey&) { return kube::get_setup_key(meta.ref); },
          [&](const AddFinalizer&) {
            return kube::patch_finalizers(meta, with_finalizer(meta.finalizers));
          },
          [&](const RemoveFinalizer&) {
            return kube::patch_finalizers(meta, without_finalizer(meta.finalizers));
          },
          [&](const WriteStatus& a) { return status_request(a.next, o); },
          [&](const RestoreStatus& a) { return status_request(a.next, o); },
          [&](const Claim& a) { return status_request(a.next, o); },
          [&](const CreateKey& a) { return post_request(o, owner, a); },
          [&](const LookForSecret&) { return kube::get_secret_meta(secret_ref(o.resource)); },
          [&](const ReadSecret&) { return kube::get_secret(secret_ref(o.resource)); },
          [&](const TryWritingSecret&) { return secret_trial(o); },
          [&](const WriteSecret&) { return secret_write(o); },
          [&](const RepairSecret&) {
            return kube::patch_secret(
                secret_ref(o.resource),
                kube::patch_secret_body(o.resource, *o.secret.meta,
                                        facts_in_use(o.resource.status, o.now), nullptr),
                false);
          },
          [&](const UpdateGroups& a) { return netbird::update_key(a.key_id, false, o.groups.ids); },
          [&](const RevokeKey& a) {
            return netbird::update_key(
                a.key_id, true,
                a.clear_groups ? std::vector<std::string>{} : groups_of(o, a.key_id));
          },
          [&](const DeleteKey& a) { return netbird::delete_key(a.key_id); }},
      action);
}

void sent(const Action& action, Flight& flight, base::Instant now) {
  const auto* create = std::get_if<CreateKey>(&action);
  if (create == nullptr) return;
  // The POST may happen now, so this revision is used up, and only its answer may say otherwise.
  flight.claimed = 0;
  flight.lost.push_back({create->revision, now, create->ticket});
  if (flight.lost.size() > Flight::kLostMax) flight.lost.erase(flight.lost.begin());
}

namespace {

void forget_secret(World& world, const kube::ObjectRef& secret, const kube::ObjectRef& owner) {
  const auto entry = world.by_secret.find(secret);
  if (entry == world.by_secret.end()) return;
  entry->second.erase(owner);
  if (entry->second.empty()) world.by_secret.erase(entry);
}

}  // namespace

void put_setup_key(World& world, kube::SetupKey resource, const std::string& list_version) {
  const kube::ObjectRef ref = resource.meta.ref;
  const kube::ObjectRef secret = secret_ref(resource);
  if (const kube::SetupKey* known = world.setup_keys.find(ref)) {
    const kube::ObjectRef before = secret_ref(*known);
    if (before != secret) forget_secret(world, before, ref);
    // Another object of the same name: nothing that was in the air for the old one holds for it.
    if (known->meta.uid != resource.meta.uid) world.flights.erase(ref);
  }
  if (secret != ref) world.by_secret[secret].insert(ref);
  const std::uint64_t seen = world.setup_keys.seen_at(ref);
  world.setup_keys.upsert(std::move(resource), list_version);
  const auto flight = world.flights.find(ref);
  const bool put_back = world.setup_keys.seen_at(ref) < seen;
  if (put_back && flight != world.flights.end()) flight->second.forget_history();
}

void erase_setup_key(World& world, const kube::ObjectRef& ref, const std::string& version) {
  const kube::SetupKey* known = world.setup_keys.find(ref);
  if (known == nullptr) return;
  const kube::ObjectRef secret = secret_ref(*known);
  if (!world.setup_keys.erase(ref, version)) return;
  forget_secret(world, secret, ref);
  world.flights.erase(ref);
}

std::vector<kube::ObjectRef> owners_of(const World& world, const kube::ObjectRef& secret) {
  std::vector<kube::ObjectRef> out;
  if (world.setup_keys.contains(secret)) out.push_back(secret);
  const auto named = world.by_secret.find(secret);
  if (named != world.by_secret.end()) {
    out.insert(out.end(), named->second.begin(), named->second.end());
  }
  return out;
}

}  // namespace nbkeys::engine
