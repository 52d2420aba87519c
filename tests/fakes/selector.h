#pragma once
// Label and field selectors of list and watch requests.

#include <optional>
#include <string>
#include <vector>

#include "fakes/json.h"

namespace nbkeys::fakes {

class Selector {
 public:
  // Nothing where the text uses a form that is not supported: `in (...)`, `notin (...)`.
  static std::optional<Selector> parse(const std::string& text);

  bool matches_labels(const Json& object) const;
  // Field names are paths: "metadata.name".
  bool matches_fields(const Json& object) const;
  bool empty() const { return terms_.empty(); }

 private:
  enum class Operator { kExists, kMissing, kEquals, kDiffers };
  struct Term {
    std::string name;
    Operator op = Operator::kExists;
    std::string value;
  };

  static bool holds(const Term& term, const Json& found);

  std::vector<Term> terms_;
};

}  // namespace nbkeys::fakes
