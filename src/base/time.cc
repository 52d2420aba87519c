#include "base/time.h"

#include <array>
#include <cstdio>

namespace nbkeys::base {
namespace {

constexpr std::int64_t kMsPerDay = 86'400'000;

struct Civil {
  std::int64_t year;
  unsigned month, day;
};

Civil civil_from_days(std::int64_t days) {
  const std::chrono::year_month_day ymd{std::chrono::sys_days{std::chrono::days{days}}};
  return {static_cast<int>(ymd.year()), static_cast<unsigned>(ymd.month()),
          static_cast<unsigned>(ymd.day())};
}

std::int64_t floor_div(std::int64_t a, std::int64_t b) { return a / b - (a % b < 0 ? 1 : 0); }

std::string format(WallTime t, bool micro) {
  const std::int64_t ms = t.since_epoch.count();
  const std::int64_t days = floor_div(ms, kMsPerDay);
  const std::int64_t rest = ms - days * kMsPerDay;
  const Civil c = civil_from_days(days);
  std::array<char, 64> out{};
  const auto hour = static_cast<int>(rest / 3'600'000),
             minute = static_cast<int>(rest / 60'000 % 60);
  const auto second = static_cast<int>(rest / 1000 % 60), fraction = static_cast<int>(rest % 1000);
  if (micro) {
    std::snprintf(out.data(), out.size(), "%04lld-%02u-%02uT%02d:%02d:%02d.%03d000Z",
                  static_cast<long long>(c.year), c.month, c.day, hour, minute, second, fraction);
  } else {
    std::snprintf(out.data(), out.size(), "%04lld-%02u-%02uT%02d:%02d:%02dZ",
                  static_cast<long long>(c.year), c.month, c.day, hour, minute, second);
  }
  return out.data();
}

// Reads exactly `width` digits at the front of `text` and removes them.
std::optional<int> take_digits(std::string_view& text, std::size_t width) {
  if (text.size() < width) return std::nullopt;
  int value = 0;
  for (std::size_t i = 0; i < width; ++i) {
    if (text[i] < '0' || text[i] > '9') return std::nullopt;
    value = value * 10 + (text[i] - '0');
  }
  text.remove_prefix(width);
  return value;
}

bool take_char(std::string_view& text, char c) {
  if (text.empty() || text.front() != c) return false;
  text.remove_prefix(1);
  return true;
}

std::optional<std::int64_t> take_offset_ms(std::string_view& text) {
  if (take_char(text, 'Z') || take_char(text, 'z')) return 0;
  const bool plus = take_char(text, '+');
  if (!plus && !take_char(text, '-')) return std::nullopt;
  const auto hours = take_digits(text, 2);
  if (!hours || *hours > 23 || !take_char(text, ':')) return std::nullopt;
  const auto minutes = take_digits(text, 2);
  if (!minutes || *minutes > 59) return std::nullopt;
  const std::int64_t ms = (*hours * 60LL + *minutes) * 60'000;
  return plus ? ms : -ms;
}

// The fraction of a second, cut to milliseconds; 0 where there is none.
std::optional<std::int64_t> take_fraction_ms(std::string_view& text) {
  if (!take_char(text, '.')) return 0;
  std::int64_t ms = 0;
  std::size_t digits = 0;
  while (!text.empty() && text.front() >= '0' && text.front() <= '9' && digits < 18) {
    if (digits < 3) ms = ms * 10 + (text.front() - '0');
    text.remove_prefix(1);
    ++digits;
  }
  if (digits == 0) return std::nullopt;
  for (std::size_t i = digits; i < 3; ++i) ms *= 10;
  return ms;
}

}  // namespace

std::string format_rfc3339(WallTime t) { return format(t, false); }
std::string format_rfc3339_micro(WallTime t) { return format(t, true); }

std::optional<WallTime> parse_rfc3339(std::string_view text) {
  const auto year = take_digits(text, 4);
  if (!year || *year == 0 || !take_char(text, '-')) return std::nullopt;
  const auto month = take_digits(text, 2);
  if (!month || !take_char(text, '-')) return std::nullopt;
  const auto day = take_digits(text, 2);
  if (!day || !(take_char(text, 'T') || take_char(text, 't'))) return std::nullopt;
  const auto hour = take_digits(text, 2);
  if (!hour || *hour > 23 || !take_char(text, ':')) return std::nullopt;
  const auto minute = take_digits(text, 2);
  if (!minute || *minute > 59 || !take_char(text, ':')) return std::nullopt;
  const auto second = take_digits(text, 2);
  if (!second || *second > 60) return std::nullopt;
  const auto fraction_ms = take_fraction_ms(text);
  if (!fraction_ms) return std::nullopt;
  const auto offset_ms = take_offset_ms(text);
  if (!offset_ms || !text.empty()) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year{*year},
                                         std::chrono::month{static_cast<unsigned>(*month)},
                                         std::chrono::day{static_cast<unsigned>(*day)}};
  if (!date.ok()) return std::nullopt;
  const std::int64_t days = std::chrono::sys_days{date}.time_since_epoch().count();
  const std::int64_t in_day = ((*hour * 60LL + *minute) * 60 + *second) * 1000 + *fraction_ms;
  return WallTime{Duration{days * kMsPerDay + in_day - *offset_ms}};
}

std::optional<Duration> parse_duration(std::string_view text) {
  constexpr std::int64_t kMaxSeconds = 100LL * 365 * 86'400;
  if (text == "0") return Duration{0};
  std::int64_t total_s = 0;
  std::string_view units = "dhms";
  bool any = false;
  while (!text.empty()) {
    std::int64_t value = 0;
    std::size_t digits = 0;
    while (digits < text.size() && text[digits] >= '0' && text[digits] <= '9') {
      if (digits >= 10) return std::nullopt;
      value = value * 10 + (text[digits++] - '0');
    }
    if (digits == 0 || digits == text.size()) return std::nullopt;
    const char unit = text[digits];
    const std::size_t at = units.find(unit);
    if (at == std::string_view::npos) return std::nullopt;
    units.remove_prefix(at + 1);
    total_s += value * (unit == 'd' ? 86'400 : unit == 'h' ? 3'600 : unit == 'm' ? 60 : 1);
    if (total_s > kMaxSeconds) return std::nullopt;
    text.remove_prefix(digits + 1);
    any = true;
  }
  if (!any) return std::nullopt;
  return Duration{total_s * 1000};
}

std::string format_duration(Duration d) {
  const std::int64_t s = d.count() / 1000;
  if (s >= 86'400 && s % 86'400 == 0) return std::to_string(s / 86'400) + "d";
  if (s >= 3'600 && s % 3'600 == 0) return std::to_string(s / 3'600) + "h";
  if (s >= 60 && s % 60 == 0) return std::to_string(s / 60) + "m";
  return std::to_string(s) + "s";
}

}  // namespace nbkeys::base
