#pragma once
// Of all that happened in a failing run, the few happenings without which it does not fail: delta
// debugging (Zeller) over the plan's list. The same seed is run again and again with parts of the
// list left out.

#include <string>
#include <vector>

#include "sim/world.h"

namespace nbkeys::sim {

struct Shrunk {
  std::vector<Happening> needed;  // in their order
  std::set<int> suppressed;       // all others
  Finding finding;
  int runs = 0;
};

// REQUIRES: the plan fails with this finding when nothing is left out.
Shrunk shrink(const Plan& plan, const RunOptions& options, const Finding& finding, int runs_max);

}  // namespace nbkeys::sim
