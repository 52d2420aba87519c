#include "engine/rotate.h"

#include <algorithm>

namespace nbkeys::engine {
namespace {

std::optional<base::WallTime> expiry_renewal(const kube::Rotation& rotation,
                                             base::WallTime issued_at,
                                             std::optional<base::WallTime> expires_at) {
  if (!expires_at) return std::nullopt;
  const base::Duration lifetime = std::max(*expires_at - issued_at, base::Duration{0});
  base::Duration before = lifetime / 3;
  if (rotation.renew_before_percentage) before = lifetime * *rotation.renew_before_percentage / 100;
  if (rotation.renew_before) before = *rotation.renew_before;
  // A margin that is as long as the life itself would issue key after key.
  before = std::min(before, lifetime * 99 / 100);
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
    case IssueReason::kInterval: return "Interval";
    case IssueReason::kUsage: return "Usage";
    case IssueReason::kOverused: return "Overused";
  }
  return "FirstIssue";
}

std::optional<base::WallTime> renewal_time(const kube::Rotation& rotation, base::WallTime issued_at,
                                           std::optional<base::WallTime> expires_at) {
  if (!rotation.enabled) return std::nullopt;
  std::optional<base::WallTime> due = expiry_renewal(rotation, issued_at, expires_at);
  if (rotation.interval && rotation.interval->count() > 0) {
    const base::WallTime by_interval = issued_at + *rotation.interval;
    if (!due || by_interval < *due) due = by_interval;
  }
  return due;
}

bool expiry_is_due(const kube::Rotation& rotation, base::WallTime issued_at,
                   std::optional<base::WallTime> expires_at, base::WallTime now) {
  const auto due = expiry_renewal(rotation, issued_at, expires_at);
  return rotation.enabled && due && *due <= now;
}

}  // namespace nbkeys::engine
