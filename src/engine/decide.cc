#include "engine/decide.h"

#include "engine/judge.h"
#include "engine/rungs.h"

namespace nbkeys::engine {
namespace {

using status::Progress;
using status::Reason;

// The next moment at which the clock alone changes something.
std::optional<base::WallTime> next_date(const Observed& o) {
  const kube::KeyStatus& s = o.resource.status;
  std::optional<base::WallTime> next;
  const auto consider = [&next, &o](std::optional<base::WallTime> at) {
    if (at && *at > o.now.wall && (!next || *at < *next)) next = at;
  };
  if (s.revision != 0 && s.issued_at) {
    consider(renewal_time(o.resource.spec.rotation, *s.issued_at, s.expires_at));
    consider(s.expires_at);
  }
  for (const kube::PreviousKey& p : s.previous_keys) consider(p.retire_at);
  if (s.last_failure_time) consider(*s.last_failure_time + o.request_timeout);  // see remove_stray
  return next;
}

Decision rest(const Observed& o) {
  if (!o.account.snapshot && !o.account.stale) return act(o, Rest{});
  status::Report report = judge(o);
  if (o.account.stale && o.account.state != AccountState::kReady) report = held_up_by_account(o);
  if (o.resource.spec.suspend && report.ready) {
    report.ready_reason = Reason::kSuspended;
    report.message = "spec.suspend is true; " + report.message;
  }
  Decision out = settle(o, report);
  out.wants_list = o.resource.status.revision != 0 && active_key(o) == nullptr && !list_is_proof(o);
  if (const auto at = next_date(o)) out.wake_at = to_mono(o, *at);
  return out;
}

Decision keep_right(const Observed& o) {
  if (auto step = maintain_secret(o)) return std::move(*step);
  if (!o.resource.spec.suspend) {
    if (auto step = maintain_groups(o)) return std::move(*step);
    if (auto step = retire_previous(o)) return std::move(*step);
    if (auto step = remove_stray(o)) return std::move(*step);
  }
  return rest(o);
}

Decision keep_revoked(const Observed& o) {
  if (auto step = revoke_by_spec(o)) return std::move(*step);
  if (!o.resource.spec.suspend) {
    if (auto step = retire_previous(o)) return std::move(*step);
    if (auto step = remove_stray(o)) return std::move(*step);
  }
  return rest(o);
}

// Of a long template, of the record of one and of many finalizers the caches keep only what
// decides. What a write replaces is read first, and stays for as long as this SetupKey is busy.
Decision with_what_it_replaces(Decision out, const Observed& o) {
  const bool patches = std::holds_alternative<WriteSecret>(out.action) ||
                       std::holds_alternative<RepairSecret>(out.action);
  const bool by_template = patches || std::holds_alternative<TryWritingSecret>(out.action);
  const bool finalizers = std::holds_alternative<AddFinalizer>(out.action) ||
                          std::holds_alternative<RemoveFinalizer>(out.action);
  if ((by_template && !o.resource.spec.secret_template.whole()) ||
      (finalizers && kube::lacks_finalizers(o.resource))) {
    return act(o, ReadSetupKey{});
  }
  const bool names_left_out = patches && o.secret.meta != nullptr &&
                              kube::lacks_names_to_remove(*o.secret.meta, o.resource.spec);
  if (names_left_out) return act(o, LookForSecret{});
  return out;
}

Decision next_step(const Observed& o) {
  if (o.flight.needs_refresh) return act(o, ReadSetupKey{});
  if (o.resource.meta.deleting) return decide_deletion(o);
  if (!o.resource.spec_error.empty()) {
    return settle(o, held_up(o, Reason::kInvalidSpec, o.resource.spec_error, Progress::kStalled));
  }
  if (!has_finalizer(o)) {
    Decision out = act(o, AddFinalizer{});
    const bool will_issue = !o.resource.spec.suspend && !o.resource.spec.revoked;
    if (will_issue && o.secret.state == SecretState::kUnknown) out.beside = LookForSecret{};
    return out;
  }
  if (o.resource.status.claim) return continue_issue(o);
  if (auto step = adopt(o)) return std::move(*step);
  if (o.resource.spec.revoked) return keep_revoked(o);
  if (const auto reason = issue_needed(o)) return begin_issue(o, *reason);
  return keep_right(o);
}

}  // namespace

Decision decide(const Observed& o) { return with_what_it_replaces(next_step(o), o); }

}  // namespace nbkeys::engine
