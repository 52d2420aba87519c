#include "fakes/schema.h"

#include <fstream>
#include <iterator>
#include <map>
#include <regex>
#include <stdexcept>

#include "fakes/yaml.h"

namespace nbkeys::fakes {
namespace {

// The server knows these of every object, whatever the schema says.
bool is_common(const std::string& name) {
  return name == "apiVersion" || name == "kind" || name == "metadata";
}

const std::regex& compiled(const std::string& pattern) {
  static std::map<std::string, std::regex> cache;
  const auto found = cache.find(pattern);
  if (found != cache.end()) return found->second;
  return cache.emplace(pattern, std::regex(pattern)).first->second;
}

void prune_value(const Json& schema, Json& value, bool root) {
  if (value.is_array() && schema.contains("items")) {
    for (Json& entry : value) prune_value(schema["items"], entry, false);
  }
  if (!value.is_object() || schema.contains("additionalProperties")) return;
  const Json& properties = at_path(schema, {"properties"});
  for (auto it = value.begin(); it != value.end();) {
    if (root && is_common(it.key())) {
      ++it;
    } else if (!properties.is_object() || !properties.contains(it.key())) {
      it = value.erase(it);
    } else {
      prune_value(properties[it.key()], it.value(), false);
      ++it;
    }
  }
}

void default_value(const Json& schema, Json& value) {
  if (value.is_array() && schema.contains("items")) {
    for (Json& entry : value) default_value(schema["items"], entry);
  }
  if (!value.is_object() || !schema.contains("properties")) return;
  for (const auto& [name, property] : schema["properties"].items()) {
    if (!value.contains(name) && property.contains("default")) value[name] = property["default"];
    if (value.contains(name)) default_value(property, value[name]);
  }
}

bool type_fits(const std::string& type, const Json& value) {
  if (type == "object") return value.is_object();
  if (type == "array") return value.is_array();
  if (type == "string") return value.is_string();
  if (type == "boolean") return value.is_boolean();
  if (type == "integer") return value.is_number_integer();
  if (type == "number") return value.is_number();
  return true;
}

class Validator {
 public:
  std::vector<std::string> take() { return std::move(errors_); }

  void check(const Json& schema, const Json& value, const std::string& path) {
    if (const std::string type = text_at(schema, {"type"}); !type_fits(type, value)) {
      add(path, "Invalid value: " + value.dump() + ": must be of type " + type);
      return;
    }
    if (value.is_string()) check_text(schema, value.get<std::string>(), path);
    if (value.is_number()) check_number(schema, value.get<double>(), path);
    if (value.is_array()) check_array(schema, value, path);
    if (value.is_object()) check_object(schema, value, path);
  }

 private:
  void add(const std::string& path, const std::string& message) {
    errors_.push_back(path + ": " + message);
  }

  void check_text(const Json& schema, const std::string& text, const std::string& path) {
    if (schema.contains("enum")) {
      bool found = false;
      for (const Json& allowed : schema["enum"]) found |= allowed == text;
      if (!found) add(path, "Unsupported value: \"" + text + "\"");
    }
    const auto size = static_cast<std::int64_t>(text.size());
    if (schema.contains("maxLength") && size > number_at(schema, {"maxLength"})) {
      add(path, "Too long: may not be more than " + schema["maxLength"].dump() + " bytes");
    } else if (size < number_at(schema, {"minLength"})) {
      add(path, "Invalid value: \"" + text + "\": should be at least " +
                    schema["minLength"].dump() + " chars long");
    } else if (schema.contains("pattern") &&
               !std::regex_search(text, compiled(schema["pattern"].get<std::string>()))) {
      add(path, "Invalid value: \"" + text + "\": should match '" +
                    schema["pattern"].get<std::string>() + "'");
    }
  }

  void check_number(const Json& schema, double value, const std::string& path) {
    if (schema.contains("minimum") && value < schema["minimum"].get<double>()) {
      add(path, "Invalid value: should be greater than or equal to " + schema["minimum"].dump());
    }
    if (schema.contains("maximum") && value > schema["maximum"].get<double>()) {
      add(path, "Invalid value: should be less than or equal to " + schema["maximum"].dump());
    }
  }

  void check_array(const Json& schema, const Json& value, const std::string& path) {
    if (schema.contains("maxItems") && value.size() > schema["maxItems"].get<std::size_t>()) {
      add(path, "Too many: must have at most " + schema["maxItems"].dump() + " items");
    }
    if (!schema.contains("items")) return;
    for (std::size_t i = 0; i < value.size(); ++i) {
      check(schema["items"], value[i], path + "[" + std::to_string(i) + "]");
    }
  }

  void check_object(const Json& schema, const Json& value, const std::string& path) {
    const std::string prefix = path.empty() ? "" : path + ".";
    if (schema.contains("required")) {
      for (const Json& name : schema["required"]) {
        if (!value.contains(name.get<std::string>())) {
          add(prefix + name.get<std::string>(), "Required value");
        }
      }
    }
    if (schema.contains("maxProperties") &&
        value.size() > schema["maxProperties"].get<std::size_t>()) {
      add(path, "Too many: must have at most " + schema["maxProperties"].dump() + " items");
    }
    const Json& properties = at_path(schema, {"properties"});
    const Json& additional = at_path(schema, {"additionalProperties"});
    for (const auto& [name, entry] : value.items()) {
      if (path.empty() && is_common(name)) continue;
      if (properties.is_object() && properties.contains(name)) {
        check(properties[name], entry, prefix + name);
      } else if (additional.is_object()) {
        check(additional, entry, prefix + name);
      }
    }
  }

  std::vector<std::string> errors_;
};

}  // namespace

Schema Schema::from_crd(const std::string& file) {
  std::ifstream in(file);
  if (!in) throw std::runtime_error("cannot read " + file);
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  const std::vector<Json> documents = parse_yaml(text);
  return Schema(documents.at(0).at("spec").at("versions").at(0).at("schema").at("openAPIV3Schema"));
}

void Schema::prune(Json& object) const { prune_value(root_, object, true); }

void Schema::apply_defaults(Json& object) const { default_value(root_, object); }

std::vector<std::string> Schema::validate(const Json& object) const {
  Validator validator;
  validator.check(root_, object, "");
  return validator.take();
}

}  // namespace nbkeys::fakes
