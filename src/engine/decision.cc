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

const char* action_name(const Action& action) {
  return std::visit(base::overloaded{[](const Rest&) { return "rest"; },
                                     [](const ReadSetupKey&) { return "read_setupkey"; },
                                     [](const AddFinalizer&) { return "add_finalizer"; },
                                     [](const RemoveFinalizer&) { return "remove_finalizer"; },
                                     [](const WriteStatus&) { return "write_status"; },
                                     [](const Claim&) { return "claim"; },
                                     [](const CreateKey&) { return "create_key"; },
                                     [](const LookForSecret&) { return "look_for_secret"; },
                                     [](const ReadSecret&) { return "read_secret"; },
                                     [](const TryWritingSecret&) { return "try_writing_secret"; },
                                     [](const WriteSecret&) { return "write_secret"; },
                                     [](const RepairSecret&) { return "repair_secret"; },
                                     [](const UpdateGroups&) { return "update_groups"; },
                                     [](const RevokeKey&) { return "revoke_key"; },
                                     [](const DeleteKey&) { return "delete_key"; }},
                    action);
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

bool list_is_proof(const Observed& o) {
  if (MUTATION(trust_stale_list)) return o.account.snapshot.has_value();
  return o.account.snapshot && !awaits_list(o) && o.account.snapshot->mono >= o.flight.seen_at;
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
  } else if (list_is_proof(o)) {
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

Decision wait_for_list(const Observed& o) {
  Decision out = act(o, Rest{});
  out.wants_list = true;
  return out;
}

Decision act(const Observed& o, Action action, Priority priority) {
  Decision out;
  out.action = std::move(action);
  out.next = o.resource.status;
  out.priority = priority;
  return out;
}

Decision write_status(const Observed& o, kube::KeyStatus next, const status::Report& report) {
  status::apply_report(report, o.resource.meta.generation, o.now.wall, next);
  Decision out;
  out.action = WriteStatus{};
  out.next = std::move(next);
  return out;
}

Decision settle(const Observed& o, const status::Report& report) {
  Decision out = write_status(o, with_key_facts(o, o.resource.status), report);
  if (kube::same_status(out.next, o.resource.status)) {
    out.action = Rest{};
  } else {
    tell_cause(o, report, out);
  }
  return out;
}

Decision settle_until(const Observed& o, const status::Report& report, base::WallTime until) {
  Decision out = settle(o, report);
  out.wake_at = to_mono(o, until);
  return out;
}

}  // namespace nbkeys::engine
