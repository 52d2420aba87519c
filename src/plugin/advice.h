#pragma once
// What to do now, for every reason that a SetupKey can show. Pure.

#include <string>
#include <vector>

#include "base/time.h"
#include "kube/setup_key.h"

namespace nbkeys::plugin {

// At least one line.
std::vector<std::string> advice_for(const kube::SetupKey& resource, base::WallTime now);

}  // namespace nbkeys::plugin
