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
constexpr const char* kAgainAndAgain =
    "the key or its Secret is broken again and again, so new keys are issued ever more rarely";
constexpr const char* kManyAtOnce =
    "many keys or Secrets were broken at once, so only some get a new key each hour";
// Keys that are made at one time may reach a list in any order.
constexpr base::Duration kInAnyOrder{5'000};

// No list has ever shown the key, nor one that was made after it: it is more likely that they are
// wrong or behind than that the key is gone.
bool lists_may_be_wrong(const Observed& o) {
  const std::string& id = o.resource.status.key_id;
  if (o.lists_lack(id)) return false;
  const auto made = netbird::made_at(id);
  return !made || !o.account.youngest_shown || *o.account.youngest_shown < *made + kInAnyOrder;
}

base::Duration lifetime(const Observed& o) {
  constexpr base::Duration kDay{86'400'000};
  const base::Duration set = o.resource.spec.settings.expires_in;
  return set.count() > 0 ? set : kDay;
}

status::Report limited(const Observed& o, const std::string& cause, const std::string& remedy) {
  return held_up(o, Reason::kRepairLimited,
                 cause + "; " + remedy +
                     "; a new key is issued by itself later, or at once with a new value of the "
                     "annotation keys.netbird.io/rotate",
                 Progress::kStalled);
}

status::Report broken(const Observed& o, const std::string& cause) {
  return limited(o, cause,
                 "find out who does that ('kubectl get secret " + o.resource.spec.secret_name +
                     " --show-managed-fields -o yaml', NetBird's audit log)");
}

status::Report never_shown(const Observed& o) {
  return limited(o,
                 "NetBird's list of keys has never shown key " + o.resource.status.key_id +
                     ", and nothing made after it",
                 "find out whether a cache or a proxy stands before NetBird and answers for it");
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
  const bool unproven = reason == reason_name(IssueReason::kKeyMissing) && lists_may_be_wrong(o);
  if (unproven && count > 0) step = kWaits.size() - 1;
  const base::Instant due =
      count == 0 ? o.now.mono : wait_over(o, *o.resource.status.repairs.last_time, kWaits[step]);
  if (o.now.mono < due) {
    Decision out = settle(o, unproven        ? never_shown(o)
                             : count < kTold ? issuing(o, reason)
                                             : broken(o, kAgainAndAgain));
    wake_by(due, out);
    return out;
  }
  if (o.account.repair_allowed) return std::nullopt;
  Decision out = settle(o, broken(o, kManyAtOnce));
  wake_by(o.account.repair_at, out);
  return out;
}

}  // namespace nbkeys::engine
