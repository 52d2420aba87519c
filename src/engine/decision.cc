#include <algorithm>

#include "base/mutation.h"
#include "engine/judge.h"
#include "engine/rungs.h"
#include "kube/names.h"
#include "kube/same_status.h"
#include "status/conditions.h"

namespace nbkeys::engine {
namespace {

// Reasons that a person looks for in the events, besides what was done.
bool is_news(status::Reason reason) {
  using status::Reason;
  switch (reason) {
    case Reason::kAccountNotReady:
    case Reason::kGroupNotFound:
    case Reason::kSecretConflict:
    case Reason::kInvalidSpec:
    case Reason::kRateLimited:
    case Reason::kApiError:
    case Reason::kAccountChanged:
    case Reason::kRepairLimited:
    case Reason::kRevocationBlocked:
    case Reason::kRetirementBlocked:
    case Reason::kExpired:
    case Reason::kOverused:
    case Reason::kRevokedExternally: return true;
    default: return false;
  }
}

// Told with the change to it, and not again while it stays.
void tell_cause(const Observed& o, const status::Report& report, Decision& out) {
  if (report.ready || !is_news(report.ready_reason)) return;
  const std::string reason(status::reason_name(report.ready_reason));
  for (const kube::Condition& c : o.resource.status.conditions) {
    if (c.type == "Ready" && c.reason == reason && c.message == report.message) return;
  }
  out.event = kube::Event{true, reason, report.message};
}

// Wall times are re-examined at least this often, so that a clock that was set does not strand
// anything.
constexpr base::Duration kLongestSleep{3'600'000};

}  // namespace

Observed seen_as(const Observed& o, const kube::SetupKey& resource) {
  return Observed{resource,
                  o.flight,
                  o.secret,
                  o.keys,
                  o.account,
                  o.groups,
                  o.request_timeout,
                  o.resync,
                  o.now,
                  o.gone,
                  o.secret_writes_fail,
                  o.began,
                  o.clock_step};
}

cache::KeyRole role_of(const Observed& o, const cache::MarkedKey& key) {
  return cache::role_of(o.resource, o.flight.tickets, {key.key.id, key.revision, key.ticket});
}

bool can_enrol(const cache::MarkedKey& key) {
  return !key.key.revoked && key.key.state != netbird::KeyState::kExpired;
}

const cache::MarkedKey* active_key(const Observed& o) {
  for (const cache::MarkedKey& key : o.keys) {
    if (key.key.id == o.resource.status.key_id) return &key;
  }
  return nullptr;
}

bool has_finalizer(const Observed& o) {
  const auto& all = o.resource.meta.finalizers;
  return std::find(all.begin(), all.end(), kube::kFinalizer) != all.end();
}

bool awaits_list(const Observed& o) {
  if (!o.flight.list_needed_since) return false;
  return !o.account.snapshot || o.account.snapshot->mono < *o.flight.list_needed_since;
}

bool list_is_newer(const Observed& o) {
  if (MUTATION(trust_stale_list)) return o.account.snapshot.has_value();
  return o.account.snapshot && !awaits_list(o) && o.account.snapshot->mono >= o.flight.seen_at;
}

bool two_lists_since(const Observed& o, base::Instant since) {
  return o.account.snapshot && o.account.before && *o.account.before >= since &&
         o.account.snapshot->mono - since >= cache::Inventory::kLag;
}

bool key_is_missing(const Observed& o) {
  if (MUTATION(trust_stale_list)) return o.account.snapshot && active_key(o) == nullptr;
  if (!list_is_newer(o) || active_key(o) != nullptr || another_account(o)) return false;
  return o.lists_lack(o.resource.status.key_id) || two_lists_since(o, o.flight.seen_at);
}

base::Instant missing_told_at(const Observed& o) {
  const base::Instant first = o.flight.seen_at;
  const bool one_list = o.account.snapshot && o.account.snapshot->mono >= first;
  return one_list ? first + cache::Inventory::kLag : first;
}

bool account_answers(const Observed& o) {
  const AccountState state = o.account.state;
  return o.account.snapshot &&
         (state == AccountState::kReady || state == AccountState::kRateLimited);
}

base::Instant wait_over(const Observed& o, base::WallTime since, base::Duration length) {
  // Times in status are whole seconds.
  constexpr base::Duration kTolerance{2'000};
  const auto& step = o.clock_step;
  // Written under a clock that was ahead: counts from when it was set right, or from our start.
  if (since > o.now.wall + kTolerance) return (step ? step->at : o.began) + length;
  // Written before the clock was set ahead: what had passed by then has passed, and no more.
  if (step && since <= step->before && step->after > step->before) {
    return step->at + (since + length - step->before);
  }
  return o.now.mono + (since + length - o.now.wall);
}

base::Instant to_mono(const Observed& o, base::WallTime at) {
  const base::Duration ahead = std::clamp(at - o.now.wall, base::Duration{0}, kLongestSleep);
  // A millisecond on top: times in status are whole seconds, ours are not.
  return o.now.mono + ahead + base::Duration{1};
}

kube::KeyStatus with_key_facts(const Observed& o, kube::KeyStatus next) {
  if (next.revision == 0) return next;
  const cache::MarkedKey* key = active_key(o);
  if (key != nullptr) {
    next.state = netbird::key_state_name(key->key.state);
    if (!key->key.prefix.empty()) next.key_prefix = key->key.prefix;
    next.used_times = key->key.used_times;
    next.last_used = key->key.last_used;
    next.expires_at = key->key.expires;
    next.auto_group_ids = key->key.auto_groups;
    // A key from before accounts were recorded is taken over where the list shows it.
    if (o.account.id && next.account.id.empty()) next.account = {o.account.name, *o.account.id};
  } else if (key_is_missing(o)) {
    next.state = "missing";
  }
  if (next.issued_at) {
    next.renewal_time = renewal_time(o.resource.spec.rotation, *next.issued_at, next.expires_at);
  }
  if (o.secret.state == SecretState::kOurs && o.secret.meta != nullptr &&
      o.secret.content == ContentState::kRight && o.secret.meta->revision == next.revision) {
    next.binding = {o.secret.meta->ref.name, o.secret.meta->uid, o.secret.meta->resource_version};
  }
  return next;
}

Decision wait_for_list(Priority priority) {
  Decision out;
  out.wants_list = priority;
  return out;
}

Decision wait_until(base::Instant at) {
  Decision out;
  out.wake_at = at;
  return out;
}

void wake_by(std::optional<base::Instant> at, Decision& into) {
  if (at && (!into.wake_at || *at < *into.wake_at)) into.wake_at = at;
}

Decision act(const Observed& o, Action action, Priority priority) {
  Decision out;
  out.action = std::move(action);
  name_account(out.action, o.account.name);
  out.priority = priority;
  return out;
}

Decision note_status(kube::KeyStatus next, Priority priority) {
  Decision out;
  out.action = WriteStatus{std::move(next)};
  out.priority = priority;
  return out;
}

Decision write_status(const Observed& o, kube::KeyStatus next, const status::Report& report) {
  status::apply_report(report, o.resource.meta.generation, o.now.wall, next);
  return note_status(std::move(next));
}

namespace {

std::optional<base::Instant> held_telling(const Observed& o, const Decision& tells) {
  if (!o.flight.telling) return std::nullopt;
  return o.flight.telling->hold(next_of(tells.action)->conditions, o.now.mono);
}

}  // namespace

Decision settle(const Observed& o, const status::Report& report) {
  // Together with the event that tells of it, so apart from the rest.
  if (auto told = tell_of_unknown_keys(o)) {
    told->tells = true;
    const auto held = held_telling(o, *told);
    if (!held) return std::move(*told);
  }
  Decision out = write_status(o, with_key_facts(o, o.resource.status), report);
  out.tells = true;
  const kube::KeyStatus& next = *next_of(out.action);
  if (kube::same_status(next, o.resource.status)) {
    out.action = Rest{};
  } else if (const auto held = held_telling(o, out)) {
    out.action = Rest{};
    wake_by(held, out);
  } else {
    tell_cause(o, report, out);
  }
  return out;
}

}  // namespace nbkeys::engine
