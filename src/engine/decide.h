#pragma once
// decide: everything known about one SetupKey to one decision. All policy is in here and in the
// rungs that it calls; it does no I/O and has no memory.

#include "engine/action.h"
#include "engine/observed.h"

namespace nbkeys::engine {

Decision decide(const Observed& o);

// Gives a new claim its ticket, before it is sent. `word`: drawn for it alone.
void draw_ticket(Claim& claim, const Observed& o, kube::TicketWord word);

}  // namespace nbkeys::engine
