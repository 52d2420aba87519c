#pragma once
// The metrics of the process. Written by the event loop, rendered by the server's thread; the
// registry locks for itself.

#include <memory>
#include <string>

#include "base/time.h"
#include "engine/health.h"
#include "io/command.h"
#include "telemetry/exchange.h"

namespace nbkeys::telemetry {

class Metrics {
 public:
  Metrics(const std::string& version, const std::string& lease_name);
  ~Metrics();
  Metrics(const Metrics&) = delete;
  Metrics& operator=(const Metrics&) = delete;

  void count(const io::Note& note);
  void count(const Exchange& exchange);
  void show(const engine::Health& health);

  // The text exposition format of Prometheus.
  std::string text();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace nbkeys::telemetry
