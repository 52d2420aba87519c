#pragma once
// The token bucket of one account: how many requests we allow ourselves. Where nobody has set a
// rate it is learnt: it begins below what NetBird Cloud takes (120 a minute, 1,200 at once), halves
// when the server says that it was too much, and creeps back.

#include <algorithm>
#include <optional>

#include "base/time.h"

namespace nbkeys::netbird {

class Budget {
 public:
  static constexpr int kLearntPerMinuteMax = 100, kLearntBurst = 1'000;
  // Where not even this is taken, nothing works but asking now and then.
  static constexpr double kLeast = 0.25;

  // `requests_per_minute`: nothing where it is to be learnt, 0 for no limit. `burst` 0: a minute's
  // worth.
  Budget(std::optional<int> requests_per_minute, int burst)
      : learns_(!requests_per_minute),
        per_minute_(requests_per_minute.value_or(kLearntPerMinuteMax)),
        size_(learns_ ? kLearntBurst : std::max(1.0, burst > 0 ? burst : per_minute_)),
        tokens_(size_) {}

  bool available(base::Instant now, int tokens = 1) {
    if (per_minute_ <= 0) return true;
    refill(now);
    return tokens_ >= std::min<double>(tokens, size_);
  }
  // Takes one token if there is one.
  bool take(base::Instant now) {
    if (!available(now)) return false;
    if (per_minute_ > 0) tokens_ -= 1.0;
    return true;
  }
  // When there will be so many. REQUIRES: available(now, tokens) is false
  base::Instant next_at(base::Instant now, int tokens = 1) const {
    const double ms = (std::min<double>(tokens, size_) - tokens_) * 60'000.0 / per_minute_;
    return now + base::Duration{static_cast<std::int64_t>(ms) + 1};
  }
  // The server refused a request that was sent at `sent` because there were too many: what we had
  // left was worth nothing. Several that were under way together count once.
  void too_many(base::Instant sent, base::Instant now) {
    if (per_minute_ <= 0) return;
    refill(now);
    tokens_ = 0;
    if (!learns_ || (halved_at_ && sent < *halved_at_)) return;
    halved_at_ = raised_at_ = now;
    per_minute_ = std::max(kLeast, per_minute_ / 2);
  }
  bool learns() const { return learns_; }
  // Requests a minute now; 0: no limit.
  double per_minute() const { return per_minute_; }

 private:
  void refill(base::Instant now) {
    if (filled_at_) {
      const auto ms = static_cast<double>((now - *filled_at_).count());
      tokens_ = std::min(size_, tokens_ + ms * per_minute_ / 60'000.0);
    }
    filled_at_ = now;
    if (!learns_ || !halved_at_) return;
    const auto minutes = (now - raised_at_).count() / 60'000;
    if (minutes <= 0) return;
    per_minute_ = std::min<double>(kLearntPerMinuteMax, per_minute_ + static_cast<double>(minutes));
    raised_at_ = raised_at_ + base::Duration{minutes * 60'000};
  }

  bool learns_;
  double per_minute_;
  double size_;
  double tokens_;
  std::optional<base::Instant> filled_at_, halved_at_;
  base::Instant raised_at_;
};

}  // namespace nbkeys::netbird
