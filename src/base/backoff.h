#pragma once
// Waiting after failures in a row: longer each time, between two bounds.

#include <algorithm>
#include <optional>

#include "base/time.h"

namespace nbkeys::base {

struct BackoffBounds {
  Duration min, max;
  int factor = 2;  // by which each wait is longer than the one before
};

// How long to wait after this many failures in a row; nothing after none.
inline Duration backoff_wait(int failures, BackoffBounds bounds) {
  if (failures <= 0) return Duration{0};
  Duration wait = bounds.min;
  for (int i = 1; i < failures && wait < bounds.max; ++i) wait *= bounds.factor;
  return std::min(wait, bounds.max);
}

struct Backoff {
  int failures = 0;
  std::optional<Instant> until;  // when the next try may start

  bool holds(Instant now) const { return until && now < *until; }
  // One more failure. What the server asks for (Retry-After) counts where it is longer, within the
  // bounds: a server cannot stop us for a day.
  void failed(Instant now, BackoffBounds bounds, std::optional<Duration> asked = std::nullopt) {
    Duration wait = backoff_wait(++failures, bounds);
    if (asked) wait = std::max(wait, std::min(*asked, bounds.max));
    until = now + wait;
  }
};

}  // namespace nbkeys::base
