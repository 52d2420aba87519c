#pragma once
// New keys that nobody asked for: a key or a Secret that others break is replaced, but whoever
// keeps breaking it does not get a key each time.

#include <optional>

#include "engine/rungs.h"

namespace nbkeys::engine {

// How many there were since the last quiet lifetime.
int repairs_so_far(const Observed& o);
// Why the next one has to wait; nothing where it may start, or where `reason` is none of a repair.
std::optional<Decision> wait_for_repair(const Observed& o, const std::string& reason);

}  // namespace nbkeys::engine
