#pragma once
// How a verb ends, for scripts: the numbers are documented in README and never change their
// meaning.

namespace nbkeys::plugin {

enum class ExitCode {
  kOk = 0,           // done, or the answer is yes
  kFindings = 1,     // the answer is no: not ready, not found, refused, something was found
  kUsage = 2,        // called wrongly
  kUnreachable = 3,  // a server cannot be reached, refuses us, or there is no way to it
  kTimedOut = 4,     // --wait ran out of time
};

}  // namespace nbkeys::plugin
