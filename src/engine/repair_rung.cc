#include "engine/repair_rung.h"

#include <algorithm>
#include <array>

#include "engine/judge.h"

namespace nbkeys::engine {
namespace {

using status::Progress;
using status::Reason;

// After the n-th: five in the first hour, then one an hour.
constexpr std::array kWaits = {base::Duration{0},       base::Duration{10'000},
                               base::Duration{60'000},  base::Duration{300'000},
                               base::Duration{900'000}, base::Duration{3'600'000}};
// Waits of seconds need no words.
constexpr int kTold = 3;

base::Duration lifetime(const Observed& o) {
  constexpr base::Duration kDay{86'400'000};
  const base::Duration set = o.resource.spec.settings.expires_in;
  return set.count() > 0 ? set : kDay;
}

status::Report limited(const Observed& o, const std::string& cause) {
  return held_up(
      o, Reason::kRepairLimited,
      cause + "; find out who does that ('kubectl get secret " + o.resource.spec.secret_name +
          " --show-managed-fields -o yaml', NetBird's audit log); a new key is issued by "
          "itself later, or at once with a new value of the annotation "
          "keys.netbird.io/rotate",
      Progress::kStalled);
}

}  // namespace

int repairs_so_far(const Observed& o) {
  const kube::Repairs& repairs = o.resource.status.repairs;
  if (!repairs.last_time) return 0;
  const bool quiet = wait_over(o, *repairs.last_time, lifetime(o)) <= o.now.mono;
  return quiet ? 0 : repairs.count;
}

std::optional<Decision> wait_for_repair(const Observed& o, const std::string& reason) {
  if (!is_repair(reason)) return std::nullopt;
  const int count = repairs_so_far(o);
  auto step = std::min(static_cast<std::size_t>(std::max(0, count)), kWaits.size() - 1);
  // A key that no list has ever shown: the lists are more likely wrong than the key is gone.
  const auto& gone = o.gone;
  const bool shown = std::find(gone.begin(), gone.end(), o.resource.status.key_id) != gone.end();
  if (reason == reason_name(IssueReason::kKeyMissing) && !shown && count > 0) {
    step = kWaits.size() - 1;
  }
  const base::Instant due =
      count == 0 ? o.now.mono : wait_over(o, *o.resource.status.repairs.last_time, kWaits[step]);
  if (o.now.mono < due) {
    Decision out = count < kTold
                       ? settle(o, issuing(o, reason))
                       : settle(o, limited(o,
                                           "the key or its Secret is broken again and again, so "
                                           "new keys are issued ever more rarely"));
    wake_by(due, out);
    return out;
  }
  if (o.account.repair_allowed) return std::nullopt;
  Decision out = settle(o, limited(o,
                                   "many keys or Secrets were broken at once, so only some get a "
                                   "new key each hour"));
  wake_by(o.account.repair_at, out);
  return out;
}

}  // namespace nbkeys::engine
