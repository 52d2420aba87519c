#include "fakes/faults.h"

#include <utility>

namespace nbkeys::fakes {
namespace {

constexpr std::pair<FaultKind, const char*> kNames[] = {
    {FaultKind::kAnswer, "answer"},
    {FaultKind::kDropAnswer, "drop-answer"},
    {FaultKind::kDropRequest, "drop-request"},
    {FaultKind::kUnreachable, "unreachable"},
    {FaultKind::kDelay, "delay"},
    {FaultKind::kKillBefore, "kill-before"},
    {FaultKind::kKillAfter, "kill-after"},
};

}  // namespace

std::optional<Fault> fault_from_json(const Json& json) {
  Fault out;
  bool known = false;
  for (const auto& [kind, name] : kNames) {
    if (text_at(json, {"kind"}) != name) continue;
    out.kind = kind;
    known = true;
  }
  out.pattern = text_at(json, {"pattern"});
  if (!known || out.pattern.empty()) return std::nullopt;
  const std::string server = text_at(json, {"server"});
  if (server == "kube") out.server = io::Server::kKube;
  if (server == "netbird") out.server = io::Server::kNetBird;
  out.first = json.value("first", 1);
  out.times = json.value("times", 1);
  out.status = json.value("status", 500);
  out.body = json.value("body", "");
  out.delay = base::Duration{json.value("delay_ms", std::int64_t{0})};
  out.kill_pid = json.value("kill_pid", 0);
  if (json.contains("retry_after_s")) {
    out.retry_after = base::Duration{1000 * json["retry_after_s"].get<std::int64_t>()};
  }
  return out;
}

Json fault_to_json(const Fault& fault) {
  Json out = {{"pattern", fault.pattern},  {"first", fault.first},
              {"times", fault.times},      {"status", fault.status},
              {"body", fault.body},        {"delay_ms", fault.delay.count()},
              {"kill_pid", fault.kill_pid}};
  for (const auto& [kind, name] : kNames) {
    if (kind == fault.kind) out["kind"] = name;
  }
  if (fault.server) out["server"] = *fault.server == io::Server::kKube ? "kube" : "netbird";
  if (fault.retry_after) out["retry_after_s"] = fault.retry_after->count() / 1000;
  return out;
}

void Faults::add(Fault fault) {
  std::regex pattern(fault.pattern);
  rules_.push_back({std::move(fault), std::move(pattern)});
}

std::optional<Fault> Faults::strike(const io::HttpRequest& request) {
  if (rules_.empty()) return std::nullopt;
  const std::string line = std::string(io::method_name(request.method)) + " " + request.path;
  std::optional<Fault> out;
  for (Rule& rule : rules_) {
    if (rule.fault.server && *rule.fault.server != request.server) continue;
    if (!std::regex_search(line, rule.pattern)) continue;
    ++rule.seen;
    const bool due = rule.seen >= rule.fault.first &&
                     (rule.fault.times == 0 || rule.seen < rule.fault.first + rule.fault.times);
    if (!due || out) continue;
    ++rule.hits;
    out = rule.fault;
  }
  return out;
}

std::size_t Faults::hits() const {
  std::size_t out = 0;
  for (const Rule& rule : rules_) out += static_cast<std::size_t>(rule.hits);
  return out;
}

}  // namespace nbkeys::fakes
