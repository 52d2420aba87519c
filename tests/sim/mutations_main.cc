// Which checker catches which deliberate bug, and how many seeds that takes.

#include <CLI/CLI.hpp>
#include <cstdio>

#include "sim/mutations.h"

int main(int argc, char** argv) {
  std::uint64_t first = 1, seeds = 100;
  int days = 20;
  std::string only;
  CLI::App app{"Switches on one bug of the core at a time and runs seeds until a checker sees it"};
  app.add_option("--first", first, "First seed");
  app.add_option("--seeds", seeds, "How many seeds for each bug");
  app.add_option("--days", days, "Virtual days per seed");
  app.add_option("--only", only, "One bug by its name");
  CLI11_PARSE(app, argc, argv);
  int missed = 0;
  for (const char* name : nbkeys::sim::kMutations) {
    if (!only.empty() && only != name) continue;
    const nbkeys::sim::Caught caught = nbkeys::sim::catch_mutation(name, first, seeds, days);
    std::puts(nbkeys::sim::to_line(name, caught).c_str());
    std::fflush(stdout);
    if (caught.checker.empty()) ++missed;
  }
  return missed == 0 ? 0 : 1;
}
