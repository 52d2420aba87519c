#pragma once
// The work of `nbkeys cleanup`, bounded by its timeout.

#include "cli/cleanup.h"

namespace nbkeys::cli {

// Tells what was done on standard output, or why not in one line on standard error. Returns the
// exit code. The network library's thread may still run afterwards.
int run_cleanup(const CleanupOptions& options);

}  // namespace nbkeys::cli
