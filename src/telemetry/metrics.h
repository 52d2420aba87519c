#pragma once
// The metrics of the process. What is counted is held by a registry, which locks for itself; what
// can be read off the engine is written at the scrape, on the event loop's thread, and kept
// nowhere.

#include <memory>
#include <optional>
#include <string>

#include "base/time.h"
#include "io/command.h"
#include "io/facts.h"
#include "telemetry/census.h"
#include "telemetry/exchange.h"

namespace nbkeys::telemetry {

class Metrics {
 public:
  struct Settings {
    std::string version;
    std::string lease_name;
    std::string kube_host;   // host:port, for client-go's label
    bool per_object = true;  // a series for each SetupKey
  };
  explicit Metrics(Settings settings);
  ~Metrics();
  Metrics(const Metrics&) = delete;
  Metrics& operator=(const Metrics&) = delete;

  void count(const io::Note& note);
  void count(const Exchange& exchange);

  // The part that is read off the engine. On the event loop's thread.
  std::string survey(const io::Vitals& vitals, const EachSetupKey& each, base::WallTime now);
  // The whole page, in the text exposition format of Prometheus. From any thread. Without a survey,
  // because the loop gave none in time, it says so.
  std::string text(std::optional<std::string> survey);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace nbkeys::telemetry
