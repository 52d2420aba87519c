#pragma once
// Our resource: what a user declares (Spec) and what we record (KeyStatus), read from JSON and
// written back.

#include <cstdint>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "kube/meta.h"
#include "kube/ticket_word.h"

namespace nbkeys::kube {

enum class KeyType { kReusable, kOneOff };
enum class DeletionPolicy { kDelete, kRevoke, kRetain };

std::string_view key_type_name(KeyType type);  // as NetBird and the CRD spell it

struct GroupRef {  // exactly one of the two is set
  std::string id;
  std::string name;
  bool operator==(const GroupRef&) const = default;
};

struct Rotation {
  bool enabled = true;  // policy: RenewBefore or Disabled
  std::optional<base::Duration> renew_before;
  std::optional<int> renew_before_percentage;  // the share of the lifetime that remains
  std::optional<base::Duration> interval;
  std::optional<int> usage_percent;
  bool on_overused = false;
  base::Duration overlap{3'600'000};
};

// By which a template is compared with what a Secret has; see secret.h.
struct TemplateDigests {
  std::string record;
  std::string entries;  // labels and annotations
  std::string data;
};

struct SecretTemplate {
  std::map<std::string, std::string> labels;
  std::map<std::string, std::string> annotations;
  std::map<std::string, std::string> data;
  std::string type;  // empty: Opaque
  // In place of labels, annotations and data, where those are many bytes that only a write needs;
  // see slimmed().
  std::optional<TemplateDigests> digests = std::nullopt;
  bool whole() const { return !digests; }
  bool empty() const { return labels.empty() && annotations.empty() && data.empty() && !digests; }
};

// What NetBird cannot change on a key once it is made: a difference here issues a new key.
struct KeySettings {
  std::string display_name;
  KeyType type = KeyType::kReusable;
  std::int64_t usage_limit = 0;  // 0: unlimited
  base::Duration expires_in{0};  // 0: never
  bool ephemeral = false;
  bool allow_extra_dns_labels = false;
};

struct Spec {
  KeySettings settings;
  std::vector<GroupRef> auto_groups;
  bool revoked = false;
  std::string secret_name;
  std::string secret_key;
  SecretTemplate secret_template;
  Rotation rotation;
  int revision_history_limit = 3;
  DeletionPolicy deletion_policy = DeletionPolicy::kDelete;
  bool suspend = false;
};

// A short digest of all that only a new key can change, as status.settingsDigest records it: the
// settings, and the name of the Secret's entry (the plaintext is not kept, so it cannot be moved to
// another entry).
std::string settings_digest(const Spec& spec);

struct Condition {
  std::string type;
  bool status = false;
  std::string reason;
  std::string message;
  base::WallTime last_transition;
  std::int64_t observed_generation = 0;
};

struct Ticket {                // see ticket.h
  std::uint32_t revision = 0;  // that it was drawn for
  TicketWord word;
  bool operator==(const Ticket&) const = default;
};

struct Claim {
  std::uint32_t revision = 0;
  base::WallTime since;
  std::string
      reason;  // why a key is being issued; goes on with the next claim when this one is burnt
  std::string rotate;  // value of the rotate annotation that this claim answers
  TicketWord ticket = {};
};

struct PreviousKey {
  std::string key_id;
  std::uint32_t revision = 0;
  base::WallTime retire_at;
};

struct Repairs {  // new keys that nobody asked for, since the last quiet lifetime
  int count = 0;
  std::optional<base::WallTime> last_time;
};

struct AccountInUse {  // where the keys live
  std::string name;    // here
  std::string id;      // at NetBird
};

struct Binding {  // the Secret as it was when its key was last known to be right
  std::string name;
  std::string uid;
  std::string resource_version;
};

struct KeyStatus {
  std::int64_t observed_generation = -1;
  std::vector<Condition> conditions;
  std::string state;  // valid, overused, expired, revoked, missing
  std::string key_id;
  std::string key_prefix;
  std::string key_digest;
  std::string settings_digest;
  std::uint32_t revision = 0;       // of the key in use; 0: none
  std::uint32_t last_revision = 0;  // the highest ever claimed
  std::vector<Ticket> tickets;      // of the last claims; see ticket.h
  std::uint32_t last_without_ticket = 0;
  std::uint32_t revoked_revision = 0;  // the revision that spec.revoked asked to revoke
  std::optional<Claim> claim;
  Binding binding;
  std::optional<base::WallTime> issued_at;
  std::optional<base::WallTime> expires_at;
  std::optional<base::WallTime> renewal_time;
  std::optional<std::int64_t> used_times;  // nothing before the first key
  std::optional<base::WallTime> last_used;
  std::optional<base::WallTime> last_rotation_time;
  std::string last_rotation_reason;
  std::vector<PreviousKey> previous_keys;
  int failed_issuance_attempts = 0;
  std::optional<base::WallTime> last_failure_time;
  Repairs repairs;
  AccountInUse account;
  std::string last_handled_rotate;
  std::vector<std::string> auto_group_ids;
};

struct SetupKey {
  Meta meta;
  Spec spec;
  std::string spec_error;  // why the spec cannot be used, in words; empty where it can
  KeyStatus status;
  std::string rotate;  // value of the annotation
  bool abandon = false;
  std::string accept_account;  // value of the annotation: the id of another account that is meant
  // Values of annotations, ids of keys of unknown origin: to be ended, and to be left where they
  // are.
  std::vector<std::string> end_keys, leave_keys;
};

// kMalformed only where the object has no usable metadata; a bad spec is told in spec_error.
// `also_refused` is what an installation adds to the entries that no secretTemplate may hold (see
// refused.h); such entries are told in spec_error and left out of what was read.
base::Result<SetupKey> parse_setup_key(const nlohmann::json& object,
                                       const std::vector<std::string>& also_refused = {});

nlohmann::json status_json(const KeyStatus& status);

// The condition of that type; null where there is none.
const Condition* condition_of(const KeyStatus& status, std::string_view type);

}  // namespace nbkeys::kube
