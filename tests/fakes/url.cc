#include "fakes/url.h"

#include <cstdlib>

namespace nbkeys::fakes {
namespace {

std::string decode(std::string_view text, bool plus_is_space) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size()) {
      const char hex[3] = {text[i + 1], text[i + 2], '\0'};
      out += static_cast<char>(std::strtol(hex, nullptr, 16));
      i += 2;
    } else {
      out += plus_is_space && text[i] == '+' ? ' ' : text[i];
    }
  }
  return out;
}

template <typename Take>
void split(std::string_view text, char separator, Take take) {
  while (!text.empty()) {
    const std::size_t end = text.find(separator);
    const std::string_view part = text.substr(0, end);
    if (!part.empty()) take(part);
    if (end == std::string_view::npos) return;
    text.remove_prefix(end + 1);
  }
}

}  // namespace

Url parse_url(std::string_view target) {
  Url out;
  const std::size_t mark = target.find('?');
  split(target.substr(0, mark), '/',
        [&out](std::string_view part) { out.segments.push_back(decode(part, false)); });
  if (mark == std::string_view::npos) return out;
  split(target.substr(mark + 1), '&', [&out](std::string_view part) {
    const std::size_t equals = part.find('=');
    const std::string_view value =
        equals == std::string_view::npos ? std::string_view() : part.substr(equals + 1);
    out.query[decode(part.substr(0, equals), true)] = decode(value, true);
  });
  return out;
}

}  // namespace nbkeys::fakes
