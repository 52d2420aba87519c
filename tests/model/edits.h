#pragma once
// What people do to the objects and to the keys, within the budget.

#include <string>
#include <utility>
#include <vector>

#include "model/walk.h"

namespace nbkeys::model {

std::vector<std::pair<State, std::string>> edits(const State& from, unsigned allowed);

}  // namespace nbkeys::model
