#pragma once
// What is computed at a scrape: how the engine stands, and the state of each SetupKey.

#include <cstdint>
#include <functional>

#include "base/time.h"
#include "io/facts.h"
#include "telemetry/page.h"

namespace nbkeys::telemetry {

// How the engine stands: the names of controller-runtime where they mean the same.
void write_vitals(Page& page, const io::Vitals& vitals);

// Beyond this many SetupKeys their names are left out, so that no server has to take in more
// series than it was planned for.
inline constexpr std::uint64_t kNamesMax = 20'000;

// Hands over the facts of every SetupKey, again at each call: families cannot be interleaved, and
// going over the cache once for each needs no memory.
using EachSetupKey = std::function<void(const io::SetupKeyVisitor&)>;

// `names`: one series for each SetupKey is wanted (--metrics-per-object).
void write_setup_keys(Page& page, std::uint64_t count, const EachSetupKey& each, bool names,
                      base::WallTime now);

}  // namespace nbkeys::telemetry
