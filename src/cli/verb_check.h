#pragma once
// A verb's flags as they were typed, and what makes them sound: every mistake is one line that
// names the flag, the cause and the remedy.

#include <map>
#include <string>
#include <vector>

#include "base/result.h"
#include "plugin/request.h"

namespace nbkeys::cli {

struct RawVerb {
  plugin::Request request;
  std::string output, color = "auto", timeout = "5m", unused_after = "90d", fail_below, helm_record;
  std::map<std::string, std::vector<std::string>>
      formats;  // of each verb; the first is its default
};

base::Result<plugin::Request> check_verb(const RawVerb& raw, const std::string& verb);

}  // namespace nbkeys::cli
