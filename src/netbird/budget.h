#pragma once
// The token bucket of one account: how many requests we allow ourselves, whatever the server would
// take.

#include <algorithm>
#include <optional>

#include "base/time.h"

namespace nbkeys::netbird {

class Budget {
 public:
  // 0 requests per minute: no limit.
  Budget(int requests_per_minute, int burst)
      : per_minute_(requests_per_minute),
        size_(burst > 0 ? burst : std::max(1, requests_per_minute)),
        tokens_(size_) {}

  // Takes one token if there is one.
  bool take(base::Instant now) {
    if (per_minute_ <= 0) return true;
    refill(now);
    if (tokens_ < 1.0) return false;
    tokens_ -= 1.0;
    return true;
  }
  // When the next token comes. REQUIRES: take(now) was refused
  base::Instant next_at(base::Instant now) const {
    const double ms = (1.0 - tokens_) * 60'000.0 / per_minute_;
    return now + base::Duration{static_cast<std::int64_t>(ms) + 1};
  }

 private:
  void refill(base::Instant now) {
    if (filled_at_) {
      const auto ms = static_cast<double>((now - *filled_at_).count());
      tokens_ = std::min(static_cast<double>(size_), tokens_ + ms * per_minute_ / 60'000.0);
    }
    filled_at_ = now;
  }

  int per_minute_;
  int size_;
  double tokens_;
  std::optional<base::Instant> filled_at_;
};

}  // namespace nbkeys::netbird
