#include <algorithm>

#include "base/mutation.h"
#include "engine/judge.h"
#include "engine/rungs.h"

namespace nbkeys::engine {
namespace {

bool at_netbird(const Observed& o, const std::string& id) {
  return std::any_of(o.keys.begin(), o.keys.end(),
                     [&id](const cache::MarkedKey& k) { return k.key.id == id; });
}

bool deleted_here(const Observed& o, const std::string& id) {
  const auto& deleted = o.flight.deleted_keys;
  return std::find(deleted.begin(), deleted.end(), id) != deleted.end() && !at_netbird(o, id);
}

bool surely_gone(const Observed& o, const std::string& id) {
  return !at_netbird(o, id) && (o.lists_lack(id) || two_lists_since(o, o.flight.seen_at));
}

kube::Event event(bool warning, const char* reason, std::string message) {
  return kube::Event{warning, reason, std::move(message)};
}

// When the overlap of a replaced key is over. The times in status were written by the wall clock;
// if that was ahead then, the overlap counts from when it was set right.
base::Instant retire_due(const Observed& o, const kube::PreviousKey& p) {
  // Of all but the last one that was replaced, only the overlap tells when that was.
  base::WallTime replaced = p.retire_at - o.resource.spec.rotation.overlap;
  const auto& last = o.resource.status.last_rotation_time;
  if (last && *last <= p.retire_at) replaced = *last;
  return wait_over(o, replaced, p.retire_at - replaced);
}

Decision delete_stray(const Observed& o, const cache::MarkedKey& key) {
  Decision out = act(o, DeleteKey{key.key.id, ""}, Priority::kEnding);
  out.event = event(false, "StrayDeleted",
                    "key " + key.key.id + " (revision " + std::to_string(key.revision) +
                        ") is in no use, as after an issue that did not finish, and is deleted");
  return out;
}

}  // namespace

std::optional<Decision> retire_previous(const Observed& o) {
  const kube::KeyStatus& s = o.resource.status;
  if (s.previous_keys.empty() || !o.account.snapshot || MUTATION(never_retire)) {
    return std::nullopt;
  }
  // spec.revoked is about every key of the resource: an overlap is no reason to let a machine
  // enrol.
  const auto is_due = [&o](const kube::PreviousKey& p) {
    return retire_due(o, p) <= o.now.mono || o.resource.spec.revoked || MUTATION(retire_at_once);
  };
  kube::KeyStatus next = s;
  // Until it is due it stays on record whatever lists say: one that comes back keeps its overlap.
  std::erase_if(next.previous_keys, [&](const kube::PreviousKey& p) {
    return deleted_here(o, p.key_id) || (is_due(p) && surely_gone(o, p.key_id));
  });
  if (next.previous_keys.size() != s.previous_keys.size()) {
    return note_status(with_key_facts(o, std::move(next)), Priority::kEnding);
  }
  if (!account_answers(o)) return std::nullopt;
  Decision wait = act(o, Rest{});
  for (const kube::PreviousKey& p : s.previous_keys) {
    if (!is_due(p)) {
      wake_by(retire_due(o, p), wait);
      continue;
    }
    if (!at_netbird(o, p.key_id)) {
      // Two lists say that it is gone.
      if (missing_told_at(o) > o.now.mono) {
        wake_by(missing_told_at(o), wait);
      } else {
        wait.wants_list = Priority::kRepair;
      }
      continue;
    }
    if (awaits_list(o)) return wait_for_list(Priority::kEnding);
    Decision out =
        act(o, DeleteKey{MUTATION(retire_active) ? s.key_id : p.key_id, ""}, Priority::kEnding);
    out.event =
        event(false, "Retired",
              "key " + p.key_id + " (revision " + std::to_string(p.revision) +
                  ") is deleted at NetBird; " +
                  (o.resource.spec.revoked ? "spec.revoked is true" : "its overlap is over"));
    // One that is refused holds up no other.
    if (const auto held = o.flight.troubles.hold(out.action, o.now.mono);
        held && &p != &s.previous_keys.back()) {
      wake_by(held, wait);
      continue;
    }
    return out;
  }
  if (!wait.wake_at && !wait.wants_list) return std::nullopt;
  return wait;
}

// A key that this process asked for and whose answer it lost: nobody can hold it, so it need not
// wait for anything.
std::optional<Decision> remove_lost(const Observed& o) {
  if (!account_answers(o)) return std::nullopt;
  Decision wait = act(o, Rest{});
  for (const Flight::Lost& lost : o.flight.lost) {
    for (const cache::MarkedKey& key : o.keys) {
      const cache::KeyRole role = role_of(o, key);
      const bool used = role == cache::KeyRole::kInUse || role == cache::KeyRole::kPrevious;
      const bool same = key.revision == lost.revision && key.ticket == lost.ticket;
      if (same && !used) return delete_stray(o, key);
    }
    // It may land, and be shown, as late as this.
    const base::Instant landed = lost.at + o.request_timeout;
    if (o.account.snapshot->mono >= landed) continue;
    if (landed > o.now.mono) {
      wake_by(landed, wait);
    } else {
      wait.wants_list = Priority::kRepair;
    }
  }
  if (!wait.wake_at && !wait.wants_list) return std::nullopt;
  return wait;
}

std::optional<Decision> remove_stray(const Observed& o) {
  const kube::KeyStatus& s = o.resource.status;
  // Revoked before its first key was in use, it is left with what the lost issue made.
  if ((s.revision == 0 && !o.resource.spec.revoked) || s.claim || o.flight.held) {
    return std::nullopt;
  }
  if (!account_answers(o)) return std::nullopt;
  // With the key in use revoked, no key of the resource is to stay good, and none needs the
  // Secret's proof: nothing that a late writer may put there is worse than what it carries.
  const cache::MarkedKey* active = active_key(o);
  const bool none_good = o.resource.spec.revoked || (active != nullptr && active->key.revoked);
  const bool carried = o.secret.state == SecretState::kOurs && o.secret.meta != nullptr &&
                       o.secret.meta->revision == s.revision;
  if (!carried && !none_good) return std::nullopt;
  for (const cache::MarkedKey& key : o.keys) {
    if (role_of(o, key) != cache::KeyRole::kStray) continue;
    // A stray older than the key in use cannot come back: the Secret was written after its claim,
    // so whoever still holds it fails on the precondition. Of a newer one, whose issue did not
    // finish, the holder may still write; it gets the time of a request to do so.
    const bool newer = key.revision > s.revision || none_good;
    const bool may_be_held = newer && s.last_failure_time &&
                             o.now.mono < wait_over(o, *s.last_failure_time, o.request_timeout);
    if (may_be_held) continue;
    // Strays go last: only when the Secret, read live, carries the key in use. Earlier, a paused
    // former leader could still write the stray's key into the Secret.
    if (awaits_list(o)) return wait_for_list(Priority::kRepair);
    const bool proven = none_good || o.flight.proven_revision == s.revision;
    if (!proven) return act(o, ReadSecret{});
    return delete_stray(o, key);
  }
  return std::nullopt;
}

std::optional<Decision> revoke_by_spec(const Observed& o) {
  const kube::KeyStatus& s = o.resource.status;
  if (s.revision == 0) return std::nullopt;
  // The intention is recorded first: a revoked key that nobody recorded would be taken for
  // another's doing.
  if (!o.resource.spec.revoked) return std::nullopt;
  if (s.revoked_revision != s.revision && !MUTATION(revoke_unrecorded)) {
    kube::KeyStatus next = s;
    next.revoked_revision = s.revision;
    Decision out = note_status(std::move(next), Priority::kEnding);
    // Where status cannot be written, the revocation is worth more than its record.
    if (!o.flight.troubles.hold(out.action, o.now.mono)) return out;
  }
  const cache::MarkedKey* key = active_key(o);
  if (key != nullptr && key->key.revoked) return std::nullopt;
  if (!account_answers(o)) return std::nullopt;  // told where the rest of the spec is followed
  if (key == nullptr && key_is_missing(o)) return std::nullopt;
  if (key == nullptr || awaits_list(o)) {
    if (key != nullptr || missing_told_at(o) <= o.now.mono) return wait_for_list(Priority::kEnding);
    return wait_until(missing_told_at(o));
  }
  // NetBird refuses the key's own groups where one of them is gone; without any it always revokes.
  const Trouble* trouble = o.flight.troubles.with(RevokeKey{key->key.id, false, ""});
  const bool without_groups = trouble != nullptr && !trouble->error.message.empty();
  Decision out = act(o, RevokeKey{key->key.id, without_groups, ""}, Priority::kEnding);
  out.event = event(false, "Revoked", "key " + key->key.id + " is revoked, as spec.revoked asks");
  return out;
}

}  // namespace nbkeys::engine
