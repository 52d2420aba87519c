#pragma once
// Of all that happened in a failing run, the few happenings without which it does not fail: delta
// debugging (Zeller) over the plan's list. The same seed is run again and again with parts of the
// list left out.

#include <functional>
#include <vector>

#include "sim/world.h"

namespace nbkeys::sim {

struct Shrunk {
  std::vector<Happening> needed;  // in their order
  std::set<int> suppressed;       // all others
  Finding finding;
  int runs = 0;
};

// What a run without the suppressed happenings finds.
using Rerun = std::function<Findings(const RunOptions& options)>;

// REQUIRES: the plan fails with this finding when nothing is left out.
Shrunk shrink(const Plan& plan, const RunOptions& options, const Finding& finding, int runs_max);
Shrunk shrink(const Plan& plan, const RunOptions& options, const Finding& finding, int runs_max,
              const Rerun& rerun);

}  // namespace nbkeys::sim
