#pragma once
// A status in which nothing is empty.

#include "kube/setup_key.h"

namespace nbkeys::kube::testing {

inline KeyStatus full_status() {
  const auto at = [](std::int64_t s) {
    return base::WallTime{base::Duration{1'800'000'000'000 + s * 1'000}};
  };
  KeyStatus s;
  s.observed_generation = 4;
  s.conditions = {{"Ready", true, "Issued", "fine", at(1), 4},
                  {"KeyValid", false, "Expired", "old", at(2), 3}};
  s.state = "valid";
  s.key_id = "id1";
  s.key_prefix = "ABCDE";
  s.key_digest = "d1";
  s.settings_digest = "s1";
  s.revision = 7;
  s.last_revision = 9;
  s.revoked_revision = 6;
  s.tickets = {{8, "abcdefgh"}, {9, "ijklmnop"}};
  s.last_without_ticket = 5;
  s.claim = Claim{9, at(3), "Requested", "now", "ijklmnop"};
  s.binding = {"secret", "su", "88"};
  s.issued_at = at(4);
  s.expires_at = at(5);
  s.renewal_time = at(6);
  s.used_times = 0;
  s.last_used = at(7);
  s.last_rotation_time = at(8);
  s.last_rotation_reason = "Expiring";
  s.previous_keys = {{"id0", 5, at(9)}, {"id9", 6, at(10)}};
  s.failed_issuance_attempts = 2;
  s.last_failure_time = at(11);
  s.repairs = {3, at(12)};
  s.account = {"default", "account-1"};
  s.last_handled_rotate = "then";
  s.auto_group_ids = {"g1", "g2"};
  return s;
}

}  // namespace nbkeys::kube::testing
