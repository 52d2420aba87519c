#pragma once
// A seeded generator passed in by value (splitmix64): jitter that is reproducible.

#include <cstdint>

#include "base/time.h"

namespace nbkeys::base {

class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}

  std::uint64_t next() {
    std::uint64_t z = (state_ += 0x9e3779b97f4a7c15ULL);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
    return z ^ (z >> 31);
  }
  // Between 1 - share and 1 + share times `d`. REQUIRES: share_percent <= 100
  Duration jitter(Duration d, std::int64_t share_percent) {
    const std::int64_t span = d.count() * share_percent / 100;
    if (span <= 0) return d;
    const auto offset =
        static_cast<std::int64_t>(next() % static_cast<std::uint64_t>(2 * span + 1));
    return Duration{d.count() - span + offset};
  }

 private:
  std::uint64_t state_;
};

}  // namespace nbkeys::base
