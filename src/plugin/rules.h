#pragma once
// The CRD's CEL rules in C++. Each is found by its message, and carries the digest of the CEL text
// that it was written for: a test fails where the CRD has a rule that is unknown here or has
// changed.

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "plugin/schema.h"

namespace nbkeys::plugin {

struct Rule {
  std::string_view name;
  std::string_view message_begins;
  std::string_view cel_digest;  // first 12 hex digits of its SHA-256
  // `before` is null except in an update; rules that need it hold where it is null.
  bool (*holds)(const base::Json& self, const base::Json* before);
  // What goes behind the message where the rule does not hold; null: nothing.
  std::string (*detail)(const base::Json& self) = nullptr;
};

// Null where there is no rule of that message.
const Rule* find_rule(std::string_view message);
std::vector<Rule> all_rules();

// REQUIRES: check_structure() found nothing that blocks the rules
std::vector<Finding> check_rules(const base::Json& schema, const base::Json& value,
                                 const base::Json* before);

}  // namespace nbkeys::plugin
