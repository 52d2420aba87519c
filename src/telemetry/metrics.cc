#include "telemetry/metrics.h"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <algorithm>
#include <utility>

#include "telemetry/names.h"
#include "telemetry/process.h"

namespace nbkeys::telemetry {
namespace {

using prometheus::Labels;

const prometheus::Histogram::BucketBoundaries kSeconds = {0.005, 0.01, 0.025, 0.05, 0.1, 0.25,
                                                          0.5,   1,    2.5,   5,    10,  30};
// What a SetupKey's series take, and what the counters of the registry take.
constexpr std::size_t kBytesPerSetupKey = 900, kBytesOfRegistry = 128 << 10;

prometheus::Family<prometheus::Counter>& counters(prometheus::Registry& registry, Word name,
                                                  const char* help) {
  return prometheus::BuildCounter().Name(std::string(name)).Help(help).Register(registry);
}

prometheus::Gauge& gauge(prometheus::Registry& registry, Word name, const char* help,
                         const Labels& labels = {}) {
  return prometheus::BuildGauge().Name(std::string(name)).Help(help).Register(registry).Add(labels);
}

template <typename List>
std::string one_of(const List& words, std::string_view word) {
  const auto found = std::find(words.begin(), words.end(), word);
  return found == words.end() ? "unknown" : std::string(*found);
}

std::string reason_of(const io::Note& note) {
  for (const auto& [key, value] : note.fields) {
    if (key == kReasonField) return one_of(kIssueReasons, value);
  }
  return "unknown";
}

// A status as a server may give it, or a word for why there was none; whatever else a server makes
// up shares one series.
std::string code_of(const std::string& code) {
  const auto digit = [](char c) { return c >= '0' && c <= '9'; };
  if (!std::all_of(code.begin(), code.end(), digit)) return code;
  return code.size() == 3 && code[0] >= '1' && code[0] <= '5' ? code : "other";
}

}  // namespace

struct Metrics::State {
  explicit State(Settings given) : settings(std::move(given)) {
    gauge(registry, kBuildInfo, "Always 1; the version that runs.", {{"version", settings.version}})
        .Set(1);
    // Series that begin at 0 let increase() see the first time that something happens.
    for (const Word reason : kIssueReasons) {
      issued.Add({{"reason", std::string(reason)}});
      if (reason != "FirstIssue") rotations.Add({{"reason", std::string(reason)}});
    }
    for (const EventWord& event : kEvents) events.Add(event_labels(event));
  }

  static Labels event_labels(const EventWord& event) {
    return {{"reason", std::string(event.reason)}, {"type", event.warning ? "Warning" : "Normal"}};
  }

  const Settings settings;
  prometheus::Registry registry;
  prometheus::Family<prometheus::Counter>& requests =
      counters(registry, kApiRequests,
               "Requests by server, method, operation and code: the HTTP status, or a word for why "
               "there was none.");
  prometheus::Family<prometheus::Histogram>& durations =
      prometheus::BuildHistogram()
          .Name(std::string(kApiDuration))
          .Help("Time in seconds from sending a request to the end of its answer.")
          .Register(registry);
  prometheus::Family<prometheus::Counter>& rest =
      counters(registry, kRestRequests, "Requests to Kubernetes by code, method and host.");
  prometheus::Family<prometheus::Counter>& issued = counters(
      registry, kIssued, "Keys created at NetBird and handed over in a Secret, by reason.");
  prometheus::Family<prometheus::Counter>& rotations =
      counters(registry, kRotations, "Keys in use that were replaced by a new one, by reason.");
  prometheus::Counter& strays =
      counters(registry, kStraysDeleted,
               "Keys deleted at NetBird that an interrupted issue had left behind.")
          .Add({});
  prometheus::Family<prometheus::Counter>& events = counters(
      registry, kEventsTotal, "What was told about SetupKeys as Events and log lines, by reason.");
  prometheus::Family<prometheus::Counter>& throttled_family =
      counters(registry, kApiThrottled,
               "Calls that had to wait: by netbird, which answered 429, or by the budget of "
               "--netbird-requests-per-minute.");
  prometheus::Counter& throttled = throttled_family.Add({{"by", "netbird"}});
  prometheus::Counter& short_of_budget = throttled_family.Add({{"by", "budget"}});
  prometheus::Gauge& loop_answers =
      gauge(registry, kLoopAnswers,
            "0 where the event loop did not answer this scrape in time, so that most of the page "
            "is missing.");
  prometheus::Gauge& resident_memory =
      gauge(registry, kResidentMemory, "Resident memory size in bytes.");
  prometheus::Gauge& virtual_memory =
      gauge(registry, kVirtualMemory, "Virtual memory size in bytes.");
  prometheus::Gauge& start_time =
      gauge(registry, kStartTime, "Start time of the process since the epoch in seconds.");
  prometheus::Counter& cpu =
      counters(registry, kCpuSeconds, "User and system CPU time spent in seconds.").Add({});
  prometheus::Gauge& open_files = gauge(registry, kOpenFiles, "Number of open file descriptors.");
  prometheus::Gauge& open_files_max =
      gauge(registry, kOpenFilesMax, "Upper bound on open file descriptors.");
};

Metrics::Metrics(Settings settings) : state_(std::make_unique<State>(std::move(settings))) {
  read_process_facts();
}

Metrics::~Metrics() = default;

void Metrics::count(const io::Note& note) {
  for (const EventWord& event : kEvents) {
    if (event.log_event == note.event) {
      state_->events.Add(State::event_labels(event)).Increment();
    }
  }
  if (note.event == kKeyIssued) {
    state_->issued.Add({{"reason", reason_of(note)}}).Increment();
  } else if (note.event == kKeyRotated) {
    state_->issued.Add({{"reason", reason_of(note)}}).Increment();
    state_->rotations.Add({{"reason", reason_of(note)}}).Increment();
  } else if (note.event == kStrayDeleted) {
    state_->strays.Increment();
  }
}

void Metrics::count(const Exchange& exchange) {
  const std::string method(io::method_name(exchange.method));
  const std::string code = code_of(exchange.code);
  const Labels labels = {{"server", std::string(server_name(exchange.server))},
                         {"method", method},
                         {"operation", one_of(kOperations, exchange.operation)}};
  Labels with_code = labels;
  with_code["code"] = code;
  state_->requests.Add(with_code).Increment();
  if (exchange.server == io::Server::kKube) {
    state_->rest.Add({{"code", code}, {"method", method}, {"host", state_->settings.kube_host}})
        .Increment();
  } else if (code == "429") {
    state_->throttled.Increment();
  }
  // A watch lasts as long as it may; its time says nothing about the server.
  if (exchange.operation == "watch") return;
  state_->durations.Add(labels, kSeconds)
      .Observe(std::chrono::duration<double>(exchange.took).count());
}

std::string Metrics::survey(const io::Vitals& vitals, const EachSetupKey& each,
                            base::WallTime now) {
  const Settings& settings = state_->settings;
  const auto waits = static_cast<double>(vitals.turns.short_of_budget);
  state_->short_of_budget.Increment(std::max(0.0, waits - state_->short_of_budget.Value()));
  Page page;
  // Pages of memory that are not written to cost nothing, and growing would copy megabytes.
  page.reserve(kBytesOfRegistry + vitals.setup_keys * kBytesPerSetupKey);
  page.family(kLeader, Kind::kGauge, "1 while this replica leads, else 0.");
  page.sample({{"name", settings.lease_name}}, vitals.leading ? 1 : 0);
  write_vitals(page, vitals);
  // A replica that stands by knows the same SetupKeys; telling of them twice would double all
  // series.
  if (vitals.leading) {
    write_setup_keys(page, vitals.setup_keys, each, settings.per_object, now);
  }
  return page.take();
}

std::string Metrics::text(std::optional<std::string> survey) {
  const ProcessFacts facts = read_process_facts();
  state_->loop_answers.Set(survey ? 1 : 0);
  state_->resident_memory.Set(facts.resident_bytes);
  state_->virtual_memory.Set(facts.virtual_bytes);
  state_->start_time.Set(facts.start_time_s);
  state_->cpu.Increment(std::max(0.0, facts.cpu_s - state_->cpu.Value()));
  state_->open_files.Set(facts.open_files);
  state_->open_files_max.Set(facts.open_files_max);
  std::string out = survey ? std::move(*survey) : std::string();
  out += prometheus::TextSerializer().Serialize(state_->registry.Collect());
  return out;
}

}  // namespace nbkeys::telemetry
