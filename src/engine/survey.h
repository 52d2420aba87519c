#pragma once
// Reads for metrics, made when a scrape asks: nothing is kept for them.

#include "engine/world.h"
#include "io/facts.h"

namespace nbkeys::engine {

// In the order of namespace and name, the same at each call while nothing changes.
void each_setup_key(const World& world, const io::SetupKeyVisitor& visit);

io::AccountKeys count_account_keys(const World& world);

}  // namespace nbkeys::engine
