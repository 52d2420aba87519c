#pragma once
// The brake on new keys that nobody asked for: whatever others do to a fleet's Secrets or keys, an
// account gets no more of them an hour than a tenth of its SetupKeys, and ten. One SetupKey's own
// share is bounded by its status (repair_rung.cc).

#include <algorithm>
#include <cstddef>
#include <deque>

#include "base/time.h"

namespace nbkeys::engine {

class Repairs {
 public:
  static constexpr base::Duration kHour{3'600'000};
  static constexpr std::size_t kLeast = 10, kPercent = 10;

  void set_setup_keys(std::size_t count) { limit_ = std::max(kLeast, count * kPercent / 100); }
  bool may(base::Instant now) const {
    return made_.size() < limit_ || now - made_[made_.size() - limit_] >= kHour;
  }
  // REQUIRES: may(now) is false
  base::Instant next_at() const { return made_[made_.size() - limit_] + kHour; }
  // In the order in which they were made; one may have been made before this process began.
  void made(base::Instant at) {
    made_.push_back(at);
    std::sort(made_.begin(), made_.end());
    while (made_.size() > limit_) made_.pop_front();
  }
  void clear() { made_.clear(); }

 private:
  std::size_t limit_ = kLeast;
  std::deque<base::Instant> made_;
};

}  // namespace nbkeys::engine
