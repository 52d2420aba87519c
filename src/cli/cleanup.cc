#include "cli/cleanup.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <utility>

#include "cli/cleanup_run.h"
#include "cli/harden.h"
#include "kube/meta.h"

namespace nbkeys::cli {
namespace {

constexpr const char* kHelp = "nbkeys cleanup --help";
constexpr base::Duration kTimeoutMin{1'000}, kTimeoutMax{3'600'000};

CleanupCall usage_error(std::string text) {
  std::replace(text.begin(), text.end(), '\n', ' ');
  while (text.ends_with(' ') || text.ends_with('.')) text.pop_back();
  return {CleanupCall::What::kUsageError, text + "; see: " + kHelp, {}};
}

// Names become parts of paths, so only what Kubernetes takes as a name goes on.
bool is_name(const std::string& text) { return !text.empty() && kube::is_object_name(text); }

}  // namespace

bool is_cleanup_call(int argc, const char* const* argv) {
  return argc > 1 && std::string_view(argv[1]) == "cleanup";
}

CleanupCall parse_cleanup(int argc, const char* const* argv) {
  CLI::App app{"Look after SetupKeys before the operator is uninstalled; for the Helm chart.",
               "nbkeys cleanup"};
  CleanupOptions out;
  std::string policy, timeout = "120s", helm_record;
  app.add_option("--policy", policy,
                 "retain: take the operator's finalizer off, all else stays; delete: delete all "
                 "SetupKeys and wait until their keys are gone")
      ->required()
      ->type_name("POLICY");
  app.add_option("--watch-namespace", out.namespaces, "only this namespace; may be repeated")
      ->type_name("NAME")
      ->allow_extra_args(false);
  app.add_option("--stop-deployment", out.stop_deployment,
                 "scale this Deployment of the own namespace to 0 first and wait for its pods")
      ->type_name("NAME");
  app.add_option("--helm-record", helm_record,
                 "do nothing unless Helm is uninstalling the release whose record this Secret or a "
                 "later one of it is; without it, it is taken for granted")
      ->type_name("NAMESPACE/NAME");
  app.add_option("--timeout", timeout, "how long all of it may take")
      ->type_name("DURATION")
      ->capture_default_str();
  app.add_option("--kubeconfig", out.kubeconfig,
                 "kubeconfig file; without it KUBECONFIG, else the pod's own ServiceAccount")
      ->envname("NBKEYS_KUBECONFIG")
      ->type_name("FILE");
  app.add_option("--context", out.context, "context of the kubeconfig")->type_name("NAME");
  try {
    app.parse(argc - 1, argv + 1);
  } catch (const CLI::CallForHelp&) {
    return {CleanupCall::What::kPrint, app.help(), {}};
  } catch (const CLI::ParseError& problem) {
    return usage_error(problem.what());
  }
  if (policy != "retain" && policy != "delete") {
    return usage_error("--policy: '" + policy + "' is neither retain nor delete");
  }
  out.policy = policy == "retain" ? CleanupPolicy::kRetain : CleanupPolicy::kDelete;
  if (out.policy == CleanupPolicy::kDelete && !out.stop_deployment.empty()) {
    return usage_error(
        "--stop-deployment: with --policy delete the operator must run, for it removes the keys");
  }
  if (!helm_record.empty()) {
    auto record = plugin::parse_helm_record(helm_record);
    if (!record) return usage_error("--helm-record: " + record.error().message);
    out.helm_record = std::move(*record);
  }
  const auto duration = base::parse_duration(timeout);
  if (!duration || *duration < kTimeoutMin || *duration > kTimeoutMax) {
    return usage_error("--timeout: '" + timeout + "' is not a duration from 1s to 1h");
  }
  out.timeout = *duration;
  for (const std::string& name : out.namespaces) {
    if (!is_name(name)) {
      return usage_error("--watch-namespace: '" + name + "' is not the name of a namespace");
    }
  }
  if (!out.stop_deployment.empty() && !is_name(out.stop_deployment)) {
    return usage_error("--stop-deployment: '" + out.stop_deployment +
                       "' is not the name of a Deployment");
  }
  return {CleanupCall::What::kRun, "", std::move(out)};
}

int cleanup(int argc, const char* const* argv) {
  const CleanupCall call = parse_cleanup(argc, argv);
  switch (call.what) {
    case CleanupCall::What::kPrint: return std::puts(call.text.c_str()) >= 0 ? 0 : 1;
    case CleanupCall::What::kUsageError:
      std::fprintf(stderr, "nbkeys: %s\n", call.text.c_str());
      return 2;
    case CleanupCall::What::kRun: break;
  }
  harden_process();
  return run_cleanup(call.options);
}

}  // namespace nbkeys::cli
