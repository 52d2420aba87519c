#pragma once
// Whether the server's history goes on from what it has shown of one collection. A list without a
// resourceVersion is a live read, so one that is older than what was seen before it began comes
// from a server that lags, or from one whose state was put back, as etcd from a backup. Who says so
// twice, some time apart, is believed. Knows neither objects nor requests.

#include <cstdint>
#include <optional>
#include <string>

#include "base/time.h"

namespace nbkeys::kube {

class History {
 public:
  // For so long a server may lag.
  static constexpr base::Duration kLag{10'000};

  // The server has shown something at this version.
  void seen(const std::string& version);
  std::uint64_t newest() const { return newest_; }

  // `known`: the newest version that was learnt in other ways.
  void list_begun(std::uint64_t known);
  enum class Verdict { kGoesOn, kBehind, kWentBack };
  Verdict list_ended(const std::string& version, base::Instant now);
  // Another collection of the same server has been put back, so a list that is older is no lag.
  void believe_older() { older_is_believed_ = true; }
  // When the next list decides whether the server lags.
  std::optional<base::Instant> decided_at() const;

 private:
  std::uint64_t newest_ = 0;
  std::uint64_t horizon_ = 0;  // what was known when the list began
  std::optional<base::Instant> behind_since_;
  bool older_is_believed_ = false;
};

}  // namespace nbkeys::kube
