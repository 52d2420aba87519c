#include "shell/http_date.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <string>

#include "base/trim.h"

namespace nbkeys::shell {
namespace {

constexpr base::Duration kRetryAfterMax{86'400'000};
constexpr std::string_view kBlanks = " \t";

std::string_view month_number(std::string_view name) {
  constexpr std::array<std::string_view, 12> kNames = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                       "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  constexpr std::array<std::string_view, 12> kNumbers = {"01", "02", "03", "04", "05", "06",
                                                         "07", "08", "09", "10", "11", "12"};
  const auto* found = std::find(kNames.begin(), kNames.end(), name);
  return found == kNames.end() ? "" : kNumbers[static_cast<std::size_t>(found - kNames.begin())];
}

}  // namespace

std::optional<base::WallTime> parse_http_date(std::string_view text) {
  text = base::trimmed(text, kBlanks);
  // The form has fixed columns, so it is rewritten as RFC 3339 and checked there.
  if (text.size() != 29 || text.substr(3, 2) != ", " || text[7] != ' ' || text[11] != ' ' ||
      text[16] != ' ' || text.substr(25) != " GMT") {
    return std::nullopt;
  }
  std::string iso(text.substr(12, 4));
  iso.append("-").append(month_number(text.substr(8, 3)));
  iso.append("-").append(text.substr(5, 2));
  iso.append("T").append(text.substr(17, 8)).append("Z");
  return base::parse_rfc3339(iso);
}

base::Duration parse_age(std::string_view text) {
  text = base::trimmed(text, kBlanks);
  std::int64_t seconds = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  const bool number = error == std::errc{} && end == text.data() + text.size();
  if (!number || seconds < 0) return base::Duration{0};
  return std::min(base::Duration{1'000} * std::min<std::int64_t>(seconds, 86'400), kRetryAfterMax);
}

std::optional<base::Duration> parse_retry_after(std::string_view text,
                                                std::optional<base::WallTime> server_date,
                                                base::WallTime now) {
  text = base::trimmed(text, kBlanks);
  std::int64_t seconds = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (error == std::errc{} && end == text.data() + text.size() && seconds >= 0) {
    return base::Duration{std::min<std::int64_t>(seconds, kRetryAfterMax.count() / 1000) * 1000};
  }
  const auto date = parse_http_date(text);
  if (!date) return std::nullopt;
  return std::clamp(*date - server_date.value_or(now), base::Duration{0}, kRetryAfterMax);
}

}  // namespace nbkeys::shell
