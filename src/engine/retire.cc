#include <algorithm>

#include "base/mutation.h"
#include "engine/judge.h"
#include "engine/rungs.h"

namespace nbkeys::engine {
namespace {

using status::Progress;
using status::Reason;

bool at_netbird(const Observed& o, const std::string& id) {
  return std::any_of(o.keys.begin(), o.keys.end(),
                     [&id](const cache::MarkedKey& k) { return k.key.id == id; });
}

bool surely_gone(const Observed& o, const std::string& id) {
  if (at_netbird(o, id)) return false;
  const auto& deleted = o.flight.deleted_keys;
  return list_is_proof(o) || std::find(deleted.begin(), deleted.end(), id) != deleted.end();
}

bool is_previous(const Observed& o, const std::string& id) {
  const auto& previous = o.resource.status.previous_keys;
  return std::any_of(previous.begin(), previous.end(),
                     [&id](const kube::PreviousKey& p) { return p.key_id == id; });
}

kube::Event event(bool warning, const char* reason, std::string message) {
  return kube::Event{warning, reason, std::move(message)};
}

// Until when a POST that nobody knows the outcome of may still have an effect.
std::optional<base::WallTime> unsettled_until(const Observed& o) {
  const kube::KeyStatus& s = o.resource.status;
  std::optional<base::WallTime> until;
  if (MUTATION(no_wait_at_deletion)) return until;
  if (s.claim) {
    const std::uint32_t r = s.claim->revision;
    const bool known_here = o.flight.claimed == r || o.flight.refused_revision == r ||
                            (o.flight.held && o.flight.held->facts.revision == r);
    if (!known_here) until = s.claim->since + o.request_timeout;
  }
  // The only failure so far was a refusal that this process saw itself: nothing is under way.
  const bool surely_refused =
      !s.claim && s.failed_issuance_attempts == 1 && o.flight.refused_revision == s.last_revision;
  if (s.last_failure_time && !surely_refused) {
    const base::WallTime burnt = *s.last_failure_time + o.request_timeout;
    if (!until || burnt > *until) until = burnt;
  }
  return until;
}

std::optional<Decision> delete_keys(const Observed& o) {
  const bool revoke = o.resource.spec.deletion_policy == kube::DeletionPolicy::kRevoke;
  for (const cache::MarkedKey& key : o.keys) {
    const bool active = key.key.id == o.resource.status.key_id;
    if (revoke && active) {
      if (key.key.revoked && key.key.auto_groups.empty()) continue;
      Decision out = act(o, RevokeKey{key.key.id, true}, Priority::kRetire);
      out.event = event(false, "Revoked", "key " + key.key.id + " is revoked at NetBird");
      return out;
    }
    Decision out = act(o, DeleteKey{key.key.id}, Priority::kRetire);
    out.event = event(false, "Deleted", "key " + key.key.id + " is deleted at NetBird");
    return out;
  }
  return std::nullopt;
}

status::Report deletion_report(const Observed& o, Reason reason, std::string message,
                               Progress progress) {
  status::Report r = judge(o);
  r.ready = false;
  r.ready_reason = reason;
  r.message = std::move(message);
  r.progress = progress;
  return r;
}

Decision deletion_blocked(const Observed& o) {
  const std::string message = "the key cannot be deleted at NetBird: " + o.account.problem +
                              "; deletion goes on when NetBird answers, or leaves the key there if "
                              "the annotation keys.netbird.io/abandon is set to \"true\"";
  Decision out =
      settle(o, deletion_report(o, Reason::kDeletionBlocked, message, Progress::kStalled));
  const auto& conditions = o.resource.status.conditions;
  const bool told = std::any_of(conditions.begin(), conditions.end(), [](const kube::Condition& c) {
    return c.reason == status::reason_name(Reason::kDeletionBlocked);
  });
  if (!told) out.event = event(true, "DeletionBlocked", message);
  out.wants_list = true;
  return out;
}

}  // namespace

std::optional<Decision> retire_previous(const Observed& o) {
  const kube::KeyStatus& s = o.resource.status;
  if (s.previous_keys.empty() || !o.account.snapshot || MUTATION(never_retire)) {
    return std::nullopt;
  }
  kube::KeyStatus next = s;
  std::erase_if(next.previous_keys,
                [&o](const kube::PreviousKey& p) { return surely_gone(o, p.key_id); });
  if (next.previous_keys.size() != s.previous_keys.size()) {
    return write_status(o, with_key_facts(o, std::move(next)), judge(o));
  }
  for (const kube::PreviousKey& p : s.previous_keys) {
    // spec.revoked is about every key of the resource: an overlap is no reason to let a machine
    // enrol.
    const bool due =
        p.retire_at <= o.now.wall || o.resource.spec.revoked || MUTATION(retire_at_once);
    if (!due || !at_netbird(o, p.key_id)) continue;
    if (o.account.state != AccountState::kReady) return std::nullopt;
    if (awaits_list(o)) return wait_for_list(o);
    Decision out =
        act(o, DeleteKey{MUTATION(retire_active) ? s.key_id : p.key_id}, Priority::kRetire);
    out.event =
        event(false, "Retired",
              "key " + p.key_id + " (revision " + std::to_string(p.revision) +
                  ") is deleted at NetBird; " +
                  (o.resource.spec.revoked ? "spec.revoked is true" : "its overlap is over"));
    return out;
  }
  return std::nullopt;
}

std::optional<Decision> remove_stray(const Observed& o) {
  const kube::KeyStatus& s = o.resource.status;
  // Revoked before its first key was in use, it is left with what the lost issue made.
  if ((s.revision == 0 && !o.resource.spec.revoked) || s.claim || o.flight.held) {
    return std::nullopt;
  }
  if (o.account.state != AccountState::kReady) return std::nullopt;
  // With the key in use revoked, no key of the resource is to stay good, and none needs the
  // Secret's proof: nothing that a late writer may put there is worse than what it carries.
  const cache::MarkedKey* active = active_key(o);
  const bool none_good = o.resource.spec.revoked || (active != nullptr && active->key.revoked);
  const bool carried = o.secret.state == SecretState::kOurs && o.secret.meta != nullptr &&
                       o.secret.meta->revision == s.revision;
  if (!carried && !none_good) return std::nullopt;
  for (const cache::MarkedKey& key : o.keys) {
    const bool stray =
        key.key.id != s.key_id && key.revision <= s.last_revision && !is_previous(o, key.key.id);
    if (!stray) continue;
    // A stray older than the key in use cannot come back: the Secret was written after its claim,
    // so whoever still holds it fails on the precondition. Of a newer one, whose issue did not
    // finish, the holder may still write; it gets the time of a request to do so.
    const bool newer = key.revision > s.revision || none_good;
    const bool may_be_held =
        newer && s.last_failure_time && o.now.wall < *s.last_failure_time + o.request_timeout;
    if (may_be_held) continue;
    // Strays go last: only when the Secret, read live, carries the key in use. Earlier, a paused
    // former leader could still write the stray's key into the Secret.
    if (awaits_list(o)) return wait_for_list(o);
    const bool proven = none_good || o.flight.proven_revision == s.revision;
    if (!proven) return act(o, ReadSecret{});
    Decision out = act(o, DeleteKey{key.key.id}, Priority::kRetire);
    out.event = event(false, "StrayDeleted",
                      "key " + key.key.id + " (revision " + std::to_string(key.revision) +
                          ") was left over from an issue that did not finish and is deleted");
    return out;
  }
  return std::nullopt;
}

std::optional<Decision> revoke_by_spec(const Observed& o) {
  const kube::KeyStatus& s = o.resource.status;
  if (s.revision == 0) return std::nullopt;
  // The intention is recorded first: a revoked key that nobody recorded would be taken for
  // another's doing.
  if (s.revoked_revision != s.revision && !MUTATION(revoke_unrecorded)) {
    Decision out = act(o, WriteStatus{}, Priority::kRetire);
    out.next.revoked_revision = s.revision;
    return out;
  }
  const cache::MarkedKey* key = active_key(o);
  if (key != nullptr && key->key.revoked) return std::nullopt;
  if (o.resource.spec.suspend) return std::nullopt;
  if (auto wait = wait_for_account(o)) return wait;
  if (key == nullptr && list_is_proof(o)) return std::nullopt;
  if (key == nullptr || awaits_list(o)) return wait_for_list(o);
  Decision out = act(o, RevokeKey{key->key.id, false}, Priority::kRetire);
  out.event = event(false, "Revoked", "key " + key->key.id + " is revoked, as spec.revoked asks");
  return out;
}

Decision decide_deletion(const Observed& o) {
  const kube::KeyStatus& s = o.resource.status;
  if (!has_finalizer(o)) return act(o, Rest{});
  const bool let_go =
      o.resource.abandon || o.resource.spec.deletion_policy == kube::DeletionPolicy::kRetain;
  // Nothing was ever asked of NetBird for this resource, so there is nothing to wait for.
  const bool untouched = s.last_revision == 0 && s.revision == 0 && !s.claim && o.keys.empty() &&
                         o.secret.state != SecretState::kOurs;
  if (let_go || untouched) return act(o, RemoveFinalizer{});
  if (o.account.state == AccountState::kUnknown) return wait_for_list(o);
  if (o.account.state != AccountState::kReady) return deletion_blocked(o);
  const auto until = unsettled_until(o);
  if (until && o.now.wall < *until) {
    return settle_until(
        o,
        deletion_report(o, Reason::kProgressing,
                        "waiting for a request to NetBird that may still be under way",
                        Progress::kReconciling),
        *until);
  }
  if (awaits_list(o)) return wait_for_list(o);
  if (auto step = delete_keys(o)) return std::move(*step);
  const bool proven = list_is_proof(o) && (!until || o.account.snapshot->wall >= *until);
  if (!proven && !MUTATION(finalizer_before_proof)) return wait_for_list(o);
  return act(o, RemoveFinalizer{});
}

}  // namespace nbkeys::engine
