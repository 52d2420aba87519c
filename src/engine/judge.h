#pragma once
// What to tell the user about the key in use, and about what holds things up. Pure; all message
// texts are here. No text holds a number that changes by itself, or each look would be a write.

#include <string>

#include "engine/observed.h"
#include "engine/rotate.h"
#include "status/report.h"

namespace nbkeys::engine {

// The report at rest: what the key in use is worth.
status::Report judge(const Observed& o);

// The report while something is in the way. A transient cause does not take Ready from a key that
// is known to be good; a cause that only a person can remove does.
status::Report held_up(const Observed& o, status::Reason reason, std::string message,
                       status::Progress progress);
// Likewise where a request of the SetupKey failed the last time.
status::Report held_up_by(const Observed& o, const Trouble& trouble);
// Not every hiccup is news: what was refused is at once, what was not answered after some tries.
bool worth_telling(const Trouble& trouble);
// Likewise where the account is the cause.
status::Report held_up_by_account(const Observed& o);

// While a key is being issued.
status::Report issuing(const Observed& o, const std::string& reason);

// A peer can enrol with the key in use now, as far as the last list tells.
bool key_usable(const Observed& o);
// A one-off key that has enrolled its peer has done its work.
bool spent(const Observed& o, const cache::MarkedKey& key);

}  // namespace nbkeys::engine
