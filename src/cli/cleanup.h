#pragma once
// `nbkeys cleanup`: what the Helm chart's pre-delete Job calls before the operator is uninstalled.
// Not for people, who have `kubectl delete`.

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "plugin/helm_record.h"

namespace nbkeys::cli {

enum class CleanupPolicy {
  kRetain,  // take our finalizer off: SetupKeys, Secrets and keys at NetBird stay
  kDelete,  // delete the SetupKeys and wait until the operator has removed their keys
};

struct CleanupOptions {
  std::string kubeconfig, context;
  CleanupPolicy policy = CleanupPolicy::kRetain;
  std::vector<std::string> namespaces;  // empty: all
  std::string stop_deployment;          // in the pod's or context's namespace; empty: none
  // Only while Helm uninstalls this release; nothing: always.
  std::optional<plugin::HelmRecord> helm_record;
  base::Duration timeout{120'000};
};

struct CleanupCall {
  enum class What { kRun, kPrint, kUsageError };
  What what = What::kUsageError;
  std::string text;  // to print: help, or the line of a usage error
  CleanupOptions options;
};

bool is_cleanup_call(int argc, const char* const* argv);
CleanupCall parse_cleanup(int argc, const char* const* argv);

// Parses, runs and ends the process's work with an exit code as `plugin::ExitCode` has them: 0
// done, 2 called wrongly, 3 a server cannot be reached or refuses, 4 out of time.
int cleanup(int argc, const char* const* argv);

}  // namespace nbkeys::cli
