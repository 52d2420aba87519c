#include "plugin/yaml_text.h"

#include <algorithm>
#include <cctype>
#include <nlohmann/json.hpp>
#include <string_view>

#include "base/json.h"

namespace nbkeys::plugin {
namespace {

using base::Json;

// A text that every YAML reader takes for itself and not for a number, a boolean, a date or markup.
// Digits at the start and all that looks like a word of YAML 1.1 are quoted: better once too often.
bool plain(const std::string& text) {
  if (text.empty() || text.size() > 200) return false;
  const auto first = static_cast<unsigned char>(text.front());
  if (std::isalpha(first) == 0 && first != '/') return false;
  if (text.back() == ' ' || text.back() == ':') return false;
  const auto fine = [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 ||
           std::string_view(" -_./+(),;=@%").find(c) != std::string_view::npos;
  };
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool colon_inside = text[i] == ':' && i + 1 < text.size() && text[i + 1] != ' ';
    if (!fine(text[i]) && !colon_inside) return false;
  }
  std::string lower = text;
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  constexpr std::string_view kWords[] = {"true", "false", "yes", "no", "on",
                                         "off",  "null",  "y",   "n"};
  return std::find(std::begin(kWords), std::end(kWords), lower) == std::end(kWords);
}

std::string scalar(const Json& value) {
  const auto* text = value.get_ptr<const std::string*>();
  // JSON's own notation is valid YAML for all that is not plain.
  return text != nullptr && plain(*text) ? *text : base::dump_json(value);
}

std::string key_text(const std::string& key) { return plain(key) ? key : base::dump_json(key); }

bool holds_more(const Json& value) { return value.is_structured() && !value.empty(); }

void put(const Json& value, std::size_t indent, std::string& out);

void put_map(const Json& map, std::size_t indent, bool first_in_line, std::string& out) {
  for (auto it = map.begin(); it != map.end(); ++it) {
    if (!first_in_line) out.append(indent, ' ');
    first_in_line = false;
    out += key_text(it.key()) + ":";
    if (!holds_more(*it)) {
      out += " " + scalar(*it) + "\n";
      continue;
    }
    out += "\n";
    // Lists stand at the column of their key, as kubectl writes them.
    put(*it, it->is_array() ? indent : indent + 2, out);
  }
}

void put(const Json& value, std::size_t indent, std::string& out) {
  if (value.is_object() && !value.empty()) return put_map(value, indent, false, out);
  if (!value.is_array() || value.empty()) {
    out.append(indent, ' ');
    out += scalar(value) + "\n";
    return;
  }
  for (const Json& entry : value) {
    out.append(indent, ' ');
    if (entry.is_object() && !entry.empty()) {
      out += "- ";
      put_map(entry, indent + 2, true, out);
    } else if (holds_more(entry)) {
      out += "-\n";
      put(entry, indent + 2, out);
    } else {
      out += "- " + scalar(entry) + "\n";
    }
  }
}

}  // namespace

std::string to_yaml(const Json& value) {
  std::string out;
  put(value, 0, out);
  return out;
}

}  // namespace nbkeys::plugin
