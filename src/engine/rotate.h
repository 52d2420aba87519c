#pragma once
// When a key is due for replacement, and when a replaced one retires. Pure.

#include <optional>
#include <string_view>

#include "base/time.h"
#include "kube/setup_key.h"

namespace nbkeys::engine {

// Why a new key is issued; the names stand in status, events and metrics.
enum class IssueReason {
  kFirstIssue,
  kSpecChanged,
  kRequested,
  kUnrevoked,
  kSecretMissing,
  kSecretAltered,
  kKeyMissing,
  kExpiring,
  kExpiredEarly,
  kInterval,
  kUsage,
  kOverused,
};
const char* reason_name(IssueReason reason);
// Of a reason by its name: nobody asked for the key, somebody broke the one before.
bool is_repair(std::string_view reason);
// A person or the spec asks for it in so many words.
bool is_asked_for(std::string_view reason);

// When the clock alone will make a key due; nothing where it never will. Default: when a third of
// the real lifetime remains.
std::optional<base::WallTime> renewal_time(const kube::Rotation& rotation, base::WallTime issued_at,
                                           std::optional<base::WallTime> expires_at);

// The interval is shorter than the least there is, and counts as that: the CRD refuses it today,
// but a SetupKey may be older than the rule.
bool interval_too_short(const kube::Rotation& rotation);

// True where expiry, not the interval, is what makes the key due at `now`.
bool expiry_is_due(const kube::Rotation& rotation, base::WallTime issued_at,
                   std::optional<base::WallTime> expires_at, base::WallTime now);

}  // namespace nbkeys::engine
