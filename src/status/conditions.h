#pragma once
// Report -> conditions by the rules of kstatus: Ready always; KeyValid always; Reconciling, Stalled
// and Rotating only while true. A routine rotation sets neither Reconciling nor Ready=False.

#include <string>
#include <string_view>

#include "base/time.h"
#include "kube/setup_key.h"
#include "status/report.h"

namespace nbkeys::status {

// Puts conditions and observedGeneration into `next`. A condition keeps its transition time while
// its status stays the same.
void apply_report(const Report& report, std::int64_t generation, base::WallTime now,
                  kube::KeyStatus& next);

// The condition that tells of keys which are not known to be the SetupKey's own. apply_report
// leaves it as it is.
inline constexpr std::string_view kUnknownKeys = "UnknownKeys";
void tell_unknown_keys(Reason reason, const std::string& message, base::WallTime now,
                       kube::KeyStatus& next);
void clear_unknown_keys(kube::KeyStatus& next);

}  // namespace nbkeys::status
