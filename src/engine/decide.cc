#include "engine/decide.h"

#include <algorithm>

#include "engine/judge.h"
#include "engine/rungs.h"

namespace nbkeys::engine {
namespace {

using status::Progress;
using status::Reason;

// The next moment at which the clock alone changes something.
std::optional<base::Instant> next_date(const Observed& o) {
  const kube::KeyStatus& s = o.resource.status;
  std::optional<base::WallTime> next;
  const auto consider = [&next, &o](std::optional<base::WallTime> at) {
    if (at && *at > o.now.wall && (!next || *at < *next)) next = at;
  };
  const auto by_netbird = [&](std::optional<base::WallTime> at) {
    if (at) consider(*at - o.account.clock_offset);
  };
  if (s.revision != 0 && s.issued_at) {
    by_netbird(renewal_time(o.resource.spec.rotation, *s.issued_at, s.expires_at));
    by_netbird(s.expires_at);
  }
  for (const kube::PreviousKey& p : s.previous_keys) consider(p.retire_at);
  if (s.last_failure_time) consider(*s.last_failure_time + o.request_timeout);  // see remove_stray
  if (!next) return std::nullopt;
  return to_mono(o, *next);
}

Decision rest(const Observed& o) {
  if (!o.account.snapshot && !o.account.stale) return act(o, Rest{});
  status::Report report = judge(o);
  if (o.account.stale && !account_answers(o)) report = held_up_by_account(o);
  if (o.resource.spec.suspend && report.ready) {
    report.ready_reason = Reason::kSuspended;
    report.message = "spec.suspend is true; " + report.message;
  }
  Decision out = settle(o, report);
  const bool unsure =
      o.resource.status.revision != 0 && active_key(o) == nullptr && !key_is_missing(o);
  if (unsure) {
    const base::Instant at = missing_told_at(o);
    if (at <= o.now.mono) {
      out.wants_list = Priority::kRepair;
    } else {
      wake_by(at, out);
    }
  }
  wake_by(next_date(o), out);
  return out;
}

Decision keep_right(const Observed& o) {
  if (auto step = maintain_secret(o)) return std::move(*step);
  if (!o.resource.spec.suspend) {
    if (auto step = maintain_groups(o)) return std::move(*step);
  }
  return rest(o);
}

// The revocation itself is an ending; what is left to do is to say what holds it up.
Decision keep_revoked(const Observed& o) {
  const cache::MarkedKey* key = active_key(o);
  const bool met =
      o.resource.status.revision == 0 || key_is_missing(o) || (key != nullptr && key->key.revoked);
  if (!met) {
    if (auto wait = wait_for_account(o)) return std::move(*wait);
  }
  return rest(o);
}

// Of a long template, of the record of one and of many finalizers the caches keep only what
// decides. What a write replaces is read first, and stays for as long as this SetupKey is busy.
Decision with_what_it_replaces(Decision out, const Observed& o) {
  const bool writes = std::holds_alternative<WriteSecret>(out.action) ||
                      std::holds_alternative<TryWritingSecret>(out.action) ||
                      std::holds_alternative<RepairSecret>(out.action);
  const bool finalizers = std::holds_alternative<AddFinalizer>(out.action) ||
                          std::holds_alternative<RemoveFinalizer>(out.action);
  if ((writes && !o.resource.spec.secret_template.whole()) ||
      (finalizers && kube::lacks_finalizers(o.resource))) {
    return act(o, ReadSetupKey{});
  }
  const bool names_left_out = writes && o.secret.meta != nullptr &&
                              kube::lacks_names_to_remove(*o.secret.meta, o.resource.spec);
  if (names_left_out) return act(o, LookForSecret{});
  return out;
}

// What the spec asks for, one step after the other.
Decision follow_spec(const Observed& o) {
  if (!o.resource.spec_error.empty()) {
    return settle(o, held_up(o, Reason::kInvalidSpec, o.resource.spec_error, Progress::kStalled));
  }
  if (!has_finalizer(o)) {
    Decision out = act(o, AddFinalizer{});
    const bool will_issue = !o.resource.spec.suspend && !o.resource.spec.revoked;
    if (will_issue && o.secret.state == SecretState::kUnknown) out.beside = LookForSecret{};
    return out;
  }
  if (auto step = settle_account(o)) return std::move(*step);
  if (o.resource.status.claim) return continue_issue(o);
  if (auto step = adopt(o)) return std::move(*step);
  if (o.resource.spec.revoked) return keep_revoked(o);
  if (const auto reason = issue_needed(o)) return begin_issue(o, *reason);
  return keep_right(o);
}

// What a decision wants besides its action, for another one in its place.
void take_wishes(const Decision& from, Decision& into) {
  into.wants_list = from.wants_list;
  into.wants_groups = from.wants_groups;
  into.edited = from.edited;
  wake_by(from.wake_at, into);
}

// What failed the last time waits its time, and is told.
Decision unless_held(const Observed& o, Decision wanted) {
  Decision out = with_what_it_replaces(std::move(wanted), o);
  const auto held = o.flight.troubles.hold(out.action, o.now.mono);
  if (!held) return out;
  const Trouble& trouble = *o.flight.troubles.with(out.action);
  const bool tells_itself = next_of(out.action) != nullptr || !worth_telling(trouble);
  Decision waits = tells_itself ? act(o, Rest{}) : settle(o, held_up_by(o, trouble));
  if (o.flight.troubles.hold(waits.action, o.now.mono)) waits = act(o, Rest{});
  take_wishes(out, waits);
  wake_by(held, waits);
  return waits;
}

bool tells_only(const Decision& decision) {
  return decision.tells || std::holds_alternative<Rest>(decision.action);
}

// What cannot end now is the loudest: it is told instead of whatever else there is to tell.
Decision with_endings(const Observed& o, const Endings& ending, Decision out) {
  if (ending.report && tells_only(out)) {
    Decision told = unless_held(o, settle(o, *ending.report));
    take_wishes(out, told);
    out = std::move(told);
  }
  wake_by(ending.wake_at, out);
  if (ending.wants_list && (!out.wants_list || *ending.wants_list < *out.wants_list)) {
    out.wants_list = ending.wants_list;
  }
  return out;
}

Decision go_on(const Observed& o) {
  Endings ending = endings(o);
  if (ending.act) return std::move(*ending.act);
  // What is to be written next is written to what is there, and that cannot be read.
  if (o.flight.needs_refresh) return with_endings(o, {}, unless_held(o, act(o, ReadSetupKey{})));
  return with_endings(o, ending, unless_held(o, follow_spec(o)));
}

}  // namespace

Decision decide(const Observed& o) {
  const bool blind = o.flight.needs_refresh;
  if (blind && !o.flight.troubles.hold(ReadSetupKey{}, o.now.mono)) {
    return act(o, ReadSetupKey{});
  }
  if (o.resource.meta.deleting && !blind) return unless_held(o, decide_deletion(o));
  auto back = blind ? std::nullopt : put_tickets_back(o);
  if (!back) return go_on(o);
  const auto held = o.flight.troubles.hold(back->action, o.now.mono);
  if (!held) return std::move(*back);
  Decision out = go_on(o);
  wake_by(held, out);
  return out;
}

}  // namespace nbkeys::engine
