#include "telemetry/metrics.h"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <algorithm>

#include "telemetry/names.h"
#include "telemetry/process.h"

namespace nbkeys::telemetry {
namespace {

using prometheus::Labels;

const prometheus::Histogram::BucketBoundaries kSeconds = {0.005, 0.01, 0.025, 0.05, 0.1, 0.25,
                                                          0.5,   1,    2.5,   5,    10,  30};

prometheus::Family<prometheus::Counter>& counters(prometheus::Registry& registry,
                                                  std::string_view name, const char* help) {
  return prometheus::BuildCounter().Name(std::string(name)).Help(help).Register(registry);
}

prometheus::Family<prometheus::Gauge>& gauges(prometheus::Registry& registry, std::string_view name,
                                              const char* help) {
  return prometheus::BuildGauge().Name(std::string(name)).Help(help).Register(registry);
}

// Labels make a time series each, so a reason is only taken where it looks like one of ours.
std::string reason_of(const io::Note& note) {
  for (const auto& [key, value] : note.fields) {
    const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
    if (key != kReasonField || value.empty() || value.size() > 40) continue;
    if (std::all_of(value.begin(), value.end(), letter)) return value;
  }
  return "unknown";
}

}  // namespace

struct Metrics::State {
  prometheus::Registry registry;
  prometheus::Family<prometheus::Counter>& requests =
      counters(registry, kApiRequests, "Requests by server, method, operation and result.");
  prometheus::Family<prometheus::Histogram>& durations =
      prometheus::BuildHistogram()
          .Name(std::string(kApiDuration))
          .Help("Time from sending a request to the end of its answer.")
          .Register(registry);
  prometheus::Family<prometheus::Counter>& issued_family =
      counters(registry, kIssued, "Keys created at NetBird and handed over in a Secret.");
  prometheus::Counter& issued = issued_family.Add({});
  prometheus::Family<prometheus::Counter>& rotations =
      counters(registry, kRotations, "Keys replaced by a new one, by reason.");
  prometheus::Counter& strays =
      counters(registry, kStraysDeleted,
               "Keys deleted at NetBird that an interrupted issue had left behind.")
          .Add({});
  prometheus::Gauge& setup_keys =
      gauges(registry, kSetupKeys, "SetupKey resources that this replica watches.").Add({});
  prometheus::Gauge& account_keys =
      gauges(registry, kAccountKeys, "Setup keys in the NetBird account, ours or not.").Add({});
  prometheus::Gauge& account_ready =
      gauges(registry, kAccountReady, "1 while NetBird takes the token.").Add({});
  prometheus::Gauge& in_flight =
      gauges(registry, kRequestsInFlight, "Requests that wait for their answer.").Add({});
  prometheus::Gauge& queue_depth =
      gauges(registry, kQueueDepth, "SetupKeys that wait for a turn.").Add({{"name", "setupkeys"}});
  prometheus::Gauge* leader = nullptr;
  prometheus::Gauge& resident_memory =
      gauges(registry, kResidentMemory, "Resident memory size in bytes.").Add({});
  prometheus::Gauge& start_time =
      gauges(registry, kStartTime, "Start time of the process since the epoch in seconds.").Add({});
  prometheus::Counter& cpu =
      counters(registry, kCpuSeconds, "User and system CPU time spent in seconds.").Add({});
  prometheus::Gauge& open_files =
      gauges(registry, kOpenFiles, "Number of open file descriptors.").Add({});
};

Metrics::Metrics(const std::string& version, const std::string& lease_name)
    : state_(std::make_unique<State>()) {
  gauges(state_->registry, kBuildInfo, "The version that runs; always 1.")
      .Add({{"version", version}})
      .Set(1);
  state_->leader =
      &gauges(state_->registry, kLeader, "1 while this replica leads.").Add({{"name", lease_name}});
  read_process_facts();
}

Metrics::~Metrics() = default;

void Metrics::count(const io::Note& note) {
  if (note.event == kKeyIssued) {
    state_->issued.Increment();
  } else if (note.event == kKeyRotated) {
    state_->rotations.Add({{"reason", reason_of(note)}}).Increment();
  } else if (note.event == kStrayDeleted) {
    state_->strays.Increment();
  }
}

void Metrics::count(const Exchange& exchange) {
  const Labels labels = {{"server", std::string(server_name(exchange.server))},
                         {"method", std::string(io::method_name(exchange.method))},
                         {"operation", exchange.operation}};
  Labels with_code = labels;
  with_code["code"] = exchange.code;
  state_->requests.Add(with_code).Increment();
  // A watch lasts as long as it may; its time says nothing about the server.
  if (exchange.operation == "watch") return;
  state_->durations.Add(labels, kSeconds)
      .Observe(std::chrono::duration<double>(exchange.took).count());
}

void Metrics::show(const Gauges& now) {
  state_->setup_keys.Set(static_cast<double>(now.setup_keys));
  state_->account_keys.Set(static_cast<double>(now.account_keys));
  state_->account_ready.Set(now.account_ready ? 1 : 0);
  state_->in_flight.Set(static_cast<double>(now.requests_in_flight));
  state_->queue_depth.Set(static_cast<double>(now.queue_depth));
  state_->leader->Set(now.leading ? 1 : 0);
}

std::string Metrics::text() {
  const ProcessFacts facts = read_process_facts();
  state_->resident_memory.Set(facts.resident_bytes);
  state_->start_time.Set(facts.start_time_s);
  state_->cpu.Increment(std::max(0.0, facts.cpu_s - state_->cpu.Value()));
  state_->open_files.Set(facts.open_files);
  return prometheus::TextSerializer().Serialize(state_->registry.Collect());
}

}  // namespace nbkeys::telemetry
