#include <algorithm>

#include "engine/judge.h"
#include "engine/rungs.h"
#include "status/conditions.h"

namespace nbkeys::engine {
namespace {

using status::Progress;
using status::Reason;

}  // namespace

std::optional<Decision> maintain_secret(const Observed& o) {
  switch (o.secret.state) {
    case SecretState::kUnknown: return act(o, LookForSecret{});
    case SecretState::kAbsent: return std::nullopt;
    case SecretState::kForeign: {
      Decision out = settle(o, held_up(o, Reason::kSecretConflict,
                                       "Secret " + o.resource.spec.secret_name +
                                           " no longer belongs to this SetupKey; delete it and a "
                                           "new key is issued",
                                       Progress::kStalled));
      out.wake_at = o.now.mono + kLookAgain + base::Duration{1};
      return out;
    }
    case SecretState::kOurs: break;
  }
  if (o.secret.meta == nullptr || o.secret.meta->deleting) return std::nullopt;
  if (o.secret.content == ContentState::kUnchecked) return act(o, ReadSecret{});
  const bool complete = kube::metadata_complete(*o.secret.meta, o.resource) &&
                        o.secret.content != ContentState::kTemplateAltered;
  if (complete) return std::nullopt;
  Decision out = act(o, RepairSecret{});
  // A key whose Secret cannot be put right is still rotated, and its groups are still changed.
  if (o.flight.troubles.hold(out.action, o.now.mono)) return std::nullopt;
  // After an edit of the spec the Secret differs because it should change.
  if (o.resource.status.observed_generation == o.resource.meta.generation) {
    out.event = kube::Event{true, "SecretDataDrift",
                            "labels, annotations or template entries of Secret " +
                                o.resource.spec.secret_name +
                                " were changed and have been put back; to change them for good "
                                "edit spec.secretTemplate"};
  }
  return out;
}

std::optional<Decision> maintain_groups(const Observed& o) {
  const cache::MarkedKey* key = active_key(o);
  if (key == nullptr || key->key.revoked) return std::nullopt;
  if (o.groups.state == GroupFacts::State::kResolved && o.groups.ids == key->key.auto_groups) {
    return std::nullopt;
  }
  if (auto wait = wait_for_account(o)) return wait;
  if (auto wait = wait_for_groups(o)) return wait;
  if (awaits_list(o)) return wait_for_list(Priority::kAskedRotation);
  Decision out = act(o, UpdateGroups{key->key.id, ""}, Priority::kAskedRotation);
  out.event = kube::Event{false, "GroupsUpdated",
                          "key " + key->key.id + " now adds its peers to " +
                              std::to_string(o.groups.ids.size()) + " group(s)"};
  return out;
}

std::optional<Decision> adopt(const Observed& o) {
  const kube::KeyStatus& s = o.resource.status;
  if (o.secret.state != SecretState::kOurs || o.secret.meta == nullptr) return std::nullopt;
  const kube::SecretMeta& secret = *o.secret.meta;
  // Status was lost or restored from a backup, or a claim was given up while its Secret was being
  // written.
  const bool status_is_behind = secret.revision > s.revision;
  if (!status_is_behind || secret.key_id.empty() || o.resource.spec.suspend) return std::nullopt;
  if (auto wait = wait_for_account(o)) return wait;
  const auto found =
      std::find_if(o.keys.begin(), o.keys.end(), [&secret](const cache::MarkedKey& key) {
        return key.key.id == secret.key_id && key.revision == secret.revision;
      });
  if (found == o.keys.end() || found->key.revoked) return std::nullopt;
  if (o.secret.content == ContentState::kUnchecked) return act(o, ReadSecret{});
  if (o.secret.content == ContentState::kKeyAltered) return std::nullopt;
  kube::KeyStatus next = s;
  next.previous_keys.clear();
  for (const cache::MarkedKey& other : o.keys) {
    if (other.key.id == secret.key_id) continue;
    // The book went with status, so what has a ticket may as well be a copy's.
    const bool ours = other.ticket.empty() || role_of(o, other) != cache::KeyRole::kUnknownOrigin;
    if (!ours) continue;
    next.previous_keys.push_back(
        {other.key.id, other.revision, o.now.wall + o.resource.spec.rotation.overlap});
  }
  if (!next.previous_keys.empty()) next.last_rotation_time = o.now.wall;
  next.revision = secret.revision;
  next.last_revision = highest_revision(o);
  next.key_id = secret.key_id;
  next.key_digest = secret.digest;
  next.settings_digest = secret.settings;
  next.issued_at = secret.issued_at.value_or(o.now.wall);
  next.expires_at = found->key.expires;
  next.last_handled_rotate = o.resource.rotate;
  kube::SetupKey after = o.resource;
  after.status = next;
  const Observed then = seen_as(o, after);
  next = with_key_facts(then, std::move(next));
  status::apply_report(judge(then), o.resource.meta.generation, o.now.wall, next);
  Decision out = act(o, RestoreStatus{std::move(next), secret.key_id});
  out.event =
      kube::Event{false, "Adopted",
                  "status was rebuilt from Secret " + secret.ref.name + ": key " + secret.key_id +
                      " (revision " + std::to_string(secret.revision) + ")"};
  return out;
}

}  // namespace nbkeys::engine
