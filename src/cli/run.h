#pragma once
// `nbkeys run`: puts the process together and keeps it until it should end.

#include "cli/options.h"

namespace nbkeys::cli {

// Returns only where the start failed, with the exit code; a process that ran ends by _exit,
// because library threads may still be at work.
int run_operator(const RunOptions& options);

}  // namespace nbkeys::cli
