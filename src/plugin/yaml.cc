#include "plugin/yaml.h"

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>
#include <optional>
#include <string_view>
#include <utility>

namespace nbkeys::plugin {
namespace {

using Json = nlohmann::json;

// No manifest comes near; a few aliases of aliases go far beyond.
constexpr std::size_t kNodesMax = 200'000;
constexpr int kDepthMax = 64;

struct Refused {
  int line = 0;
  std::string cause;
};

bool one_of(std::string_view text, std::initializer_list<std::string_view> words) {
  return std::find(words.begin(), words.end(), text) != words.end();
}

std::optional<Json> number(const std::string& text) {
  const std::string_view digits = text.starts_with('+') ? std::string_view(text).substr(1) : text;
  const char* begin = digits.data();
  const char* end = begin + digits.size();
  if (std::int64_t whole = 0; true) {
    const auto [at, error] = std::from_chars(begin, end, whole);
    if (at == end && error == std::errc{}) return Json(whole);
  }
  const bool numeric = digits.find_first_not_of("0123456789.eE+-") == std::string_view::npos &&
                       digits.find_first_of("0123456789") != std::string_view::npos;
  if (double fraction = 0; numeric) {
    const auto [at, error] = std::from_chars(begin, end, fraction);
    if (at == end && error == std::errc{}) return Json(fraction);
  }
  return std::nullopt;
}

// YAML 1.1's words for booleans, as kubectl's reader takes them. A quoted scalar has the tag "!".
Json scalar(const YAML::Node& node) {
  const std::string& text = node.Scalar();
  if (one_of(node.Tag(), {"!", "tag:yaml.org,2002:str"})) return text;
  if (one_of(text, {"", "~", "null", "Null", "NULL"})) return nullptr;
  if (one_of(text, {"true", "True", "TRUE", "yes", "Yes", "YES", "on", "On", "ON", "y", "Y"})) {
    return true;
  }
  if (one_of(text, {"false", "False", "FALSE", "no", "No", "NO", "off", "Off", "OFF", "n", "N"})) {
    return false;
  }
  if (auto value = number(text)) return *value;
  return text;
}

class Reader {
 public:
  Json convert(const YAML::Node& node, int depth) {
    if (++nodes_ > kNodesMax) refuse(node, "it holds too much, maybe through aliases");
    if (depth > kDepthMax) refuse(node, "it is nested too deeply");
    if (node.IsSequence()) {
      Json out = Json::array();
      for (const YAML::Node& entry : node) out.push_back(convert(entry, depth + 1));
      return out;
    }
    if (!node.IsMap()) return node.IsScalar() ? scalar(node) : Json(nullptr);
    Json out = Json::object();
    for (const auto& entry : node) {
      if (!entry.first.IsScalar()) refuse(entry.first, "a key is no text");
      const std::string& key = entry.first.Scalar();
      if (out.contains(key)) refuse(entry.first, "the key \"" + key + "\" is there twice");
      out[key] = convert(entry.second, depth + 1);
    }
    return out;
  }

 private:
  [[noreturn]] static void refuse(const YAML::Node& node, std::string cause) {
    throw Refused{node.Mark().line + 1, std::move(cause)};
  }

  std::size_t nodes_ = 0;
};

}  // namespace

base::Result<std::vector<Json>> parse_yaml(const std::string& text) {
  const auto bad = [](int line, const std::string& cause) {
    return base::Error{base::ErrorCode::kInvalidInput, "read YAML",
                       "line " + std::to_string(line) + ": " + cause};
  };
  std::vector<Json> out;
  try {
    Reader reader;
    for (const YAML::Node& document : YAML::LoadAll(text)) {
      if (Json value = reader.convert(document, 0); !value.is_null()) {
        out.push_back(std::move(value));
      }
    }
  } catch (const Refused& refused) {
    return bad(refused.line, refused.cause);
  } catch (const YAML::Exception& problem) {
    return bad(problem.mark.line + 1, problem.msg);
  }
  return out;
}

}  // namespace nbkeys::plugin
