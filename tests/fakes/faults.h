#pragma once
// What goes wrong between the operator and a server: armed rules, matched against each request in
// order. Who executes them (the in-process world, the sandbox) is told what to do with the request.

#include <optional>
#include <regex>
#include <string>
#include <vector>

#include "base/time.h"
#include "fakes/json.h"
#include "io/http.h"

namespace nbkeys::fakes {

enum class FaultKind {
  kAnswer,       // not applied; answered with status and body
  kDropAnswer,   // applied; the answer is lost
  kDropRequest,  // not applied; the sender cannot know
  kUnreachable,  // not applied, and the sender knows
  kDelay,        // applied and answered after `delay`
  kKillBefore,   // the sender is killed, the request is lost
  kKillAfter,    // applied; the sender is killed before the answer
};

struct Fault {
  FaultKind kind = FaultKind::kAnswer;
  std::optional<io::Server> server;  // none: both
  std::string pattern;               // searched in "METHOD /path?query"
  int first = 1;                     // the first matching request that is hit, from 1
  int times = 1;                     // how many are hit; 0: all from then on
  int status = 500;
  std::string body;
  std::optional<base::Duration> retry_after;
  base::Duration delay{0};
  int kill_pid = 0;  // for the sandbox, which cannot know who sends
};

std::optional<Fault> fault_from_json(const Json& json);
Json fault_to_json(const Fault& fault);

class Faults {
 public:
  // Throws std::regex_error on a bad pattern.
  void add(Fault fault);
  void clear() { rules_.clear(); }
  // The fault that hits this request; counts the request for every rule that it matches.
  std::optional<Fault> strike(const io::HttpRequest& request);
  // How many requests have been hit since the last clear.
  std::size_t hits() const;

 private:
  struct Rule {
    Fault fault;
    std::regex pattern;
    int seen = 0;
    int hits = 0;
  };
  std::vector<Rule> rules_;
};

}  // namespace nbkeys::fakes
