#pragma once
// The mixes of trouble that are walked, and how what was found is written down.

#include <string>
#include <vector>

#include "model/walk.h"

namespace nbkeys::model {

std::vector<Plan> plans();
// Smaller ones, which between them catch every mutation.
std::vector<Plan> mutation_plans();
// With a copy of the cluster, or another account: for the mutations that only those show.
std::vector<Plan> mutation_plans_beside();
std::string describe(const Plan& plan, const Finding& found);
std::string trace_text(const Finding& found);

}  // namespace nbkeys::model
