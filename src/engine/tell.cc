#include "engine/tell.h"

#include <algorithm>
#include <array>

#include "base/hash.h"

namespace nbkeys::engine {
namespace {

// A cause that was not met for so long is news again; one that is met all the time, after an hour.
constexpr base::Duration kQuiet{600'000}, kReminded{3'600'000};
// A burst of first issues is news of each; more than this is not remembered, so as to stay small.
constexpr std::size_t kRememberedMax = 4096;
constexpr std::uint32_t kPerAccountCause = 10;
// Beyond this many in the air the others wait, and beyond this many that wait they do no longer
// stand back, so that a burst of any size neither loses events nor gathers them.
constexpr std::size_t kInFlightMax = 8;
constexpr std::size_t kWaitingMax = 1024;
// With a server that answers none of them, the oldest are given up.
constexpr std::size_t kGivenUpBeyond = 2 * kWaitingMax;

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
    Name{"StatusDrift", "status_drift"},
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
    Name{"AccountChanged", "account_changed"},
    Name{"RepairLimited", "repair_limited"},
    Name{"RevocationBlocked", "revocation_blocked"},
    Name{"RetirementBlocked", "retirement_blocked"},
    Name{"DeletionBlocked", "deletion_blocked"},
    Name{"KeyLeftAlive", "key_left_alive"},
    Name{"UnknownOrigin", "keys_of_unknown_origin"},
    Name{"SecondInstallation", "second_installation"},
};

bool is_the_accounts(std::string_view reason) {
  return reason == "AccountNotReady" || reason == "RateLimited" || reason == "APIError" ||
         reason == "DeletionBlocked";
}

// Somebody who keeps undoing our work, or losing NetBird's answers, is one cause, whichever key it
// hits each time.
bool is_a_fight(std::string_view reason) {
  return reason == "SecretDataDrift" || reason == "StrayDeleted";
}

}  // namespace

const char* log_event_of(std::string_view reason) {
  const auto found = std::find_if(kNames.begin(), kNames.end(),
                                  [reason](const Name& name) { return name.reason == reason; });
  return found == kNames.end() ? "setupkey_event" : found->log_event;
}

bool EventGate::admit(std::string_view uid, const kube::Event& event, base::Instant now) {
  forget(now);
  const bool shared = is_the_accounts(event.reason);
  std::string cause = event.reason;
  if (!is_a_fight(event.reason)) cause += "\n" + event.message;
  if (!shared) cause.append("\n").append(uid);
  // A digest, because messages are long and many may be remembered.
  cause = base::sha256_hex(cause).substr(0, 16);
  auto known = known_.find(cause);
  if (known != known_.end() && now - known->second.met >= kQuiet) {
    known_.erase(known);
    known = known_.end();
  }
  if (known == known_.end()) {
    known_[cause] = {1, now, now};
    passed_.emplace_back(now, std::move(cause));
    return true;
  }
  known->second.met = now;
  if (!shared || known->second.times >= kPerAccountCause) return false;
  ++known->second.times;
  return true;
}

void EventGate::forget(base::Instant now) {
  while (!passed_.empty() &&
         (now - passed_.front().first >= kReminded || passed_.size() > kRememberedMax)) {
    const auto known = known_.find(passed_.front().second);
    if (known != known_.end() && known->second.told == passed_.front().first) known_.erase(known);
    passed_.pop_front();
  }
}

bool Teller::tell(const kube::Meta& about, const kube::Event& event, base::Now now) {
  if (!gate_.admit(about.uid, event, now.mono)) return false;
  const std::string suffix =
      base::sha256_hex(about.uid + event.reason + event.message + base::format_rfc3339(now.wall))
          .substr(0, 16);
  waiting_.push_back(kube::create_event(about, event, now.wall, suffix));
  if (waiting_.size() > kGivenUpBeyond) waiting_.pop_front();
  return true;
}

void Teller::send(bool others_wait, io::Outbox& out) {
  const std::size_t stand_back = others_wait ? kWaitingMax : 0;
  while (waiting_.size() > stand_back && in_flight_.size() < kInFlightMax) {
    in_flight_.insert(out.send(std::move(waiting_.front())));
    waiting_.pop_front();
  }
}

}  // namespace nbkeys::engine
