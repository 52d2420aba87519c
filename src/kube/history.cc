#include "kube/history.h"

#include <algorithm>
#include <utility>

#include "kube/meta.h"

namespace nbkeys::kube {

void History::seen(const std::string& version) {
  newest_ = std::max(newest_, version_number(version));
}

void History::list_begun(std::uint64_t known) { horizon_ = std::max(newest_, known); }

History::Verdict History::list_ended(const std::string& version, base::Instant now) {
  const std::uint64_t at = version_number(version);
  const bool believed = std::exchange(older_is_believed_, false);
  if (at == 0 || at >= horizon_) {
    behind_since_.reset();
    seen(version);
    return Verdict::kGoesOn;
  }
  if (!behind_since_) behind_since_ = now;
  if (!believed && now < *decided_at()) return Verdict::kBehind;
  behind_since_.reset();
  newest_ = at;
  return Verdict::kWentBack;
}

std::optional<base::Instant> History::decided_at() const {
  if (!behind_since_) return std::nullopt;
  return *behind_since_ + kLag;
}

}  // namespace nbkeys::kube
