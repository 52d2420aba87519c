#pragma once
// The flags of `nbkeys run` with their environment twins, parsed and checked. No file is read here.

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "engine/options.h"
#include "io/command.h"
#include "shell/url.h"
#include "telemetry/line.h"

namespace nbkeys::cli {

struct RunOptions {
  std::string kubeconfig, context;
  shell::Url netbird_url;
  std::string netbird_token_file, netbird_ca_file;
  std::string metrics_address = ":8080";
  bool metrics_per_object = true;
  io::Severity log_level = io::Severity::kInfo;
  telemetry::Format log_format = telemetry::Format::kText;
  // As the engine takes it, except for what is only known later: the lease's namespace where no
  // flag gives it, the identity and the seed.
  engine::Options engine;
};

struct Parsed {
  enum class What { kRun, kPrint, kUsageError };
  What what = What::kUsageError;
  std::string text;  // to print: help or version, or the line of a usage error
  RunOptions run;
};

Parsed parse(int argc, const char* const* argv);

}  // namespace nbkeys::cli
