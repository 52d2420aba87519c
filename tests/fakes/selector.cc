#include "fakes/selector.h"

namespace nbkeys::fakes {

std::optional<Selector> Selector::parse(const std::string& text) {
  Selector out;
  std::size_t start = 0;
  while (start < text.size()) {
    std::size_t end = text.find(',', start);
    if (end == std::string::npos) end = text.size();
    const std::string part = text.substr(start, end - start);
    start = end + 1;
    if (part.find_first_of(" ()") != std::string::npos) return std::nullopt;
    if (part.empty()) continue;
    const std::size_t equals = part.find('=');
    if (equals == std::string::npos) {
      const bool missing = part[0] == '!';
      out.terms_.push_back(
          {part.substr(missing ? 1 : 0), missing ? Operator::kMissing : Operator::kExists, ""});
      continue;
    }
    const bool differs = equals > 0 && part[equals - 1] == '!';
    const bool doubled = equals + 1 < part.size() && part[equals + 1] == '=';
    out.terms_.push_back({part.substr(0, differs ? equals - 1 : equals),
                          differs ? Operator::kDiffers : Operator::kEquals,
                          part.substr(equals + (doubled ? 2 : 1))});
  }
  return out;
}

bool Selector::holds(const Term& term, const Json& found) {
  switch (term.op) {
    case Operator::kExists: return found.is_string();
    case Operator::kMissing: return !found.is_string();
    case Operator::kEquals: return found.is_string() && found == term.value;
    case Operator::kDiffers: return !found.is_string() || found != term.value;
  }
  return false;
}

bool Selector::matches_labels(const Json& object) const {
  for (const Term& term : terms_) {
    if (!holds(term, at_path(object, {"metadata", "labels", term.name}))) return false;
  }
  return true;
}

bool Selector::matches_fields(const Json& object) const {
  for (const Term& term : terms_) {
    const Json* at = &object;
    std::size_t start = 0;
    while (start <= term.name.size()) {
      std::size_t end = term.name.find('.', start);
      if (end == std::string::npos) end = term.name.size();
      at = &at_path(*at, {term.name.substr(start, end - start)});
      start = end + 1;
    }
    if (!holds(term, *at)) return false;
  }
  return true;
}

}  // namespace nbkeys::fakes
