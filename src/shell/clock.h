#pragma once
// The two clocks of this process. Monotonic time goes on while the process or the machine sleeps,
// so that a replica that was stopped sees at once that its lease is over.

#include "base/time.h"

namespace nbkeys::shell {

base::Instant mono_now();
base::WallTime wall_now();
inline base::Now now() { return {mono_now(), wall_now()}; }

}  // namespace nbkeys::shell
