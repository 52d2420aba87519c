#include "base/element_filter.h"

#include <algorithm>
#include <utility>

namespace nbkeys::base {
namespace {

bool is_space(char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }

}  // namespace

ElementFilter::ElementFilter(std::vector<std::string> members) : members_(std::move(members)) {}

void ElementFilter::feed(std::string_view piece, SecretText& out) {
  while (!piece.empty() && state_ != State::kAsIs) {
    if (const std::size_t idle = idle_part(piece); idle > 0) {
      piece.remove_prefix(idle);
      continue;
    }
    // False where the character ends what is before it and is still to be looked at.
    if (take(piece.front())) piece.remove_prefix(1);
  }
  out.append(text_);
  text_.clear();
  out.append(piece);
}

// Most of a list is passed over, and this is what makes that cheap.
std::size_t ElementFilter::idle_part(std::string_view piece) const {
  if (state_ != State::kInValue || wanted_ || escaped_) return 0;
  const auto ends = [this](char c) {
    if (in_string_) return c == '"' || c == '\\';
    return c == '"' || c == '{' || c == '}' || c == '[' || c == ']' || form_ == Form::kScalar;
  };
  return static_cast<std::size_t>(std::find_if(piece.begin(), piece.end(), ends) - piece.begin());
}

bool ElementFilter::take(char c) {
  if (state_ == State::kInValue) return in_value(c);
  if (state_ == State::kName) {
    if (c == '"' && !escaped_) return end_name();
    escaped_ = c == '\\' && !escaped_;
    // One more than the longest that anybody wants is enough to tell that nobody does.
    if (name_.size() < kValueMax) name_ += c;
    return true;
  }
  if (is_space(c)) return true;
  switch (state_) {
    case State::kStart:
      state_ = c == '[' ? State::kFirstElement : State::kAsIs;
      if (c == '[') text_ += c;
      return c == '[';
    case State::kFirstElement:
    case State::kElement:
      if (c == ']' && state_ == State::kFirstElement) {
        text_ += c;
        state_ = State::kEnd;
        return true;
      }
      return begin_element(c);
    case State::kAfterElement:
      if (c != ',' && c != ']') break;
      text_ += c;
      state_ = c == ',' ? State::kElement : State::kEnd;
      return true;
    case State::kFirstMember:
    case State::kMember:
      if (c == '}' && state_ == State::kFirstMember) {
        text_ += c;
        state_ = State::kAfterElement;
        return true;
      }
      if (c != '"') break;
      name_.clear();
      escaped_ = false;
      state_ = State::kName;
      return true;
    case State::kColon:
      if (c != ':') break;
      state_ = State::kValue;
      return true;
    case State::kValue: {
      form_ = c == '"' ? Form::kText : c == '{' || c == '[' ? Form::kNested : Form::kScalar;
      if (c == ',' || c == '}' || c == ']' || c == ':') break;
      depth_ = 0;
      in_string_ = escaped_ = false;
      state_ = State::kInValue;
      return in_value(c);
    }
    case State::kAfterMember:
      if (c != ',' && c != '}') break;
      if (c == '}') text_ += c;
      state_ = c == ',' ? State::kMember : State::kAfterElement;
      return true;
    default: break;
  }
  state_ = broken();
  return true;
}

bool ElementFilter::begin_element(char c) {
  if (c == '{') {
    text_ += c;
    first_member_ = true;
    state_ = State::kFirstMember;
    return true;
  }
  // What is no object has no members: it shows as null.
  text_ += "null";
  wanted_ = false;
  of_element_ = true;
  state_ = State::kValue;
  return false;
}

bool ElementFilter::end_name() {
  wanted_ = std::find(members_.begin(), members_.end(), name_) != members_.end();
  value_.clear();
  of_element_ = false;
  state_ = State::kColon;
  return true;
}

void ElementFilter::keep(char c) {
  if (!wanted_) return;
  wanted_ = value_.size() < kValueMax;
  value_ += c;
}

bool ElementFilter::in_value(char c) {
  if (in_string_) {
    keep(c);
    in_string_ = c != '"' || escaped_;
    escaped_ = c == '\\' && !escaped_;
    if (!in_string_ && depth_ == 0) end_value();
    return true;
  }
  if (form_ == Form::kScalar && (is_space(c) || c == ',' || c == '}' || c == ']')) {
    end_value();
    return false;
  }
  keep(c);
  if (c == '"') {
    in_string_ = true;
  } else if (c == '{' || c == '[') {
    ++depth_;
  } else if (c == '}' || c == ']') {
    if (--depth_ == 0) end_value();
  }
  return true;
}

void ElementFilter::end_value() {
  state_ = of_element_ ? State::kAfterElement : State::kAfterMember;
  if (wanted_) end_member();
}

void ElementFilter::end_member() {
  if (!first_member_) text_ += ',';
  first_member_ = false;
  text_.append("\"").append(name_).append("\":").append(value_);
}

// The parser is to refuse it, too.
ElementFilter::State ElementFilter::broken() {
  if (state_ != State::kBroken) text_ += '!';
  return State::kBroken;
}

}  // namespace nbkeys::base
