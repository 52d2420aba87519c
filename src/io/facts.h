#pragma once
// What the engine tells metrics when it is asked, as plain data: how it stands now (Vitals), and
// one row of facts for each SetupKey. Nothing in here is kept between two scrapes.

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>

#include "base/time.h"

namespace nbkeys::io {

// How long things took, in buckets: each bucket counts what is within its bound and beyond the one
// before, the last one whatever is beyond all bounds.
struct Durations {
  static constexpr std::array<std::int64_t, 12> kBoundsMs = {
      5, 10, 25, 50, 100, 250, 500, 1'000, 2'500, 5'000, 10'000, 30'000};
  std::array<std::uint64_t, kBoundsMs.size() + 1> counts{};
  std::int64_t sum_ms = 0;

  void add(base::Duration took) {
    std::size_t bucket = 0;
    while (bucket < kBoundsMs.size() && took.count() > kBoundsMs[bucket]) ++bucket;
    ++counts[bucket];
    sum_ms += took.count();
  }
};

// How turns ended, since the start of the process.
struct Turns {
  std::uint64_t success = 0;        // nothing to do, and no date to wait for
  std::uint64_t requeue = 0;        // a request was answered, so the SetupKey goes on at once
  std::uint64_t requeue_after = 0;  // nothing to do before a known moment
  std::uint64_t error = 0;          // a request failed
  Durations took;                   // from a turn's begin to its answer
  Durations waited;                 // from being queued to the turn's begin
  std::uint64_t queued = 0;
  std::uint64_t short_of_budget = 0;  // turns that waited for --netbird-requests-per-minute
};

// Keys of the account by what they are to us.
struct AccountKeys {
  std::uint64_t in_use = 0;          // the key in a SetupKey's Secret
  std::uint64_t previous = 0;        // replaced, in its overlap
  std::uint64_t issuing = 0;         // made, and about to be in its Secret
  std::uint64_t stray = 0;           // our mark, and no use: will be deleted
  std::uint64_t unknown_origin = 0;  // our mark, and not made by us: left alone
  std::uint64_t elsewhere = 0;       // a mark whose SetupKey is not known here
  std::uint64_t unmarked = 0;        // not made by this operator
};

struct Vitals {
  bool leading = false;
  std::uint64_t setup_keys = 0;
  std::uint64_t queue_depth = 0;
  std::uint64_t in_flight = 0;
  std::uint64_t concurrency = 0;
  base::Duration in_flight_total{0};    // ages of the turns under way, added up
  base::Duration in_flight_longest{0};  // the oldest of them
  Turns turns;
  // The rest means nothing unless this replica leads.
  bool account_ready = false;
  base::Duration account_paused{0};  // until the next call after a failure
  base::Duration snapshot_age{0};    // of the list of keys; without one, since the term began
  base::Duration resync{0};
  AccountKeys account_keys;
};

// The views last as long as the call that hands the facts over.
struct SetupKeyFacts {
  std::string_view name_space, name;
  std::string_view type;    // reusable, one-off
  std::string_view state;   // of the key at NetBird; empty before the first one
  std::string_view secret;  // the name
  bool ready = false;
  std::string_view reason;        // of the condition Ready
  std::string_view unknown_keys;  // the reason of the condition of that name; empty: there is none
  std::optional<base::WallTime> expires, renewal;
  std::optional<std::int64_t> used_times;
  std::int64_t usage_limit = 0;  // 0: none
};

using SetupKeyVisitor = std::function<void(const SetupKeyFacts&)>;

}  // namespace nbkeys::io
