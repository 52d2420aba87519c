#pragma once
// What a server says, made fit to stand in conditions, events and log lines.

#include <string>
#include <string_view>

namespace nbkeys::base {

// At most `bytes_max` bytes of whole UTF-8 characters. Whatever looks like a key is hidden, format
// characters go, and what else is no text (controls, line breaks, broken UTF-8) becomes a blank;
// blanks in a row become one. So the words come back from the API server as they were sent.
std::string foreign_words(std::string_view text, std::size_t bytes_max);

// Whether it has controls, line breaks or what changes the direction of writing: a name with one of
// them may look like another name.
bool misleads(std::string_view text);

}  // namespace nbkeys::base
