#include "engine/rotate.h"

#include <algorithm>

namespace nbkeys::engine {
namespace {

// A key lives so long before a plan replaces it. The schema refuses less; an object that came from
// before that rule is treated as if it asked for this.
constexpr base::Duration kLifeMin{3'600'000};

std::optional<base::WallTime> expiry_renewal(const kube::Rotation& rotation,
                                             base::WallTime issued_at,
                                             std::optional<base::WallTime> expires_at) {
  if (!expires_at) return std::nullopt;
  const base::Duration lifetime = std::max(*expires_at - issued_at, base::Duration{0});
  base::Duration before = lifetime / 3;
  if (rotation.renew_before_percentage) before = lifetime * *rotation.renew_before_percentage / 100;
  if (rotation.renew_before) before = *rotation.renew_before;
  // A margin that is as long as the life itself would issue key after key.
  before = std::min(before, std::max(lifetime - kLifeMin, lifetime / 100));
  return *expires_at - before;
}

}  // namespace

const char* reason_name(IssueReason reason) {
  switch (reason) {
    case IssueReason::kFirstIssue: return "FirstIssue";
    case IssueReason::kSpecChanged: return "SpecChanged";
    case IssueReason::kRequested: return "Requested";
    case IssueReason::kUnrevoked: return "Unrevoked";
    case IssueReason::kSecretMissing: return "SecretMissing";
    case IssueReason::kSecretAltered: return "SecretAltered";
    case IssueReason::kKeyMissing: return "KeyMissing";
    case IssueReason::kExpiring: return "Expiring";
    case IssueReason::kExpiredEarly: return "ExpiredEarly";
    case IssueReason::kInterval: return "Interval";
    case IssueReason::kUsage: return "Usage";
    case IssueReason::kOverused: return "Overused";
  }
  return "FirstIssue";
}

bool is_repair(std::string_view reason) {
  return reason == reason_name(IssueReason::kSecretMissing) ||
         reason == reason_name(IssueReason::kSecretAltered) ||
         reason == reason_name(IssueReason::kKeyMissing) ||
         reason == reason_name(IssueReason::kExpiredEarly);
}

bool is_asked_for(std::string_view reason) {
  return reason == reason_name(IssueReason::kSpecChanged) ||
         reason == reason_name(IssueReason::kRequested) ||
         reason == reason_name(IssueReason::kUnrevoked);
}

std::optional<base::WallTime> renewal_time(const kube::Rotation& rotation, base::WallTime issued_at,
                                           std::optional<base::WallTime> expires_at) {
  if (!rotation.enabled) return std::nullopt;
  std::optional<base::WallTime> due = expiry_renewal(rotation, issued_at, expires_at);
  if (rotation.interval && rotation.interval->count() > 0) {
    const base::WallTime by_interval = issued_at + std::max(*rotation.interval, kLifeMin);
    if (!due || by_interval < *due) due = by_interval;
  }
  return due;
}

bool interval_too_short(const kube::Rotation& rotation) {
  return rotation.enabled && rotation.interval && rotation.interval->count() > 0 &&
         *rotation.interval < kLifeMin;
}

bool expiry_is_due(const kube::Rotation& rotation, base::WallTime issued_at,
                   std::optional<base::WallTime> expires_at, base::WallTime now) {
  const auto due = expiry_renewal(rotation, issued_at, expires_at);
  return rotation.enabled && due && *due <= now;
}

}  // namespace nbkeys::engine
