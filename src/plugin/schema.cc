#include "plugin/schema.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <regex>
#include <utility>

#include "plugin/style.h"

namespace nbkeys::plugin {
namespace {

using base::Json;

bool is_common(const std::string& name) {
  return name == "apiVersion" || name == "kind" || name == "metadata";
}

std::string type_of(const Json& value) {
  if (value.is_null()) return "null";
  if (value.is_object()) return "object";
  if (value.is_array()) return "array";
  if (value.is_string()) return "string";
  if (value.is_boolean()) return "boolean";
  return value.is_number_integer() ? "integer" : "number";
}

bool type_fits(const std::string& type, const Json& value) {
  if (type == "number") return value.is_number();
  // 3.0 is an integer to the server, too.
  if (type == "integer" && value.is_number_float()) {
    const double number = value.get<double>();
    return std::abs(number) < 9e15 && number == std::trunc(number);
  }
  return type.empty() || type == type_of(value);
}

class Checker {
 public:
  std::vector<Finding> take() { return std::move(found_); }

  void check(const Json& schema, const Json& value, const std::string& path) {
    const std::string type = base::string_or(schema, {"type"});
    if (!type_fits(type, value)) {
      const std::string is = "\"" + type_of(value) + "\"";
      return block(path, "Invalid value: " + is + ": " + path + " in body must be of type " + type +
                             ": " + is);
    }
    check_enum(schema, value, path);
    if (const auto* text = value.get_ptr<const std::string*>()) check_text(schema, *text, path);
    if (value.is_number()) check_number(schema, value, path);
    if (value.is_array()) check_array(schema, value, path);
    if (value.is_object()) check_object(schema, value, path);
  }

 private:
  void add(const std::string& path, std::string message) {
    found_.push_back({path, std::move(message), false});
  }
  void block(const std::string& path, std::string message) {
    found_.push_back({path, std::move(message), true});
  }
  void add_invalid(const std::string& path, const Json& value, const std::string& cause) {
    add(path, "Invalid value: " + base::dump_json(value) + ": " + path + " in body " + cause);
  }

  void check_enum(const Json& schema, const Json& value, const std::string& path) {
    const Json* allowed = base::find(schema, {"enum"});
    if (allowed == nullptr || !allowed->is_array()) return;
    if (std::find(allowed->begin(), allowed->end(), value) != allowed->end()) return;
    std::string list;
    for (const Json& each : *allowed) list += (list.empty() ? "" : ", ") + base::dump_json(each);
    add(path, "Unsupported value: " + base::dump_json(value) + ": supported values: " + list);
  }

  void check_text(const Json& schema, const std::string& text, const std::string& path) {
    const auto length = static_cast<std::int64_t>(width_of(text));
    const auto most = base::int_at(schema, {"maxLength"});
    if (most && length > *most) {
      return block(path, "Too long: may not be more than " + std::to_string(*most) + " bytes");
    }
    const auto least = base::int_at(schema, {"minLength"});
    if (least && length < *least) {
      add_invalid(path, text, "should be at least " + std::to_string(*least) + " chars long");
    }
    const auto pattern = base::string_at(schema, {"pattern"});
    // Only texts whose length is bounded reach the matcher, because it recurses.
    if (pattern && !std::regex_search(text, std::regex(*pattern))) {
      add_invalid(path, text, "should match '" + *pattern + "'");
    }
  }

  void check_number(const Json& schema, const Json& value, const std::string& path) {
    const auto number = value.get<double>();
    const auto least = base::int_at(schema, {"minimum"});
    if (least && number < static_cast<double>(*least)) {
      add_invalid(path, value, "should be greater than or equal to " + std::to_string(*least));
    }
    const auto most = base::int_at(schema, {"maximum"});
    if (most && number > static_cast<double>(*most)) {
      add_invalid(path, value, "should be less than or equal to " + std::to_string(*most));
    }
  }

  void check_size(const Json& schema, const char* bound, const Json& value,
                  const std::string& path) {
    const auto most = base::int_at(schema, {bound});
    if (!most || static_cast<std::int64_t>(value.size()) <= *most) return;
    block(path, "Too many: " + std::to_string(value.size()) + ": must have at most " +
                    std::to_string(*most) + " items");
  }

  void check_array(const Json& schema, const Json& value, const std::string& path) {
    check_size(schema, "maxItems", value, path);
    const Json* items = base::find(schema, {"items"});
    if (items == nullptr) return;
    for (std::size_t i = 0; i < value.size(); ++i) {
      check(*items, value[i], path + "[" + std::to_string(i) + "]");
    }
  }

  void check_object(const Json& schema, const Json& value, const std::string& path) {
    const std::string prefix = path.empty() ? "" : path + ".";
    check_size(schema, "maxProperties", value, path);
    if (const Json* required = base::find(schema, {"required"}); required != nullptr) {
      for (const Json& name : *required) {
        const auto* text = name.get_ptr<const std::string*>();
        if (text != nullptr && !value.contains(*text)) block(prefix + *text, "Required value");
      }
    }
    const Json* properties = base::find(schema, {"properties"});
    const Json* additional = base::find(schema, {"additionalProperties"});
    for (auto it = value.begin(); it != value.end(); ++it) {
      if (path.empty() && is_common(it.key())) continue;
      const std::string inside = prefix + it.key();
      if (properties != nullptr && properties->contains(it.key())) {
        check((*properties)[it.key()], *it, inside);
      } else if (additional != nullptr && additional->is_object()) {
        check(*additional, *it, inside);
      } else {
        add(inside, "unknown field \"" + inside + "\"");
      }
    }
  }

  std::vector<Finding> found_;
};

}  // namespace

void apply_defaults(const Json& schema, Json& value) {
  if (value.is_array()) {
    const Json* items = base::find(schema, {"items"});
    if (items == nullptr) return;
    for (Json& entry : value) apply_defaults(*items, entry);
  }
  const Json* properties = base::find(schema, {"properties"});
  if (!value.is_object() || properties == nullptr) return;
  for (auto it = properties->begin(); it != properties->end(); ++it) {
    const Json* preset = base::find(*it, {"default"});
    // An explicit null counts as left out where there is a default.
    const bool absent = !value.contains(it.key()) || value[it.key()].is_null();
    if (preset != nullptr && absent) value[it.key()] = *preset;
    if (value.contains(it.key())) apply_defaults(*it, value[it.key()]);
  }
}

std::vector<Finding> check_structure(const Json& schema, const Json& value) {
  Checker checker;
  checker.check(schema, value, "");
  return checker.take();
}

}  // namespace nbkeys::plugin
