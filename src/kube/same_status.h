#pragma once
// Whether a status that is written would be another one than what is stored.

#include "kube/setup_key.h"

namespace nbkeys::kube {

// Compares what status_json() would write, without writing it: times count in whole seconds, and a
// binding only where it names a Secret. A Secret that was written again since (another
// resourceVersion of the same one) makes no difference.
bool same_status(const KeyStatus& a, const KeyStatus& b);

}  // namespace nbkeys::kube
