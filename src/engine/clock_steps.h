#pragma once
// Notices when the wall clock is set while the process runs: times in status were written by it,
// and a wait counts from them.

#include <optional>

#include "base/time.h"

namespace nbkeys::engine {

struct ClockStep {
  base::Instant at;
  base::WallTime before, after;  // what the clock would have said, and what it said
};

class ClockSteps {
 public:
  // REQUIRES: called often, with every input
  void note(base::Now now) {
    constexpr base::Duration kStep{5'000};
    if (!last_) {
      began_ = now.mono;
    } else {
      const base::WallTime expected = last_->wall + (now.mono - last_->mono);
      const base::Duration off = now.wall - expected;
      if (off > kStep || off < -kStep) step_ = ClockStep{now.mono, expected, now.wall};
    }
    last_ = now;
  }
  // When the process began: before, nobody knows how the clock was set.
  base::Instant began() const { return began_; }
  const std::optional<ClockStep>& step() const { return step_; }

 private:
  std::optional<base::Now> last_;
  base::Instant began_;
  std::optional<ClockStep> step_;  // the last one
};

}  // namespace nbkeys::engine
