#include "telemetry/census.h"

#include <algorithm>
#include <map>

#include "telemetry/names.h"

namespace nbkeys::telemetry {
namespace {

constexpr base::Duration kSoon{86'400'000};

double seconds(base::Duration d) { return static_cast<double>(d.count()) / 1000.0; }
double seconds(base::WallTime t) { return seconds(t.since_epoch); }
double number(std::uint64_t n) { return static_cast<double>(n); }

// Names come from a closed list, so that nothing that somebody writes into a status can make
// series without end.
std::string_view known_reason(std::string_view reason) {
  const auto found = std::find(kReadyReasons.begin(), kReadyReasons.end(), reason);
  if (found != kReadyReasons.end()) return *found;
  return reason.empty() ? "None" : "Other";
}

std::string_view known_state(std::string_view state) {
  const auto found = std::find(kKeyStates.begin(), kKeyStates.end(), state);
  if (found != kKeyStates.end()) return *found;
  return state.empty() ? "none" : "other";
}

bool expires_soon(const io::SetupKeyFacts& f, base::WallTime now) {
  const bool renewal_passed = f.renewal && *f.renewal <= now;
  return f.expires && *f.expires <= now + kSoon && (renewal_passed || !f.renewal);
}

bool nearly_used_up(const io::SetupKeyFacts& f) {
  // A one-off key that has been used has done its work.
  return f.usage_limit > 1 && f.used_times && *f.used_times * 10 > f.usage_limit * 9;
}

void write_summary(Page& page, const EachSetupKey& each, base::WallTime now) {
  std::map<std::pair<bool, std::string_view>, std::uint64_t> by_reason;
  std::uint64_t not_ready = 0, soon = 0, used_up = 0, blocked = 0, unknown = 0, second = 0;
  each([&](const io::SetupKeyFacts& f) {
    ++by_reason[{f.ready, known_reason(f.reason)}];
    not_ready += f.ready ? 0 : 1;
    soon += expires_soon(f, now) ? 1 : 0;
    used_up += nearly_used_up(f) ? 1 : 0;
    blocked += f.reason == "DeletionBlocked" ? 1 : 0;
    unknown += f.unknown_keys == "UnknownOrigin" ? 1 : 0;
    second += f.unknown_keys == "SecondInstallation" ? 1 : 0;
  });
  page.family(kSetupKeysStatus, Kind::kGauge,
              "Number of SetupKeys by the status and reason of their condition Ready.");
  for (const auto& [key, count] : by_reason) {
    page.sample({{"ready", key.first ? "true" : "false"}, {"reason", key.second}}, number(count));
  }
  page.family(kSetupKeysAttention, Kind::kGauge,
              "Number of SetupKeys that want a look, by cause; the same rules as the alerts, for "
              "when their names are left out.");
  page.sample({{"cause", "not_ready"}}, number(not_ready));
  page.sample({{"cause", "expires_soon"}}, number(soon));
  page.sample({{"cause", "nearly_used_up"}}, number(used_up));
  page.sample({{"cause", "deletion_blocked"}}, number(blocked));
  page.sample({{"cause", "unknown_origin"}}, number(unknown));
  page.sample({{"cause", "second_installation"}}, number(second));
}

void write_names(Page& page, const EachSetupKey& each) {
  page.family(kSetupKeyReady, Kind::kGauge, "1 where the condition Ready is True, else 0.");
  each([&page](const io::SetupKeyFacts& f) {
    page.sample({{"namespace", f.name_space}, {"name", f.name}}, f.ready ? 1 : 0);
  });
  page.family(kSetupKeyInfo, Kind::kGauge,
              "Always 1; type, Secret, the reason of Ready, and the state of the key at NetBird: "
              "valid, overused, expired, revoked, missing or none.");
  each([&page](const io::SetupKeyFacts& f) {
    page.sample({{"namespace", f.name_space},
                 {"name", f.name},
                 {"type", f.type},
                 {"state", known_state(f.state)},
                 {"reason", known_reason(f.reason)},
                 {"secret", f.secret}},
                1);
  });
  const auto optional_family = [&](std::string_view name, std::string_view help, auto value) {
    page.family(name, Kind::kGauge, help);
    each([&page, &value](const io::SetupKeyFacts& f) {
      if (const std::optional<double> v = value(f)) {
        page.sample({{"namespace", f.name_space}, {"name", f.name}}, *v);
      }
    });
  };
  const auto time = [](const std::optional<base::WallTime>& at) {
    return at ? std::optional(seconds(*at)) : std::nullopt;
  };
  optional_family(kSetupKeyExpiration,
                  "When the key in use expires, in seconds since the epoch; absent where it never "
                  "does.",
                  [&time](const io::SetupKeyFacts& f) { return time(f.expires); });
  optional_family(kSetupKeyRenewal,
                  "When the key in use is due to be replaced, in seconds since the epoch; absent "
                  "where no date is set.",
                  [&time](const io::SetupKeyFacts& f) { return time(f.renewal); });
  optional_family(kSetupKeyUsed, "How often the key in use has enrolled a peer.",
                  [](const io::SetupKeyFacts& f) {
                    return f.used_times ? std::optional(static_cast<double>(*f.used_times))
                                        : std::nullopt;
                  });
  optional_family(
      kSetupKeyLimit, "How often the key in use may enrol a peer; absent where there is no limit.",
      [](const io::SetupKeyFacts& f) {
        return f.usage_limit > 0 ? std::optional(static_cast<double>(f.usage_limit)) : std::nullopt;
      });
}

void write_turns(Page& page, const io::Vitals& v) {
  const Page::Label controller{"controller", kControllerName};
  const Page::Label queue{"name", kControllerName};
  const io::Turns& t = v.turns;
  page.family(kReconcileTotal, Kind::kCounter,
              "Turns of SetupKeys by result; each turn makes at most one request.");
  page.sample({controller, {"result", "success"}}, number(t.success));
  page.sample({controller, {"result", "requeue"}}, number(t.requeue));
  page.sample({controller, {"result", "requeue_after"}}, number(t.requeue_after));
  page.sample({controller, {"result", "error"}}, number(t.error));
  page.family(kReconcileErrors, Kind::kCounter, "Turns of SetupKeys whose request failed.");
  page.sample({controller}, number(t.error));
  page.family(kReconcileTime, Kind::kHistogram,
              "Time in seconds from the begin of a turn to the answer to its request.");
  page.histogram({controller}, t.took);
  page.family(kReconcileMax, Kind::kGauge, "Upper bound on turns at the same time: --concurrency.");
  page.sample({controller}, number(v.concurrency));
  page.family(kActiveWorkers, Kind::kGauge, "Turns under way: requests that wait for an answer.");
  page.sample({controller}, number(v.in_flight));
  page.family(kQueueDepth, Kind::kGauge, "SetupKeys that wait for a turn.");
  page.sample({queue}, number(v.queue_depth));
  page.family(kQueueAdds, Kind::kCounter, "Turns asked for.");
  page.sample({queue}, number(t.queued));
  page.family(kQueueRetries, Kind::kCounter, "Turns asked for because a request failed.");
  page.sample({queue}, number(t.error));
  page.family(kQueueWait, Kind::kHistogram,
              "Time in seconds that SetupKeys waited for their turn.");
  page.histogram({queue}, t.waited);
  page.family(kQueueWork, Kind::kHistogram, "Time in seconds that a turn took.");
  page.histogram({queue}, t.took);
  page.family(kQueueUnfinished, Kind::kGauge, "Ages of the turns under way, added up, in seconds.");
  page.sample({queue}, seconds(v.in_flight_total));
  page.family(kQueueLongest, Kind::kGauge, "Age of the oldest turn under way, in seconds.");
  page.sample({queue}, seconds(v.in_flight_longest));
}

void write_account(Page& page, const io::Vitals& v) {
  page.family(kAccountReady, Kind::kGauge,
              "1 while NetBird answers and takes the token, else 0; only of the leader.");
  page.sample(v.account_ready ? 1 : 0);
  page.family(kAccountKeys, Kind::kGauge,
              "Setup keys in the NetBird account: in_use, previous (in their overlap) and issuing "
              "are wanted, stray will be deleted, unknown_origin carry the mark of a SetupKey that "
              "did not make them and are left alone, elsewhere that of one that is not known here, "
              "unmarked were not made by nbkeys.");
  const io::AccountKeys& k = v.account_keys;
  page.sample({{"kind", "in_use"}}, number(k.in_use));
  page.sample({{"kind", "previous"}}, number(k.previous));
  page.sample({{"kind", "issuing"}}, number(k.issuing));
  page.sample({{"kind", "stray"}}, number(k.stray));
  page.sample({{"kind", "unknown_origin"}}, number(k.unknown_origin));
  page.sample({{"kind", "elsewhere"}}, number(k.elsewhere));
  page.sample({{"kind", "unmarked"}}, number(k.unmarked));
  page.family(kSnapshotAge, Kind::kGauge,
              "Age in seconds of the last whole list of keys from NetBird.");
  page.sample(seconds(v.snapshot_age));
  page.family(kApiPaused, Kind::kGauge,
              "Seconds until NetBird is asked again after a failure; 0: no pause.");
  page.sample(seconds(v.account_paused));
}

}  // namespace

void write_vitals(Page& page, const io::Vitals& v) {
  page.family(kSetupKeys, Kind::kGauge, "SetupKeys that this replica watches.");
  page.sample(number(v.setup_keys));
  page.family(kResync, Kind::kGauge, "Seconds between two lists of all keys at NetBird: --resync.");
  page.sample(seconds(v.resync));
  write_turns(page, v);
  if (v.leading) write_account(page, v);
}

void write_setup_keys(Page& page, std::uint64_t count, const EachSetupKey& each, bool names,
                      base::WallTime now) {
  const bool shown = names && count <= kNamesMax;
  page.family(kPerObject, Kind::kGauge,
              "1 while there are series for each SetupKey; 0 with --metrics-per-object=false.");
  page.sample(names ? 1 : 0);
  page.family(kNamesDropped, Kind::kGauge,
              "1 while there are too many SetupKeys for a series each, so that only counts of them "
              "are shown.");
  page.sample(names && !shown ? 1 : 0);
  write_summary(page, each, now);
  if (shown) write_names(page, each);
}

}  // namespace nbkeys::telemetry
