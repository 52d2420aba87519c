#pragma once
// Report -> conditions by the rules of kstatus: Ready always; KeyValid always; Reconciling, Stalled
// and Rotating only while true. A routine rotation sets neither Reconciling nor Ready=False.

#include "base/time.h"
#include "kube/setup_key.h"
#include "status/report.h"

namespace nbkeys::status {

// Puts conditions and observedGeneration into `next`. A condition keeps its transition time while
// its status stays the same.
void apply_report(const Report& report, std::int64_t generation, base::WallTime now,
                  kube::KeyStatus& next);

}  // namespace nbkeys::status
