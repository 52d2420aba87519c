#pragma once
// Time as plain numbers passed in from outside: no clock in here. Instant is monotonic and times
// what this process does (deadlines, back-off); WallTime is what servers and people mean (expiry,
// rotation).

#include <chrono>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace nbkeys::base {

using Duration = std::chrono::milliseconds;

struct Instant {
  Duration since_start{0};
  auto operator<=>(const Instant&) const = default;
};

struct WallTime {
  Duration since_epoch{0};
  auto operator<=>(const WallTime&) const = default;
};

inline Instant operator+(Instant t, Duration d) { return {t.since_start + d}; }
inline Duration operator-(Instant a, Instant b) { return a.since_start - b.since_start; }
inline WallTime operator+(WallTime t, Duration d) { return {t.since_epoch + d}; }
inline WallTime operator-(WallTime t, Duration d) { return {t.since_epoch - d}; }
inline Duration operator-(WallTime a, WallTime b) { return a.since_epoch - b.since_epoch; }

struct Now {
  Instant mono;
  WallTime wall;
};

// RFC 3339 in UTC, whole seconds: "2026-01-31T12:00:00Z" (metav1.Time).
std::string format_rfc3339(WallTime t);
// RFC 3339 with microseconds (metav1.MicroTime, as Leases want it).
std::string format_rfc3339_micro(WallTime t);
// Accepts fractions and numeric offsets; nothing for anything else. Years 0001..9999.
std::optional<WallTime> parse_rfc3339(std::string_view text);

// The durations of our CRD: "0", "30d", or hours, minutes and seconds as Go writes them
// ("720h0m0s", "86400s"). Nothing for anything else, for units out of order and for more than 100
// years.
std::optional<Duration> parse_duration(std::string_view text);
// For messages: "30d", "36h", "90m", "5s".
std::string format_duration(Duration d);

}  // namespace nbkeys::base
