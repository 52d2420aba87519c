#include "base/words.h"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "base/secret_text.h"

namespace nbkeys::base {
namespace {

struct Character {
  std::uint32_t code = 0;
  std::size_t size = 0;  // 0: no whole, shortest UTF-8 character begins here
};

std::size_t size_of(unsigned char lead) {
  if (lead < 0x80) return 1;
  if (lead >= 0xc2 && lead < 0xe0) return 2;
  if (lead >= 0xe0 && lead < 0xf0) return 3;
  return lead >= 0xf0 && lead < 0xf5 ? 4 : 0;
}

Character first_of(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text.front());
  const std::size_t size = size_of(lead);
  if (size == 0 || size > text.size()) return {};
  std::uint32_t code = size == 1 ? lead : lead & (0xffu >> (size + 1));
  for (std::size_t i = 1; i < size; ++i) {
    const auto next = static_cast<unsigned char>(text[i]);
    if ((next & 0xc0) != 0x80) return {};
    code = code << 6 | (next & 0x3fu);
  }
  const bool overlong = (size == 3 && code < 0x800) || (size == 4 && code < 0x10000);
  const bool surrogate = code >= 0xd800 && code < 0xe000;
  return overlong || surrogate || code > 0x10ffff ? Character{} : Character{code, size};
}

bool is_control(std::uint32_t code) {
  return code < 0x20 || (code >= 0x7f && code < 0xa0) || code == 0x2028 || code == 0x2029;
}

// What nobody sees, or what changes the direction or the look of others.
bool is_format(std::uint32_t code) {
  if (code == 0xad || code == 0x61c || code == 0xfeff) return true;
  if ((code >= 0x200b && code <= 0x200f) || (code >= 0x202a && code <= 0x202e)) return true;
  if (code >= 0x2060 && code <= 0x206f) return true;
  return (code >= 0xfff0 && code <= 0xfffd) || (code >= 0xe0000 && code <= 0xe0fff);
}

std::string readable(std::string_view text) {
  std::string out;
  bool blank = false;
  while (!text.empty()) {
    const Character next = first_of(text);
    const std::string_view bytes = text.substr(0, std::max<std::size_t>(next.size, 1));
    text.remove_prefix(bytes.size());
    if (next.size != 0 && is_format(next.code)) continue;
    if (next.size == 0 || next.code == ' ' || is_control(next.code)) {
      blank = !out.empty();
      continue;
    }
    if (std::exchange(blank, false)) out += ' ';
    out += bytes;
  }
  return out;
}

}  // namespace

std::string foreign_words(std::string_view text, std::size_t bytes_max) {
  std::string out = without_keys(readable(text));
  if (out.size() <= bytes_max) return out;
  // A character that begins within the bound and ends beyond it goes as a whole.
  std::size_t end = bytes_max;
  while (end > 0 && (static_cast<unsigned char>(out[end]) & 0xc0) == 0x80) --end;
  out.resize(end);
  while (out.ends_with(' ')) out.pop_back();
  return out;
}

bool misleads(std::string_view text) {
  while (!text.empty()) {
    const Character next = first_of(text);
    text.remove_prefix(std::max<std::size_t>(next.size, 1));
    const std::uint32_t c = next.code;
    const bool turns = c == 0x61c || c == 0x200e || c == 0x200f || (c >= 0x202a && c <= 0x202e) ||
                       (c >= 0x2066 && c <= 0x2069);
    if (next.size != 0 && (is_control(c) || turns)) return true;
  }
  return false;
}

}  // namespace nbkeys::base
