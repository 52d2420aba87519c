#pragma once
// What `check` has found out, one line each, and what follows from bare facts. Pure.

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/time.h"
#include "plugin/account.h"
#include "plugin/style.h"

namespace nbkeys::plugin {

enum class Verdict { kGood, kWarning, kBad, kSkipped };
std::string_view verdict_name(Verdict verdict);

struct Check {
  std::string name;
  Verdict verdict = Verdict::kGood;
  std::string message;
  std::string remedy;  // empty where nothing is to be done
};

// How far the server's clock is from ours; servers tell whole seconds only.
Check clock_check(const std::string& server, const std::optional<base::WallTime>& server_date,
                  base::WallTime answered, base::Duration took);
Check latency_check(const std::string& server, base::Duration took);

// `crd` as the cluster has it.
Check crd_check(const base::Json& built_in_schema, const base::Json& crd);

// NetBird could not be asked: `why` as open_netbird says it.
Check unopened_check(const base::Error& why);
Check token_check(const TokenFacts& token, const std::string& token_from);

bool any_bad(const std::vector<Check>& checks);
std::string checks_text(const std::vector<Check>& checks, const Style& style);
nlohmann::json checks_json(const std::vector<Check>& checks);

}  // namespace nbkeys::plugin
