#pragma once
// The last finished snapshot of the engine's health: written by the event loop, read by the
// server's thread.

#include <mutex>
#include <string>

#include "base/time.h"
#include "engine/health.h"

namespace nbkeys::shell {

struct Verdict {
  bool ok = false;
  std::string reason;  // a line for a person
};

class Board {
 public:
  // `may_stand_by`: this replica takes part in an election, so that not leading is a sound state.
  Board(bool may_stand_by, base::Instant now) : may_stand_by_(may_stand_by), turned_at_(now) {}

  void show(const engine::Health& health, base::Instant now);
  // The loop is alive although nothing happened.
  void beat(base::Instant now);

  engine::Health health() const;
  Verdict live(base::Instant now) const;
  Verdict ready() const;

 private:
  const bool may_stand_by_;
  mutable std::mutex mutex_;
  engine::Health health_;
  base::Instant turned_at_;
};

}  // namespace nbkeys::shell
