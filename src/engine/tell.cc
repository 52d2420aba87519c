#include "engine/tell.h"

#include <algorithm>
#include <array>

#include "base/hash.h"

namespace nbkeys::engine {
namespace {

constexpr base::Duration kQuiet{600'000};
// A burst of first issues is news of each; more than this is not remembered, so as to stay small.
constexpr std::size_t kRememberedMax = 4096;
constexpr std::uint32_t kPerAccountCause = 10;

struct Name {
  std::string_view reason;
  const char* log_event;
};
constexpr std::array kNames = {
    Name{"Issued", "key_issued"},
    Name{"Rotated", "key_rotated"},
    Name{"Revoked", "key_revoked"},
    Name{"Retired", "key_retired"},
    Name{"Deleted", "key_deleted"},
    Name{"StrayDeleted", "stray_deleted"},
    Name{"Adopted", "key_adopted"},
    Name{"GroupsUpdated", "groups_updated"},
    Name{"SecretDataDrift", "secret_drift"},
    Name{"SecretConflict", "secret_conflict"},
    Name{"RevokedExternally", "key_revoked_externally"},
    Name{"DeletedExternally", "key_deleted_externally"},
    Name{"Expired", "key_expired"},
    Name{"Overused", "key_overused"},
    Name{"InvalidSpec", "spec_invalid"},
    Name{"GroupNotFound", "group_not_found"},
    Name{"AccountNotReady", "setupkey_waits_for_account"},
    Name{"RateLimited", "setupkey_rate_limited"},
    Name{"APIError", "setupkey_api_error"},
    Name{"DeletionBlocked", "deletion_blocked"},
};

bool is_the_accounts(std::string_view reason) {
  return reason == "AccountNotReady" || reason == "RateLimited" || reason == "APIError" ||
         reason == "DeletionBlocked";
}

}  // namespace

const char* log_event_of(std::string_view reason) {
  const auto found = std::find_if(kNames.begin(), kNames.end(),
                                  [reason](const Name& name) { return name.reason == reason; });
  return found == kNames.end() ? "setupkey_event" : found->log_event;
}

bool EventGate::admit(std::string_view uid, const kube::Event& event, base::Instant now) {
  while (!passed_.empty() &&
         (now - passed_.front().first >= kQuiet || passed_.size() > kRememberedMax)) {
    known_.erase(passed_.front().second);
    passed_.pop_front();
  }
  const bool shared = is_the_accounts(event.reason);
  std::string cause = event.reason;
  // Somebody who keeps undoing our work is one cause, whichever key it hits each time.
  if (event.reason != "SecretDataDrift") cause += "\n" + event.message;
  if (!shared) cause.append("\n").append(uid);
  // A digest, because messages are long and many may be remembered.
  cause = base::sha256_hex(cause).substr(0, 16);
  std::uint32_t& times = known_[cause];
  if (times >= (shared ? kPerAccountCause : 1)) return false;
  if (++times == 1) passed_.emplace_back(now, std::move(cause));
  return true;
}

}  // namespace nbkeys::engine
