#pragma once
// What /readyz and the gauges of /metrics say, as a finished snapshot.

#include <cstdint>

namespace nbkeys::engine {

struct Health {
  bool synced = false;         // SetupKeys and Secrets are known
  bool leading = false;        // this replica acts
  bool account_ready = false;  // NetBird took the token at the last call
  std::uint64_t setup_keys = 0;
  std::uint64_t netbird_keys = 0;  // all keys of the account, ours or not
  std::uint64_t queue_depth = 0;   // SetupKeys waiting for a turn
  std::uint64_t requests_in_flight = 0;
};

}  // namespace nbkeys::engine
