#include "plugin/checks.h"

#include <algorithm>
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "engine/account_words.h"
#include "plugin/crd.h"
#include "plugin/table.h"

namespace nbkeys::plugin {
namespace {

using base::Json;

// Renewal and expiry go by these clocks; keys live at least a day.
constexpr base::Duration kSkewNoticed{5'000};
constexpr base::Duration kSkewMax{60'000};
constexpr base::Duration kSlow{1'000};

std::string milliseconds(base::Duration d) { return std::to_string(d.count()) + " ms"; }

bool established(const Json& crd) {
  const Json* conditions = base::find(crd, {"status", "conditions"});
  return conditions != nullptr &&
         std::any_of(conditions->begin(), conditions->end(), [](const Json& c) {
           return base::string_or(c, {"type"}) == "Established" &&
                  base::string_or(c, {"status"}) == "True";
         });
}

}  // namespace

std::string_view verdict_name(Verdict verdict) {
  switch (verdict) {
    case Verdict::kGood: return "ok";
    case Verdict::kWarning: return "warning";
    case Verdict::kBad: return "failed";
    case Verdict::kSkipped: return "skipped";
  }
  return "failed";
}

Check clock_check(const std::string& server, const std::optional<base::WallTime>& server_date,
                  base::WallTime answered, base::Duration took) {
  const std::string name = "clock of " + server;
  if (!server_date) return {name, Verdict::kSkipped, "the answer has no Date", ""};
  // The server's second was cut off, and the answer was on its way for about half of the time.
  const base::Duration skew =
      (*server_date + base::Duration{500}) - (answered - base::Duration{took.count() / 2});
  const base::Duration off{std::abs(skew.count())};
  if (off <= kSkewNoticed) return {name, Verdict::kGood, "agrees with this machine's", ""};
  return {name, off > kSkewMax ? Verdict::kBad : Verdict::kWarning,
          rough(off) + (skew.count() > 0 ? " ahead of" : " behind") + " this machine's",
          "keep the clocks by NTP: expiry and renewal go by them"};
}

Check latency_check(const std::string& server, base::Duration took) {
  return {"latency of " + server, took > kSlow ? Verdict::kWarning : Verdict::kGood,
          milliseconds(took), took > kSlow ? "look at the network between here and there" : ""};
}

Check crd_check(const Json& built_in_schema, const Json& crd) {
  const std::string apply = "kubectl apply -f crds/ of this version, or upgrade the chart";
  const Json* theirs = schema_of(crd);
  if (theirs == nullptr) {
    return {"CRD", Verdict::kBad, "it has no version v1alpha1 with a schema", apply};
  }
  if (!established(crd)) {
    return {"CRD", Verdict::kBad, "the server has not established it",
            "kubectl describe crd setupkeys.keys.netbird.io"};
  }
  const std::string digest = schema_digest(built_in_schema);
  const std::string difference = first_difference(built_in_schema, *theirs);
  if (difference.empty()) {
    return {"CRD", Verdict::kGood, "v1alpha1, schema " + digest + " as in this nbkeys", ""};
  }
  return {"CRD", Verdict::kBad,
          "its schema " + schema_digest(*theirs) + " is not that of this nbkeys (" + digest +
              "); first difference: " + difference,
          apply};
}

Check unopened_check(const base::Error& why) {
  switch (why.code) {
    // Nobody has said where NetBird is.
    case base::ErrorCode::kNotFound: return {"NetBird", Verdict::kSkipped, why.message, ""};
    case base::ErrorCode::kForbidden: return {"NetBird", Verdict::kWarning, why.message, ""};
    default: return {"NetBird", Verdict::kBad, why.message, "correct what it names"};
  }
}

Check token_check(const TokenFacts& token, const std::string& token_from) {
  const std::string name = "NetBird token";
  const std::string role = token.user ? token.user->role : "";
  const std::string found =
      "from " + token_from + ", " + (role.empty() ? "role unknown" : "role " + role) +
      (token.user && !token.user->name.empty() ? " (user \"" + token.user->name + "\")" : "");
  switch (token.right) {
    case netbird::WriteRight::kGranted: return {name, Verdict::kGood, found, ""};
    case netbird::WriteRight::kRefused:
      return {name, Verdict::kBad, engine::missing_right(*token.refusal, token.user),
              "the token is " + found};
    case netbird::WriteRight::kUnclear: break;
  }
  return {name, Verdict::kWarning,
          found + "; whether it may write cannot be told: " + token.refusal->message,
          "see what is between here and NetBird"};
}

bool any_bad(const std::vector<Check>& checks) {
  return std::any_of(checks.begin(), checks.end(),
                     [](const Check& c) { return c.verdict == Verdict::kBad; });
}

std::string checks_text(const std::vector<Check>& checks, const Style& style) {
  Table table({"CHECK", "RESULT", "FOUND", "WHAT TO DO"});
  for (const Check& c : checks) {
    const Paint paint = c.verdict == Verdict::kGood      ? Paint::kGood
                        : c.verdict == Verdict::kBad     ? Paint::kBad
                        : c.verdict == Verdict::kWarning ? Paint::kWarn
                                                         : Paint::kDim;
    table.add({c.name, {std::string(verdict_name(c.verdict)), paint}, c.message, c.remedy});
  }
  return table.text(style);
}

Json checks_json(const std::vector<Check>& checks) {
  Json out = Json::array();
  for (const Check& c : checks) {
    out.push_back({{"name", c.name},
                   {"result", verdict_name(c.verdict)},
                   {"message", c.message},
                   {"remedy", c.remedy}});
  }
  return {{"ok", !any_bad(checks)}, {"checks", std::move(out)}};
}

}  // namespace nbkeys::plugin
