#pragma once
// One function for each verb; run() prepares what they share.

#include "plugin/exit_code.h"
#include "plugin/request.h"

namespace nbkeys::plugin {

// Prints, asks and ends with the exit code. The network library's thread may still run afterwards,
// so the process is to end without static destructors.
ExitCode run(const Request& request);

ExitCode list(const Request& request);
ExitCode show_status(const Request& request);
ExitCode rotate(const Request& request);
ExitCode revoke(const Request& request);
ExitCode strays(const Request& request);
ExitCode check(const Request& request);
ExitCode render(const Request& request);
ExitCode audit(const Request& request);

}  // namespace nbkeys::plugin
