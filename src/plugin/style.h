#pragma once
// How a line looks: colours where a person watches, words for times and lifetimes, bars.

#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"
#include "plugin/request.h"

namespace nbkeys::plugin {

enum class Paint { kPlain, kGood, kWarn, kBad, kDim, kStrong };

struct Style {
  bool color = false;
  bool unicode = false;

  std::string paint(Paint paint, std::string_view text) const;
  // A bar of `width` cells; `share` is 0..1 and beyond is full.
  std::string bar(double share, int width, Paint paint) const;
};

// What decides: the flag, else NO_COLOR and TERM, else whether standard output is a terminal.
struct Surroundings {
  bool terminal = false;
  std::optional<std::string> no_color, term, locale;
};
Style style_for(ColorChoice choice, const Surroundings& surroundings);
Surroundings surroundings_of_process();

// "in 12d", "3h ago", "now"; "never" and the like are the caller's words.
std::string distance(base::WallTime t, base::WallTime now);
// The two largest units: "12d4h", "3m", "7s".
std::string rough(base::Duration d);
// "2026-12-25T04:28:43Z (in 30d)"
std::string moment(base::WallTime t, base::WallTime now);
std::string count_of(std::size_t count, std::string_view one, std::string_view many);

// Foreign text for a terminal: control characters, which could move the cursor or hide text, are
// shown as '?'.
std::string printable(std::string_view text);
// Columns that a text without colours takes.
std::size_t width_of(std::string_view text);

}  // namespace nbkeys::plugin
