#include "plugin/style.h"

#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <utility>

#include "shell/proxy.h"

namespace nbkeys::plugin {
namespace {

std::string_view code(Paint paint) {
  switch (paint) {
    case Paint::kPlain: return "";
    case Paint::kGood: return "\033[32m";
    case Paint::kWarn: return "\033[33m";
    case Paint::kBad: return "\033[31m";
    case Paint::kDim: return "\033[2m";
    case Paint::kStrong: return "\033[1m";
  }
  return "";
}

}  // namespace

std::string Style::paint(Paint paint, std::string_view text) const {
  std::string out(text);
  if (!color || paint == Paint::kPlain || text.empty()) return out;
  return std::string(code(paint)) + out + "\033[0m";
}

std::string Style::bar(double share, int width, Paint paint_as) const {
  const double bounded = std::clamp(share, 0.0, 1.0);
  const int full = static_cast<int>(bounded * width + 0.5);
  std::string done, rest;
  for (int i = 0; i < width; ++i) {
    if (i < full) {
      done += unicode ? "█" : "#";
    } else {
      rest += unicode ? "░" : "-";
    }
  }
  return "[" + paint(paint_as, done) + paint(Paint::kDim, rest) + "]";
}

Style style_for(ColorChoice choice, const Surroundings& surroundings) {
  Style out;
  const bool asked_not = surroundings.no_color && !surroundings.no_color->empty();
  const bool dumb = surroundings.term && *surroundings.term == "dumb";
  out.color = choice == ColorChoice::kAlways ||
              (choice == ColorChoice::kAuto && surroundings.terminal && !asked_not && !dumb);
  const std::string locale = surroundings.locale.value_or("");
  out.unicode = surroundings.terminal && (locale.find("UTF-8") != std::string::npos ||
                                          locale.find("utf8") != std::string::npos);
  return out;
}

Surroundings surroundings_of_process() {
  Surroundings out;
  out.terminal = isatty(STDOUT_FILENO) == 1;
  out.no_color = shell::process_environment("NO_COLOR");
  out.term = shell::process_environment("TERM");
  for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
    out.locale = shell::process_environment(name);
    if (out.locale && !out.locale->empty()) break;
  }
  return out;
}

std::string rough(base::Duration d) {
  constexpr std::pair<std::int64_t, const char*> kUnits[] = {
      {86'400, "d"}, {3'600, "h"}, {60, "m"}, {1, "s"}};
  constexpr std::int64_t kDaysAlone = 10;  // beyond ten days nobody counts hours
  std::int64_t left = std::max<std::int64_t>(d.count() / 1000, 0);
  std::string out;
  for (const auto& [size, name] : kUnits) {
    const std::int64_t count = left / size;
    left %= size;
    const bool second = !out.empty();
    if (count > 0) out += std::to_string(count) + name;
    if (second || (size == 86'400 && count >= kDaysAlone)) break;
  }
  return out.empty() ? "0s" : out;
}

std::string distance(base::WallTime t, base::WallTime now) {
  const base::Duration ahead = t - now;
  if (ahead.count() >= 1000) return "in " + rough(ahead);
  if (ahead.count() <= -1000) return rough(-ahead) + " ago";
  return "now";
}

std::string moment(base::WallTime t, base::WallTime now) {
  return base::format_rfc3339(t) + " (" + distance(t, now) + ")";
}

std::string count_of(std::size_t count, std::string_view one, std::string_view many) {
  std::string out = std::to_string(count) + " ";
  out.append(count == 1 ? one : many);
  return out;
}

std::string printable(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    // Besides C0 and DEL also C1, which UTF-8 writes as C2 80 to C2 9F.
    const auto next = i + 1 < text.size() ? static_cast<unsigned char>(text[i + 1]) : 0;
    if (c == 0xC2 && next >= 0x80 && next <= 0x9F) {
      out += '?';
      ++i;
    } else {
      out += c < 0x20 || c == 0x7F ? '?' : text[i];
    }
  }
  return out;
}

std::size_t width_of(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0) != 0x80;  // not a continuation byte of UTF-8
  }));
}

}  // namespace nbkeys::plugin
