#include "fakes/yaml.h"

#include <yaml-cpp/yaml.h>

#include <regex>
#include <stdexcept>

namespace nbkeys::fakes {
namespace {

// YAML 1.2's core schema, as far as manifests use it. A quoted scalar carries the tag "!".
Json scalar(const YAML::Node& node) {
  static const std::regex kInteger("[-+]?[0-9]{1,18}");
  static const std::regex kFraction("[-+]?[0-9]+\\.[0-9]+([eE][-+]?[0-9]+)?");
  const std::string& text = node.Scalar();
  if (node.Tag() == "!") return text;
  if (text.empty() || text == "~" || text == "null") return nullptr;
  if (text == "true" || text == "false") return text == "true";
  if (std::regex_match(text, kInteger)) return std::stoll(text);
  if (std::regex_match(text, kFraction)) return std::stod(text);
  return text;
}

Json convert(const YAML::Node& node) {
  switch (node.Type()) {
    case YAML::NodeType::Undefined:
    case YAML::NodeType::Null: return nullptr;
    case YAML::NodeType::Scalar: return scalar(node);
    case YAML::NodeType::Sequence: {
      Json out = Json::array();
      for (const auto& entry : node) out.push_back(convert(entry));
      return out;
    }
    case YAML::NodeType::Map: {
      Json out = Json::object();
      for (const auto& entry : node) out[entry.first.Scalar()] = convert(entry.second);
      return out;
    }
  }
  return nullptr;
}

}  // namespace

std::vector<Json> parse_yaml(const std::string& text) {
  std::vector<Json> out;
  try {
    for (const YAML::Node& document : YAML::LoadAll(text)) {
      if (Json value = convert(document); !value.is_null()) out.push_back(std::move(value));
    }
  } catch (const YAML::Exception& error) {
    throw std::invalid_argument(error.what());
  }
  return out;
}

}  // namespace nbkeys::fakes
