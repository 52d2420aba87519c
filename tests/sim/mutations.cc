#include "sim/mutations.h"

#include "base/mutation.h"
#include "sim/world.h"

#ifdef NBKEYS_MUTATIONS

namespace nbkeys::base {
namespace {
std::string_view active_mutation;
}
bool mutated(std::string_view name) { return name == active_mutation; }
}  // namespace nbkeys::base

namespace nbkeys::sim {

Mutated::Mutated(std::string_view name) { base::active_mutation = name; }
Mutated::~Mutated() { base::active_mutation = ""; }

Caught catch_mutation(std::string_view name, std::uint64_t first, std::uint64_t seeds, int days) {
  const Mutated bug(name);
  for (std::uint64_t seed = first; seed < first + seeds; ++seed) {
    const Outcome outcome = run(draw_plan(seed, days), {});
    if (outcome.findings.empty()) continue;
    return {outcome.findings.front().checker, outcome.findings.front().text, seed};
  }
  return {};
}

std::string to_line(std::string_view name, const Caught& caught) {
  std::string out(name);
  out.resize(28, ' ');
  if (caught.checker.empty()) return out + "not caught";
  return out + caught.checker + " in seed " + std::to_string(caught.seed) + ": " + caught.text;
}

}  // namespace nbkeys::sim

#endif
