#pragma once
// Reads a JSON list of objects as a stream and keeps of each object only what is wanted, so that a
// list of any size costs time and no memory: what is left out is passed over byte by byte, and a
// value that is wanted is kept up to a bound. What comes out is for a JSON parser, which judges it:
// where the list is damaged or cut off, so is what comes out.

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/secret_text.h"

namespace nbkeys::base {

class ElementFilter {
 public:
  // A longer value is left out like one that nobody wants.
  static constexpr std::size_t kValueMax = 4096;

  // `members`: the names of those that are kept. A name that the text spells with escapes is not
  // found.
  explicit ElementFilter(std::vector<std::string> members);

  // Adds to `out` what is kept of the next piece of the text. A text that is no list, such as an
  // error's, is kept as it is.
  void feed(std::string_view piece, SecretText& out);

 private:
  enum class State {
    kStart,
    kAsIs,          // no list
    kFirstElement,  // or the end of the list
    kElement,
    kAfterElement,
    kFirstMember,  // or the end of the object
    kMember,
    kName,
    kColon,
    kValue,
    kInValue,
    kAfterMember,
    kEnd,
    kBroken,
  };

  bool take(char c);
  // How much of it can only belong to what is passed over.
  std::size_t idle_part(std::string_view piece) const;
  bool begin_element(char c);
  bool end_name();
  bool in_value(char c);
  void keep(char c);
  void end_value();
  void end_member();
  State broken();

  const std::vector<std::string> members_;
  State state_ = State::kStart;
  std::string text_;     // what is on its way out
  std::string name_;     // of the member that is being read
  std::string value_;    // what is kept of it
  bool wanted_ = false;  // whether anything is
  bool first_member_ = true;
  // Of the value that is being passed over.
  bool of_element_ = false;  // an element that is no object
  enum class Form { kScalar, kText, kNested } form_ = Form::kScalar;
  std::size_t depth_ = 0;
  bool in_string_ = false, escaped_ = false;
};

}  // namespace nbkeys::base
