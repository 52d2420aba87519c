#include "base/json.h"

#include <limits>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

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

// A list to show piece by piece: its name, none where it is the document, and who sees it.
struct Shown {
  std::string_view name;
  const ElementVisitor& visit;
};

// Takes what the parser finds and builds values of it. nlohmann's own builder cannot end early, and
// looks through all the brothers of each object once a callback is set: hours for hostile text.
class Builder {
 public:
  Builder(std::string_view skipped, const Shown* shown) : skipped_(skipped), shown_(shown) {}

  Json take() { return std::move(root_); }
  // What `visit` found, or what is wrong with the list.
  std::optional<Error>& problem() { return problem_; }

  // What nlohmann calls; false ends the parsing.
  bool null() { return leaf(nullptr); }
  bool boolean(bool value) { return leaf(value); }
  bool number_integer(Json::number_integer_t value) { return leaf(value); }
  bool number_unsigned(Json::number_unsigned_t value) { return leaf(value); }
  bool number_float(Json::number_float_t value, const std::string&) { return leaf(value); }
  bool string(const std::string& value) { return leaf(value); }
  bool binary(const Json::binary_t&) { return false; }  // not in text
  bool start_object(std::size_t) { return begin(Json::object()); }
  bool start_array(std::size_t) { return begin(Json::array()); }
  bool key(const std::string& name);
  bool end_object() { return end(); }
  bool end_array() { return end(); }
  bool parse_error(std::size_t, const std::string&, const Json::exception&) { return false; }

 private:
  template <typename Value>
  bool leaf(Value&& value) {
    if (skips()) return true;
    put(std::forward<Value>(value));
    return show();
  }
  bool begin(Json container);
  bool end();
  bool skips();
  Json& put(Json value);
  bool show();

  const std::string_view skipped_;
  const Shown* const shown_;
  Json root_;
  std::vector<Json*> open_;  // the containers around what comes next
  Json* member_ = nullptr;   // what comes next goes here, if it is in an object
  bool skip_next_ = false;
  std::size_t skip_depth_ = 0;  // of containers within what is skipped
  bool list_next_ = false, list_seen_ = false;
  Json* list_ = nullptr;  // while it is open
  std::optional<Error> problem_;
};

bool Builder::key(const std::string& name) {
  if (skip_depth_ > 0) return true;
  if (!skipped_.empty() && name == skipped_) {
    skip_next_ = true;
    return true;
  }
  if (shown_ != nullptr && !shown_->name.empty() && open_.size() == 1 && name == shown_->name) {
    // Elsewhere the last one of two counts, but here the first has been shown already.
    if (list_seen_) {
      problem_ = Error{ErrorCode::kMalformed, "", "the answer has two lists"};
      return false;
    }
    list_seen_ = list_next_ = true;
  }
  member_ = &(*open_.back())[name];
  return true;
}

// Whether what comes next is left out, if it is no container.
bool Builder::skips() { return std::exchange(skip_next_, false) || skip_depth_ > 0; }

Json& Builder::put(Json value) {
  list_next_ = false;
  if (open_.empty()) return root_ = std::move(value);
  Json& parent = *open_.back();
  if (!parent.is_array()) return *member_ = std::move(value);
  parent.push_back(std::move(value));
  return parent.back();
}

bool Builder::begin(Json container) {
  if (skips()) {
    ++skip_depth_;
    return true;
  }
  const bool is_list = container.is_array() && shown_ != nullptr &&
                       (shown_->name.empty() ? open_.empty() : list_next_);
  Json& placed = put(std::move(container));
  if (is_list) list_ = &placed;
  open_.push_back(&placed);
  return true;
}

bool Builder::end() {
  if (skip_depth_ > 0) {
    --skip_depth_;
    return true;
  }
  if (open_.back() == list_) list_ = nullptr;
  open_.pop_back();
  return show();
}

// After each value: shows it and lets go of it, if it is an element of the list.
bool Builder::show() {
  if (open_.empty() || open_.back() != list_) return true;
  const Status status = shown_->visit(list_->back());
  list_->clear();
  if (!status) problem_ = status.error();
  return status.ok();
}

Result<Json> build(std::string_view text, std::string_view step, std::string_view skipped,
                   const Shown* shown) {
  if (!within_bounds(text)) {
    return Error{ErrorCode::kMalformed, std::string(step), "the answer has too many values"};
  }
  Builder builder(skipped, shown);
  if (Json::sax_parse(text.begin(), text.end(), &builder)) return builder.take();
  Error error =
      builder.problem().value_or(Error{ErrorCode::kMalformed, "", "the answer is not JSON"});
  if (error.step.empty()) error.step = step;
  return error;
}

}  // namespace

Result<Json> parse_json(std::string_view text, std::string_view step, std::string_view skipped) {
  return build(text, step, skipped, nullptr);
}

Result<Json> each_element(std::string_view text, std::string_view step, std::string_view list,
                          std::string_view skipped, const ElementVisitor& visit) {
  const Shown shown{list, visit};
  return build(text, step, skipped, &shown);
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
