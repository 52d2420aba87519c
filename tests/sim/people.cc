// What users do at Kubernetes and what others do at NetBird.

#include <algorithm>

#include "base/hash.h"
#include "sim/world.h"

namespace nbkeys::sim {
namespace {

using fakes::at_path;
using fakes::text_at;
using io::Method;
using io::Server;

constexpr const char* kGroups[] = {"phones", "laptops", "servers", "guests"};

std::string setup_key_path(const Slot& slot) {
  return "/apis/keys.netbird.io/v1alpha1/namespaces/" + slot.name_space + "/setupkeys/" + slot.name;
}
std::string secret_path(const Slot& slot) {
  return "/api/v1/namespaces/" + slot.name_space + "/secrets/" + slot.name;
}

fakes::Object stored(World& world, const char* resource, const Slot& slot) {
  return world.inside.kube.store().find(resource, slot.name_space, slot.name);
}

void edit(World& world, const Slot& slot, const Json& spec) {
  world.person(Server::kKube, Method::kPatch, setup_key_path(slot), {{"spec", spec}});
}

Json groups_of(std::uint64_t draw) {
  Json out = Json::array();
  for (std::size_t i = 0; i < 4; ++i) {
    if ((draw >> i & 1u) != 0) out.push_back({{"name", kGroups[i]}});
  }
  return out;
}

// Only what the CRD's rules admit; the fake knows its schema but not its CEL rules.
Json settings_of(std::uint64_t draw) {
  const bool one_off = draw % 5 == 0;
  constexpr const char* kLives[] = {"24h", "3d", "7d", "30d", "0"};
  constexpr int kLimits[] = {0, 0, 2, 5};
  return {{"type", one_off ? "one-off" : "reusable"},
          {"usageLimit", one_off ? 1 : kLimits[draw / 5 % 4]},
          {"expiresIn", kLives[draw / 20 % 5]},
          {"ephemeral", draw / 100 % 2 == 0},
          {"allowExtraDnsLabels", draw / 200 % 4 == 0}};
}

Json rotation_of(std::uint64_t draw, const Json& settings) {
  constexpr const char* kOverlaps[] = {"0", "90s", "10m", "1h", "2d"};
  Json out = {{"overlap", kOverlaps[draw % 5]},
              {"policy", draw / 5 % 6 == 0 ? "Disabled" : "RenewBefore"},
              {"onOverused", draw / 30 % 2 == 0},
              {"interval", nullptr},
              {"usagePercent", nullptr},
              {"renewBefore", nullptr},
              {"renewBeforePercentage", nullptr}};
  if (draw / 60 % 3 == 0) out["interval"] = draw / 180 % 2 == 0 ? "36h" : "10d";
  if (settings.value("usageLimit", 0) > 1 && draw / 360 % 2 == 0) out["usagePercent"] = 50;
  const bool expires = settings.value("expiresIn", "") != "0";
  if (expires && draw / 720 % 4 == 0) out["renewBeforePercentage"] = 25;
  if (expires && draw / 720 % 4 == 1) out["renewBefore"] = "7h";
  return out;
}

void edit_settings(World& world, const Slot& slot, std::uint64_t draw) {
  Json spec = settings_of(draw);
  spec["rotation"] = rotation_of(draw / 7, spec);
  edit(world, slot, spec);
}

Json template_of(std::uint64_t draw) {
  const auto maybe = [&draw](const char* value) -> Json {
    draw /= 3;
    return draw % 3 == 0 ? Json(nullptr) : Json(std::string(value) + std::to_string(draw % 4));
  };
  return {{"data", {{"NB_URL", maybe("u")}, {"EXTRA", maybe("e")}}},
          {"labels", {{"team", maybe("t")}}},
          {"annotations", {{"note", maybe("n")}}}};
}

void annotate(World& world, const Slot& slot, const char* name, const std::string& value) {
  world.person(Server::kKube, Method::kPatch, setup_key_path(slot),
               {{"metadata", {{"annotations", {{name, value}}}}}});
}

// The key at NetBird that a slot's status names, or, by the draw, any other of its keys.
std::string some_key(World& world, const Slot& slot, std::uint64_t draw) {
  const fakes::Object object = stored(world, "setupkeys", slot);
  if (!object) return "";
  const std::string active = text_at(*object, {"status", "keyID"});
  const std::string owner = owner_of_uid(text_at(*object, {"metadata", "uid"}));
  std::vector<std::string> others;
  for (const Json& key : world.inside.netbird.keys(world.inside.now())) {
    const auto mark = mark_in(text_at(key, {"name"}));
    if (mark && mark->owner == owner) others.push_back(text_at(key, {"id"}));
  }
  if (draw % 4 != 0 || others.empty()) return active;
  return others[draw / 4 % others.size()];
}

void revoke(World& world, const std::string& id) {
  if (id.empty()) return;
  world.person(Server::kNetBird, Method::kPut, "/api/setup-keys/" + id,
               {{"revoked", true}, {"auto_groups", Json::array()}});
}

void enrol(World& world, const Slot& slot, std::uint64_t count) {
  const KnownSecret* secret = world.checks().ledger().secret(slot.name_space, slot.name);
  if (secret == nullptr || secret->key.empty()) return;
  for (std::uint64_t i = 0; i < count; ++i) {
    world.inside.netbird.enrol(secret->key, world.inside.now());
  }
}

void group_trouble(World& world, const Happening& h) {
  auto& netbird = world.inside.netbird;
  const std::string wanted = kGroups[h.a % 4];
  std::string found;
  for (const auto& [id, name] : netbird.groups()) {
    if (name == wanted) found = id;
  }
  if (h.kind == Kind::kGroupDoubled || (found.empty() && h.kind == Kind::kGroupAdded)) {
    netbird.add_group(wanted);
  } else if (!found.empty() && h.kind == Kind::kGroupRemoved) {
    world.person(Server::kNetBird, Method::kDelete, "/api/groups/" + found);
  } else if (!found.empty() && h.kind == Kind::kGroupRenamed) {
    netbird.rename_group(found, h.b % 2 == 0 ? "renamed" : wanted);
  }
}

// Of another cluster's SetupKey, or, one in two, of a copy of this cluster: the mark of one of
// ours, with a number that this cluster may use as well, and another ticket.
std::string foreign_name(World& world, const Slot& slot, std::uint64_t draw) {
  const fakes::Object object = stored(world, "setupkeys", slot);
  if (draw % 2 == 0 || !object) {
    return "mine [k8s-" + base::sha256_hex(std::to_string(draw)).substr(0, 16) + "-r1]";
  }
  constexpr char kLetters[] = "abcdefghijklmnopqrstuvwxyz234567";
  std::string ticket;
  for (std::uint64_t i = 0, rest = draw; i < 8; ++i, rest /= 32) ticket += kLetters[rest % 32];
  const std::int64_t last = fakes::number_at(*object, {"status", "lastRevision"});
  return "mine ~" + ticket + " [k8s-" + owner_of_uid(text_at(*object, {"metadata", "uid"})) + "-r" +
         std::to_string(
             std::max<std::int64_t>(1, last + static_cast<std::int64_t>(draw / 2 % 3) - 1)) +
         "]";
}

void act_at_netbird(World& world, const Happening& h) {
  const Slot& slot = world.slot(h.a);
  switch (h.kind) {
    case Kind::kKeyDeleted:
      if (const std::string id = some_key(world, slot, h.b); !id.empty()) {
        world.person(Server::kNetBird, Method::kDelete, "/api/setup-keys/" + id);
      }
      return;
    case Kind::kKeyRevoked: return revoke(world, some_key(world, slot, h.b));
    case Kind::kKeyExpired:
      world.inside.netbird.expire_key(some_key(world, slot, h.b), world.inside.now().wall);
      return;
    case Kind::kPeersEnrol: return enrol(world, slot, 1 + h.b % 6);
    case Kind::kForeignKey:
      world.person(
          Server::kNetBird, Method::kPost, "/api/setup-keys",
          {{"name", foreign_name(world, slot, h.b)}, {"type", "reusable"}, {"expires_in", 86'400}});
      return;
    default: return group_trouble(world, h);
  }
}

// One in two pretends to be ours, with the label of another SetupKey.
void create_foreign_secret(World& world, const Slot& slot, bool pretends) {
  const Json labels = {{"keys.netbird.io/setupkey-uid", "another"}};
  world.person(Server::kKube, Method::kPost, "/api/v1/namespaces/" + slot.name_space + "/secrets",
               {{"apiVersion", "v1"},
                {"kind", "Secret"},
                {"metadata", {{"name", slot.name}, {"labels", pretends ? labels : Json::object()}}},
                {"stringData", {{"setup-key", "not yours"}}}},
               "application/json");
}

void meddle_with_secret(World& world, const Happening& h) {
  const Slot& slot = world.slot(h.a);
  const std::string path = secret_path(slot);
  switch (h.kind) {
    case Kind::kSecretDeleted: world.person(Server::kKube, Method::kDelete, path); return;
    case Kind::kSecretAltered: {
      const std::string other(base::base64_encode("altered " + std::to_string(h.b)).reveal());
      const char* const entries[] = {"setup-key", "NB_SETUP_KEY", "NB_URL"};
      world.person(Server::kKube, Method::kPatch, path, {{"data", {{entries[h.b % 3], other}}}});
      return;
    }
    case Kind::kSecretStripped: {
      Json metadata = {{"labels", {{"keys.netbird.io/setupkey-uid", nullptr}}}};
      if (h.b % 3 == 0) metadata = {{"annotations", nullptr}};
      if (h.b % 3 == 1) metadata["ownerReferences"] = nullptr;
      world.person(Server::kKube, Method::kPatch, path, {{"metadata", metadata}});
      return;
    }
    default:
      world.person(Server::kKube, Method::kDelete, path);
      create_foreign_secret(world, slot, h.b % 2 == 0);
      return;
  }
}

void act_on_spec(World& world, const Happening& h) {
  const Slot& slot = world.slot(h.a);
  switch (h.kind) {
    case Kind::kRotate:
      return annotate(world, slot, "keys.netbird.io/rotate", "n" + std::to_string(h.b % 1000));
    case Kind::kEditSettings: return edit_settings(world, slot, h.b);
    case Kind::kEditGroups: return edit(world, slot, {{"autoGroups", groups_of(h.b)}});
    case Kind::kEditTemplate: return edit(world, slot, {{"secretTemplate", template_of(h.b)}});
    case Kind::kEditRotation:
      return edit(world, slot,
                  {{"rotation", {{"overlap", h.b % 2 == 0 ? "0" : "20m"}}},
                   {"revisionHistoryLimit", 1 + static_cast<int>(h.b % 4)}});
    case Kind::kEditSecretKey:
      return edit(world, slot, {{"secretKey", h.b % 2 == 0 ? "NB_SETUP_KEY" : "setup-key"}});
    case Kind::kRevoke: return edit(world, slot, {{"revoked", true}});
    case Kind::kUnrevoke: return edit(world, slot, {{"revoked", false}});
    case Kind::kSuspend: return edit(world, slot, {{"suspend", true}});
    case Kind::kUnsuspend: return edit(world, slot, {{"suspend", false}});
    case Kind::kDeletionPolicy: {
      constexpr const char* kPolicies[] = {"Delete", "Revoke", "Retain"};
      return edit(world, slot, {{"deletionPolicy", kPolicies[h.b % 3]}});
    }
    case Kind::kAbandon: return annotate(world, slot, "keys.netbird.io/abandon", "true");
    case Kind::kDelete:
      world.person(Server::kKube, Method::kDelete, setup_key_path(slot));
      // Often it is applied again at once, under the same name.
      if (h.b % 2 == 0) {
        world.later(base::Duration{static_cast<int>(h.b / 2 % 60'000)},
                    [&world, slot, draw = h.b] { create_setup_key(world, slot, draw); });
      }
      return;
    default: return create_setup_key(world, slot, h.b);
  }
}

void restore_groups(World& world) {
  auto& netbird = world.inside.netbird;
  for (const char* wanted : kGroups) {
    std::vector<std::string> found;
    for (const auto& [id, name] : netbird.groups()) {
      if (name == wanted) found.push_back(id);
    }
    if (found.empty()) netbird.add_group(wanted);
    for (std::size_t i = 1; i < found.size(); ++i) netbird.rename_group(found[i], "spare");
  }
}

// Of a SetupKey whose key was made in the other account: this one is meant.
void accept_account(World& world, const Slot& slot, const Json& object) {
  const std::string& home = world.inside.netbird.account_id();
  const std::string lives_in = text_at(object, {"status", "account", "id"});
  if (lives_in.empty() || lives_in == home) return;
  const bool deleting = at_path(object, {"metadata", "deletionTimestamp"}).is_string();
  annotate(world, slot, deleting ? "keys.netbird.io/abandon" : "keys.netbird.io/accept-account",
           deleting ? "true" : home);
}

}  // namespace

void create_setup_key(World& world, const Slot& slot, std::uint64_t draw) {
  Json spec = settings_of(draw);
  spec["rotation"] = rotation_of(draw / 11, spec);
  spec["autoGroups"] = groups_of(draw / 13);
  // Nothing to take away from a new object: absent is not null.
  std::erase_if(spec["rotation"].get_ref<Json::object_t&>(),
                [](const auto& entry) { return entry.second.is_null(); });
  world.person(Server::kKube, Method::kPost,
               "/apis/keys.netbird.io/v1alpha1/namespaces/" + slot.name_space + "/setupkeys",
               {{"apiVersion", "keys.netbird.io/v1alpha1"},
                {"kind", "SetupKey"},
                {"metadata", {{"name", slot.name}}},
                {"spec", spec}},
               "application/json");
}

void act_as_person(World& world, const Happening& h) {
  if (h.kind >= Kind::kSecretDeleted) return meddle_with_secret(world, h);
  if (h.kind >= Kind::kRotate) return act_on_spec(world, h);
  act_at_netbird(world, h);
}

// A person mends what only persons can mend: groups that specs name, Secrets of others in the way.
// One in four that is suspended stays so.
void leave_in_peace(World& world) {
  restore_groups(world);
  for (const Slot& slot : world.slots()) {
    const fakes::Object object = stored(world, "setupkeys", slot);
    if (!object) continue;
    accept_account(world, slot, *object);
    const fakes::Object secret = stored(world, "secrets", slot);
    if (secret && !Ledger::belongs(*secret, text_at(*object, {"metadata", "uid"}))) {
      world.person(Server::kKube, Method::kDelete, secret_path(slot));
    }
    const bool suspended = at_path(*object, {"spec", "suspend"}) == true;
    if (suspended && world.plan().seed % 4 != 0) edit(world, slot, {{"suspend", false}});
  }
}

}  // namespace nbkeys::sim
