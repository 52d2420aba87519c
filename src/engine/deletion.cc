#include <algorithm>

#include "base/mutation.h"
#include "engine/judge.h"
#include "engine/rungs.h"
#include "engine/trouble_words.h"

namespace nbkeys::engine {
namespace {

using status::Progress;
using status::Reason;

kube::Event event(bool warning, const char* reason, std::string message) {
  return kube::Event{warning, reason, std::move(message)};
}

// Until when a POST that nobody knows the outcome of may still have an effect.
std::optional<base::Instant> unsettled_until(const Observed& o) {
  const kube::KeyStatus& s = o.resource.status;
  std::optional<base::Instant> until;
  if (MUTATION(no_wait_at_deletion)) return until;
  if (s.claim) {
    const bool known_here = holds_claim(o.flight, s) || holds_key(o.flight, s);
    if (!known_here) until = wait_over(o, s.claim->since, o.request_timeout);
  }
  if (s.last_failure_time) {
    const base::Instant burnt = wait_over(o, *s.last_failure_time, o.request_timeout);
    if (!until || burnt > *until) until = burnt;
  }
  return until;
}

// One that is refused holds up no other.
std::optional<Decision> delete_keys(const Observed& o) {
  const bool revoke = o.resource.spec.deletion_policy == kube::DeletionPolicy::kRevoke;
  std::optional<Decision> refused;
  for (const cache::MarkedKey& key : o.keys) {
    const cache::KeyRole role = role_of(o, key);
    if (role == cache::KeyRole::kUnknownOrigin) continue;
    const bool active = role == cache::KeyRole::kInUse;
    if (revoke && active && key.key.revoked && key.key.auto_groups.empty()) continue;
    Action action = DeleteKey{key.key.id, ""};
    if (revoke && active) action = RevokeKey{key.key.id, true, ""};
    Decision out = act(o, std::move(action), Priority::kEnding);
    out.event = revoke && active
                    ? event(false, "Revoked", "key " + key.key.id + " is revoked at NetBird")
                    : event(false, "Deleted", "key " + key.key.id + " is deleted at NetBird");
    if (!o.flight.troubles.hold(out.action, o.now.mono)) return out;
    if (!refused) refused = std::move(out);
  }
  return refused;
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

Decision deletion_blocked(const Observed& o, const std::string& problem) {
  const std::string message = "the key cannot be deleted at NetBird: " + problem +
                              "; deletion goes on when that is mended, or leaves the key there if "
                              "the annotation keys.netbird.io/abandon is set to \"true\"";
  Decision out =
      settle(o, deletion_report(o, Reason::kDeletionBlocked, message, Progress::kStalled));
  const auto& conditions = o.resource.status.conditions;
  const bool told = std::any_of(conditions.begin(), conditions.end(), [](const kube::Condition& c) {
    return c.reason == status::reason_name(Reason::kDeletionBlocked);
  });
  if (!told) out.event = event(true, "DeletionBlocked", message);
  return out;
}

// The account that would have to be asked is not the one that we speak to.
Decision blocked_by_account(const Observed& o) {
  const std::string& id = o.resource.status.account.id;
  if (!o.account.id && !o.account.id_asked) return act(o, Rest{});
  return deletion_blocked(o, o.account.id
                                 ? "it lives in the account " + id +
                                       ", and the token belongs to the account " + *o.account.id
                                 : "it lives in the account " + id +
                                       ", and NetBird does not say to which one the token belongs");
}

// What stays alive without us leaves a trace.
Decision let_keys_live(const Observed& o) {
  Decision out = act(o, RemoveFinalizer{});
  std::string left;
  for (const cache::MarkedKey& key : o.keys) {
    if (!can_enrol(key)) continue;
    left += (left.empty() ? "" : "; ") + std::string("key ") + key.key.id + " (groups";
    for (const std::string& group : key.key.auto_groups) left += " " + group;
    if (key.key.auto_groups.empty()) left += " none";
    left += ", expires " +
            (key.key.expires ? base::format_rfc3339(*key.key.expires) : std::string("never")) + ")";
  }
  const bool unseen = !account_answers(o) || another_account(o);
  if (left.empty() && o.resource.status.revision != 0 && unseen) {
    left = "key " + o.resource.status.key_id;
  }
  if (left.empty()) return out;
  out.event = event(true, "KeyLeftAlive",
                    "left alive at NetBird, where nobody ends it before it expires: " + left);
  return out;
}

}  // namespace

Decision decide_deletion(const Observed& o) {
  const kube::KeyStatus& s = o.resource.status;
  if (!has_finalizer(o)) return act(o, Rest{});
  const bool let_go =
      o.resource.abandon || o.resource.spec.deletion_policy == kube::DeletionPolicy::kRetain;
  // Nothing was ever asked of NetBird for this resource, so there is nothing to wait for.
  const bool none_ours = std::all_of(o.keys.begin(), o.keys.end(), [&o](const auto& key) {
    return role_of(o, key) == cache::KeyRole::kUnknownOrigin;
  });
  const bool untouched = s.last_revision == 0 && s.revision == 0 && !s.claim && none_ours &&
                         o.secret.state != SecretState::kOurs;
  if (let_go) return let_keys_live(o);
  if (untouched) return act(o, RemoveFinalizer{});
  if (another_account(o)) return blocked_by_account(o);
  if (o.account.state == AccountState::kUnknown) return wait_for_list(Priority::kEnding);
  if (!account_answers(o)) {
    Decision out = deletion_blocked(o, o.account.problem);
    out.wants_list = Priority::kEnding;
    return out;
  }
  if (awaits_list(o)) return wait_for_list(Priority::kEnding);
  if (auto step = delete_keys(o)) {
    const auto held = o.flight.troubles.hold(step->action, o.now.mono);
    if (!held) return std::move(*step);
    const Trouble& trouble = *o.flight.troubles.with(step->action);
    Decision out = worth_telling(trouble) ? deletion_blocked(o, words_for(o, trouble).message)
                                          : act(o, Rest{});
    wake_by(held, out);
    return out;
  }
  const auto until = unsettled_until(o);
  if (until && o.now.mono < *until) {
    Decision out =
        settle(o, deletion_report(o, Reason::kProgressing,
                                  "waiting for a request to NetBird that may still be under way",
                                  Progress::kReconciling));
    wake_by(until, out);
    return out;
  }
  const bool proven = list_is_newer(o) && (!until || o.account.snapshot->mono >= *until);
  if (!proven && !MUTATION(finalizer_before_proof)) return wait_for_list(Priority::kEnding);
  return let_keys_live(o);  // those that are not ours
}

}  // namespace nbkeys::engine
