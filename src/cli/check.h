#pragma once
// The flags as they were typed, and what makes them sound: every mistake is one line that names the
// flag, the cause and the remedy.

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "cli/options.h"

namespace nbkeys::cli {

struct RawOptions {
  std::string kubeconfig, context;
  std::vector<std::string> watch_namespaces, refuse_in_secret_template;
  std::string identity;
  std::string netbird_url = "https://api.netbird.io";
  std::string netbird_token_file, netbird_ca_file;
  bool netbird_insecure_http = false;
  std::optional<int> netbird_requests_per_minute;
  int netbird_burst = 0;
  bool leader_elect = false;
  std::string lease_name = "nbkeys", lease_namespace;
  std::string lease_duration = "15s", renew_deadline = "10s", retry_period = "2s";
  std::string resync = "5m";
  int concurrency = 8;
  std::string metrics_address = ":8080";
  bool metrics_per_object = true;
  std::string log_level = "info", log_format = "text";
};

base::Result<RunOptions> check(const RawOptions& raw);

}  // namespace nbkeys::cli
