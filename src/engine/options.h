#pragma once
// What the operator was started with, as far as the engine is concerned.

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"

namespace nbkeys::engine {

struct LeaseOptions {
  bool enabled = false;
  std::string name = "nbkeys";
  std::string name_space;  // where the Lease lives
  std::string identity;    // unique to this process
  base::Duration duration{15'000};
  base::Duration renew_deadline{10'000};
  base::Duration retry_period{2'000};
};

struct AccountOptions {
  std::string name = "default";
  // Nothing: learnt (netbird/budget.h); 0: no limit of our own.
  std::optional<int> requests_per_minute;
  int burst = 0;         // 0: as requests_per_minute
  std::string url = {};  // for people
};

struct Options {
  std::vector<std::string> watch_namespaces;  // empty: every namespace
  std::vector<std::string> also_refused;      // in secretTemplate, besides kube/refused.h
  base::Duration resync{300'000};
  int concurrency = 8;  // requests in flight per server
  LeaseOptions lease;
  AccountOptions account;
  // Another than a copy of this cluster has, or than the cluster that this one is a copy of: keys
  // of other identities are not ours. Empty: the UIDs alone tell.
  std::string identity;
  // How long a NetBird POST may take from being sent to having its last effect at the server.
  base::Duration request_timeout{30'000};
  std::uint64_t seed = 0;  // for jitter; the shell passes real randomness, tests a fixed number
  // Random bits for a ticket (kube/ticket.h), others in a copy of this process; where there are
  // none, they are made from the seed.
  std::function<std::uint64_t()> draw_ticket;
};

}  // namespace nbkeys::engine
