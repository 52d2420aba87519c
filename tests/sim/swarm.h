#pragma once
// What a seed stands for: the world's settings, which kinds of trouble are on in it and how often,
// and the list of all that will happen. Everything is drawn here, before anything runs.

#include <cstdint>
#include <string>
#include <vector>

#include "base/random.h"
#include "engine/options.h"
#include "sim/happening.h"

namespace nbkeys::sim {

// The world is awake for `awake`, then its machines sleep for about `sleep`, at most until shortly
// before the next date that some status names where `until_date` is set.
struct Window {
  base::Duration awake{0};
  base::Duration sleep{0};
  bool until_date = false;
};

struct Settings {
  int slots = 4;       // SetupKeys, by number
  int namespaces = 2;  // over which they are spread
  bool all_namespaces = false;
  int requests_per_minute = 0;
  int burst = 0;
  int concurrency = 8;
  base::Duration resync{300'000};
  engine::LeaseOptions lease;
};

struct Plan {
  std::uint64_t seed = 0;
  Settings settings;
  std::vector<Window> windows;
  std::vector<Happening> happenings;  // by time
  base::Duration awake() const;
};

class Draw {
 public:
  explicit Draw(std::uint64_t seed) : random_(seed) {}
  std::uint64_t next() { return random_.next(); }
  int below(int bound) { return static_cast<int>(next() % static_cast<std::uint64_t>(bound)); }
  bool chance(int percent) { return below(100) < percent; }
  base::Duration within(base::Duration limit) {
    return base::Duration{
        static_cast<std::int64_t>(next() % static_cast<std::uint64_t>(limit.count() + 1))};
  }

 private:
  base::Random random_;
};

Plan draw_plan(std::uint64_t seed, int days);

}  // namespace nbkeys::sim
