#pragma once
// Whether Helm itself is at work. Hooks are applied like anything else by who renders a chart
// without honouring them, so what a hook does is done only where Helm's own record of the release,
// a Secret for each revision, says that it is meant. Helm stores that before it makes a hook.

#include <cstdint>
#include <string>
#include <string_view>

#include "base/json.h"
#include "base/result.h"
#include "plugin/link.h"

namespace nbkeys::plugin {

struct HelmRecord {
  std::string name_space;
  std::string stem;            // "sh.helm.release.v1.NAME.v"
  std::uint32_t revision = 0;  // that the hook was rendered in
};
// NAMESPACE/sh.helm.release.v1.NAME.vREVISION
base::Result<HelmRecord> parse_helm_record(std::string_view text);

enum class HelmWork {
  kNone,  // no record: rendered without Helm, or its records are no Secrets
  kReleased,
  kUninstalling,
};
HelmWork work_in(const base::Json& record);

// A release that was rolled back has the hooks of an earlier revision: so many later records are
// looked at as well. Each by its name, as the right to list would be one to read every Secret.
inline constexpr std::uint32_t kHelmRecordsMax = 32;
base::Result<HelmWork> read_helm_work(Link& kube, const HelmRecord& first);

}  // namespace nbkeys::plugin
