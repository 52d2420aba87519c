#include "plugin/stray_logic.h"

#include "plugin/style.h"

namespace nbkeys::plugin {
namespace {

// Why it may not be deleted now; empty where it may.
std::string objection(const ListedKey& key, const HeldKeys& held, base::WallTime now) {
  if (!held) return "whether a Secret still carries it cannot be told: you may not list Secrets";
  if (held->contains(key.key.id)) return "a Secret still carries it";
  if (!key.updated || now - *key.updated < kSafetyTime) {
    return "it is younger than " + base::format_duration(kSafetyTime) +
           ", so its issue may still be under way";
  }
  return "";
}

std::string objection(const kube::SetupKey& owner, const HeldKeys& held, base::WallTime now) {
  const kube::KeyStatus& s = owner.status;
  if (owner.meta.deleting) return "its SetupKey is being deleted, which removes the key too";
  if (s.claim) return "its SetupKey is issuing a key just now";
  if (s.revision == 0) return "its SetupKey has no key in use yet";
  if (s.last_failure_time && now - *s.last_failure_time < kSafetyTime) {
    return "an issue failed less than " + base::format_duration(kSafetyTime) + " ago";
  }
  const bool carried = held && held->contains(s.key_id);
  if (!carried && !owner.spec.revoked) return "the Secret does not carry the key in use";
  return "";
}

Stray judged(Stray stray, std::string against) {
  stray.deletable = against.empty();
  if (!against.empty()) stray.why += "; not deleted now: " + against;
  return stray;
}

Stray left_over(const kube::SetupKey& owner, const OwnedKey& owned, const HeldKeys& held,
                base::WallTime now) {
  Stray stray{owned.key, StrayKind::kLeftOver, &owner, false, ""};
  stray.why = "revision " + std::to_string(owned.key->mark->revision) + " of SetupKey " +
              kube::to_text(owner.meta.ref) + ", which uses revision " +
              std::to_string(owner.status.revision);
  std::string against = objection(owner, held, now);
  if (against.empty()) against = objection(*owned.key, held, now);
  return judged(std::move(stray), std::move(against));
}

Stray unknown(const kube::SetupKey& owner, const OwnedKey& owned) {
  return judged({owned.key, StrayKind::kUnknownOrigin, &owner, false,
                 "it has the mark of SetupKey " + kube::to_text(owner.meta.ref) +
                     ", whose status does not know of it"},
                "a copy of this cluster may use it; to end it name it in the SetupKey's annotation "
                "keys.netbird.io/end-keys");
}

}  // namespace

std::vector<Stray> find_strays(const Joined& joined, const HeldKeys& held, base::WallTime now) {
  std::vector<Stray> out;
  for (const JoinedSetupKey& entry : joined.setup_keys) {
    const kube::SetupKey& owner = *entry.resource;
    for (const OwnedKey& owned : entry.keys) {
      if (owned.role == cache::KeyRole::kStray) out.push_back(left_over(owner, owned, held, now));
      if (owned.role == cache::KeyRole::kUnknownOrigin) out.push_back(unknown(owner, owned));
    }
  }
  for (const ListedKey* key : joined.unowned) {
    Stray stray{key, StrayKind::kOrphan, nullptr, false,
                "no SetupKey of this cluster has its mark: another cluster's, or kept by "
                "deletionPolicy Retain or Revoke"};
    out.push_back(judged(std::move(stray), objection(*key, held, now)));
  }
  return out;
}

}  // namespace nbkeys::plugin
