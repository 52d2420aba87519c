#pragma once
// Caches and flight -> Observed, for one SetupKey. The only reader of the caches for decide.

#include "engine/observed.h"
#include "engine/world.h"

namespace nbkeys::engine {

// Drops what this process held or claimed for a state that is no more; remembers since when the key
// in use is known. To be called before observe.
void settle_flight(const kube::SetupKey& resource, base::Instant now, Flight& flight);

// Drops what status says as well, to be small while at rest.
void slim(const kube::SetupKey& resource, Flight& flight);

Observed observe(const World& world, const kube::SetupKey& resource, const Flight& flight,
                 const std::string& owner, base::Now now);

}  // namespace nbkeys::engine
