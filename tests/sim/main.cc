// Runs many seeds, each a world of its own, and says what was found. A failing seed is shrunk to
// the few happenings that it takes.

#include <CLI/CLI.hpp>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <thread>

#include "sim/report.h"
#include "sim/shrink.h"

namespace nbkeys::sim {
namespace {

struct Arguments {
  std::uint64_t first = 1, seeds = 200, seed = 0;
  int days = 60, jobs = 2, shrink_runs = 400;
  bool trace = false, canary = false, digests = false;
};

constexpr std::size_t kShrunkMax = 3;

void tell_failure(const Arguments& arguments, std::uint64_t seed, const Outcome& outcome,
                  bool shrinks) {
  for (const Finding& finding : outcome.findings) {
    std::printf("FINDING in seed %llu, %s: %s\n", static_cast<unsigned long long>(seed),
                finding.checker.c_str(), finding.text.c_str());
  }
  if (!shrinks) return;
  const Plan plan = draw_plan(seed, arguments.days);
  RunOptions options;
  options.canary = arguments.canary;
  const Shrunk shrunk = shrink(plan, options, outcome.findings.front(), arguments.shrink_runs);
  std::printf("  the shortest trace of %d runs has %zu of %zu happenings:\n", shrunk.runs,
              shrunk.needed.size(), plan.happenings.size());
  for (const Happening& happening : shrunk.needed) {
    std::printf("    %s\n", to_text(happening).c_str());
  }
  std::printf("  it ends with %s: %s\n  again: simulate --seed %llu --days %d --trace\n",
              shrunk.finding.checker.c_str(), shrunk.finding.text.c_str(),
              static_cast<unsigned long long>(seed), arguments.days);
}

int run_one(const Arguments& arguments) {
  RunOptions options;
  options.keeps_trace = arguments.trace;
  options.canary = arguments.canary;
  const Outcome outcome = run(draw_plan(arguments.seed, arguments.days), options);
  if (arguments.trace) std::fputs(outcome.trace.c_str(), stdout);
  Total total;
  total.add(arguments.seed, outcome);
  std::fputs(table(total).c_str(), stdout);
  std::printf("digest %016llx\n", static_cast<unsigned long long>(outcome.digest));
  if (outcome.findings.empty()) return 0;
  tell_failure(arguments, arguments.seed, outcome, true);
  return 1;
}

int run_many(const Arguments& arguments) {
  const auto began = std::chrono::steady_clock::now();
  std::atomic<std::uint64_t> next{arguments.first};
  std::mutex mutex;
  Total total;
  const auto work = [&] {
    for (std::uint64_t seed = next++; seed < arguments.first + arguments.seeds; seed = next++) {
      RunOptions options;
      options.canary = arguments.canary;
      const Outcome outcome = run(draw_plan(seed, arguments.days), options);
      const std::lock_guard lock(mutex);
      total.add(seed, outcome);
      if (arguments.digests) {
        std::printf("seed %llu digest %016llx\n", static_cast<unsigned long long>(seed),
                    static_cast<unsigned long long>(outcome.digest));
      }
      if (!outcome.findings.empty()) {
        tell_failure(arguments, seed, outcome, total.failed.size() <= kShrunkMax);
        std::fflush(stdout);
      }
    }
  };
  std::vector<std::jthread> workers;
  for (int i = 0; i < arguments.jobs; ++i) workers.emplace_back(work);
  workers.clear();
  std::fputs(table(total).c_str(), stdout);
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - began;
  std::printf("%.1f s\n", seconds.count());
  const char* folder = std::getenv("NBKEYS_PROOF");
  if (folder != nullptr && !write_proof(total, seconds.count(), folder)) {
    std::fprintf(stderr, "cannot write to %s\n", folder);
    return 2;
  }
  return total.failed.empty() ? 0 : 1;
}

}  // namespace
}  // namespace nbkeys::sim

int main(int argc, char** argv) {
  nbkeys::sim::Arguments arguments;
  CLI::App app{"The whole operator on virtual time, among faults and people, seed by seed"};
  app.add_option("--first", arguments.first, "First seed");
  app.add_option("--seeds", arguments.seeds, "How many seeds");
  app.add_option("--seed", arguments.seed, "Only this one");
  app.add_option("--days", arguments.days, "Virtual days per seed")->check(CLI::Range(1, 3650));
  app.add_option("--jobs", arguments.jobs, "Seeds side by side")->check(CLI::Range(1, 256));
  app.add_option("--shrink-runs", arguments.shrink_runs, "Runs to spend on a shorter trace");
  app.add_flag("--trace", arguments.trace, "With --seed: everything that happens");
  app.add_flag("--canary", arguments.canary, "Logs one key on purpose, so that the run fails");
  app.add_flag("--digests", arguments.digests, "Print each seed's digest");
  CLI11_PARSE(app, argc, argv);
  return arguments.seed != 0 ? nbkeys::sim::run_one(arguments) : nbkeys::sim::run_many(arguments);
}
