// What the engine alone costs, and how that grows with the number of SetupKeys: no servers, no
// sockets, the CPU time of this thread only.

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <exception>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include "bench/engine_rig.h"
#include "fakes/json.h"

namespace nbkeys::bench {
namespace {

using fakes::Json;

constexpr double kGrowthMax = 1.3;
// What does not come often enough to be a cost of its own.
constexpr const char* kOther = "other";

struct Options {
  std::vector<std::size_t> counts = {1'000, 10'000, 100'000};
  std::size_t events = 20'000;
  std::size_t issues = 500;
  std::size_t resyncs = 3;
  std::size_t template_bytes = 0;
  int rounds = 5;
  std::string json;
};

Json measure(const Sample& sample, std::size_t count, const Options& options, Json& bytes) {
  Rig rig(sample, count);
  rig.start();
  bytes[std::to_string(count)] = rig.bytes_held() / count;
  rig.bookmarks(options.events);
  rig.modified(options.events);
  // As many keys of a few SetupKeys as other events, or one resync would be all that is timed.
  const std::size_t resyncs = std::max(options.resyncs, options.events / count);
  for (std::size_t i = 0; i < resyncs; ++i) rig.resync();
  rig.issue(options.issues);
  rig.secret_changed(options.events / 4);
  Json out = Json::object();
  for (const auto& [kind, cost] : rig.costs()) {
    if (kind != kOther && cost.events > 0) out[kind] = cost.each();
  }
  return out;
}

// What disturbs a round only makes it slower, so the fastest of each kind counts.
void keep_fastest(const Json& costs, const std::string& count, Json& nanoseconds) {
  for (const auto& [kind, each] : costs.items()) {
    Json& best = nanoseconds[kind][count];
    best = best.is_null() ? each.get<double>() : std::min(best.get<double>(), each.get<double>());
  }
}

void print(const Json& result, const std::vector<std::size_t>& counts) {
  std::printf("%-26s", "microseconds of CPU for a");
  for (const std::size_t count : counts) std::printf("%12zu", count);
  std::printf("%10s  target <= %.1f\n", "growth", kGrowthMax);
  for (const auto& [kind, by_count] : result["nanoseconds"].items()) {
    std::printf("%-26s", kind.c_str());
    for (const std::size_t count : counts) {
      std::printf("%12.2f", by_count[std::to_string(count)].get<double>() / 1000);
    }
    const double growth = result["growth"][kind].get<double>();
    std::printf("%9.2fx  %s\n", growth, growth <= kGrowthMax ? "PASS" : "MISS");
  }
  std::printf("%-26s", "bytes for each SetupKey");
  for (const std::size_t count : counts) {
    std::printf("%12zu", result["bytes_per_key"][std::to_string(count)].get<std::size_t>());
  }
  std::printf("\n");
}

void run(Options options) {
  std::sort(options.counts.begin(), options.counts.end());
  const Sample sample = make_sample(options.template_bytes);
  Json result = {{"counts", options.counts}, {"bytes_per_key", Json::object()}};
  // All counts in each round, so that what disturbs for a while does not meet one of them alone.
  for (int round = 0; round < options.rounds; ++round) {
    for (const std::size_t count : options.counts) {
      const Json costs = measure(sample, count, options, result["bytes_per_key"]);
      keep_fastest(costs, std::to_string(count), result["nanoseconds"]);
    }
  }
  const std::string smallest = std::to_string(options.counts.front());
  const std::string largest = std::to_string(options.counts.back());
  for (const auto& [kind, by_count] : result["nanoseconds"].items()) {
    result["growth"][kind] = by_count[largest].get<double>() / by_count[smallest].get<double>();
  }
  print(result, options.counts);
  if (!options.json.empty()) std::ofstream(options.json) << result.dump(1) << '\n';
}

}  // namespace
}  // namespace nbkeys::bench

int main(int argc, char** argv) {
  nbkeys::bench::Options options;
  CLI::App app{"What the engine alone costs."};
  app.add_option("--counts", options.counts, "numbers of SetupKeys")->delimiter(',');
  app.add_option("--events", options.events, "events of each kind");
  app.add_option("--issues", options.issues, "new SetupKeys");
  app.add_option("--resyncs", options.resyncs, "lists of all keys");
  app.add_option("--template-bytes", options.template_bytes, "of data in each SetupKey");
  app.add_option("--rounds", options.rounds, "how often all of it");
  app.add_option("--json", options.json, "where the figures go");
  CLI11_PARSE(app, argc, argv);
  try {
    nbkeys::bench::run(std::move(options));
  } catch (const std::exception& problem) {
    std::fprintf(stderr, "engine_bench: %s\n", problem.what());
    return 1;
  }
  return 0;
}
