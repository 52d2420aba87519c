#pragma once
// What a person asked for: one verb with its flags, checked as far as flags alone can tell.

#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "plugin/helm_record.h"

namespace nbkeys::plugin {

enum class Verb { kStatus, kList, kRotate, kRevoke, kStrays, kCheck, kRender, kAudit };
enum class Format { kTable, kWide, kJson, kYaml, kMarkdown, kName };
enum class ColorChoice { kAuto, kAlways, kNever };

struct Access {
  std::string kubeconfig, context;
  std::string netbird_url, netbird_token_file, netbird_ca_file;
  bool netbird_insecure_http = false;
  std::string identity;
  std::string operator_namespace = "nbkeys-system";
};

struct Request {
  Verb verb = Verb::kList;
  Access access;
  std::string name_space;  // empty: the context's
  bool all_namespaces = false;
  std::string selector;
  std::vector<std::string> names;
  bool all = false;
  Format format = Format::kTable;
  ColorChoice color = ColorChoice::kAuto;
  bool wait = false;
  base::Duration timeout{300'000};
  bool yes = false;
  bool show_key = false;
  bool remove = false;   // strays --delete
  bool orphans = false;  // strays --delete --orphans
  base::Duration unused_after{0};
  char fail_below = 0;  // a grade, or 0
  // Of check: only where Helm has released this; nothing: always.
  std::optional<HelmRecord> helm_record;
  std::string file;  // of render; "-" is standard input
};

}  // namespace nbkeys::plugin
