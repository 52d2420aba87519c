#include "base/json.h"

#include <limits>
#include <nlohmann/json.hpp>
#include <utility>

namespace nbkeys::base {
namespace {

// Beyond what both APIs send: a list of 100,000 keys has 1,700,000 values, and nothing nests deeper
// than managedFields.
constexpr std::size_t kDepthMax = 64, kValuesMax = 3'000'000;

// A parsed value takes up to 60 times the memory of its text ("[[],[],[]..."), so what is hostile
// is told from the text alone.
bool within_bounds(std::string_view text) {
  std::size_t depth = 0, values = 1;
  bool in_string = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string) {
      if (c == '\\') ++i;
      in_string = c != '"';
    } else if (c == '"') {
      in_string = true;
    } else if (c == '[' || c == '{') {
      ++values;
      if (++depth > kDepthMax) return false;
    } else if (c == ']' || c == '}') {
      if (depth > 0) --depth;
    } else if (c == ',') {
      ++values;
    }
  }
  return values <= kValuesMax;
}

}  // namespace

Result<Json> parse_json(std::string_view text, std::string_view step, std::string_view skipped) {
  if (!within_bounds(text)) {
    return Error{ErrorCode::kMalformed, std::string(step), "the answer has too many values"};
  }
  Json::parser_callback_t keep;
  if (!skipped.empty()) {
    keep = [skipped](int, Json::parse_event_t event, Json& value) {
      if (event != Json::parse_event_t::key) return true;
      return *value.get_ptr<const std::string*>() != skipped;
    };
  }
  Json parsed = Json::parse(text.begin(), text.end(), std::move(keep), /*allow_exceptions=*/false);
  if (parsed.is_discarded()) {
    return Error{ErrorCode::kMalformed, std::string(step), "the answer is not JSON"};
  }
  return parsed;
}

std::string dump_json(const Json& value) {
  return value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

const Json* find(const Json& value, std::initializer_list<std::string_view> path) {
  const Json* at = &value;
  for (const std::string_view key : path) {
    if (!at->is_object()) return nullptr;
    const auto found = at->find(key);
    if (found == at->end()) return nullptr;
    at = &*found;
  }
  return at;
}

std::optional<std::string> string_at(const Json& value,
                                     std::initializer_list<std::string_view> path) {
  const Json* at = find(value, path);
  if (at == nullptr || !at->is_string()) return std::nullopt;
  return *at->get_ptr<const std::string*>();
}

std::string string_or(const Json& value, std::initializer_list<std::string_view> path,
                      std::string_view fallback) {
  auto found = string_at(value, path);
  return found ? std::move(*found) : std::string(fallback);
}

std::optional<std::int64_t> int_at(const Json& value,
                                   std::initializer_list<std::string_view> path) {
  const Json* at = find(value, path);
  if (at == nullptr || !at->is_number_integer()) return std::nullopt;
  if (const auto* big = at->get_ptr<const Json::number_unsigned_t*>()) {
    constexpr auto kMax = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
    if (*big > kMax) return std::nullopt;
    return static_cast<std::int64_t>(*big);
  }
  return *at->get_ptr<const Json::number_integer_t*>();
}

bool bool_or(const Json& value, std::initializer_list<std::string_view> path, bool fallback) {
  const Json* at = find(value, path);
  if (at == nullptr || !at->is_boolean()) return fallback;
  return *at->get_ptr<const Json::boolean_t*>();
}

std::optional<WallTime> time_at(const Json& value, std::initializer_list<std::string_view> path) {
  const Json* at = find(value, path);
  if (at == nullptr || !at->is_string()) return std::nullopt;
  return parse_rfc3339(*at->get_ptr<const std::string*>());
}

Json merge_patch(const Json& from, const Json& to) {
  Json patch = Json::object();
  for (auto it = from.begin(); it != from.end(); ++it) {
    if (!to.contains(it.key())) patch[it.key()] = nullptr;
  }
  for (auto it = to.begin(); it != to.end(); ++it) {
    const auto old = from.find(it.key());
    if (old == from.end()) {
      patch[it.key()] = *it;
    } else if (*old != *it) {
      const bool deep = old->is_object() && it->is_object();
      patch[it.key()] = deep ? merge_patch(*old, *it) : *it;
    }
  }
  return patch;
}

}  // namespace nbkeys::base
