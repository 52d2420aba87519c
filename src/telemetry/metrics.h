#pragma once
// The metrics of the process. Written by the event loop, rendered by the server's thread; the
// registry locks for itself.

#include <cstdint>
#include <memory>
#include <string>

#include "base/time.h"
#include "io/command.h"
#include "telemetry/exchange.h"

namespace nbkeys::telemetry {

// What the gauges show.
struct Gauges {
  bool leading = false;
  bool account_ready = false;
  std::uint64_t setup_keys = 0;
  std::uint64_t account_keys = 0;
  std::uint64_t queue_depth = 0;
  std::uint64_t requests_in_flight = 0;
};

class Metrics {
 public:
  Metrics(const std::string& version, const std::string& lease_name);
  ~Metrics();
  Metrics(const Metrics&) = delete;
  Metrics& operator=(const Metrics&) = delete;

  void count(const io::Note& note);
  void count(const Exchange& exchange);
  void show(const Gauges& gauges);

  // The text exposition format of Prometheus.
  std::string text();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace nbkeys::telemetry
