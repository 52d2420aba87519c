#pragma once
// What decide can ask for: each action is exactly one request.

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/time.h"
#include "kube/requests.h"
#include "kube/setup_key.h"

namespace nbkeys::engine {

struct Rest {};          // nothing to do until wake_at or until something changes
struct ReadSetupKey {};  // live, after a stale or unknown write
struct AddFinalizer {};
struct RemoveFinalizer {};
struct WriteStatus {};  // Decision::next, where it differs from what is stored
struct Claim {          // Decision::next, and from then on this process may POST the revision once
  std::uint32_t revision = 0;
};
struct CreateKey {
  std::uint32_t revision = 0;
};
struct LookForSecret {};     // metadata only: absent, foreign or ours
struct ReadSecret {};        // whole, once: the digest is compared and the content dropped
struct TryWritingSecret {};  // as a dry run
struct WriteSecret {};       // the held key
struct RepairSecret {};      // metadata and template entries, not the key
struct UpdateGroups {        // PUT
  std::string key_id;
};
struct RevokeKey {  // PUT
  std::string key_id;
  bool clear_groups = false;  // a revoked key still pins its groups (netbird #2561)
};
struct DeleteKey {
  std::string key_id;
};

using Action = std::variant<Rest, ReadSetupKey, AddFinalizer, RemoveFinalizer, WriteStatus, Claim,
                            CreateKey, LookForSecret, ReadSecret, TryWritingSecret, WriteSecret,
                            RepairSecret, UpdateGroups, RevokeKey, DeleteKey>;

// For logs and metrics.
const char* action_name(const Action& action);

// Whose turn it is when the account's budget is short; lower goes first.
enum class Priority { kRetire = 0, kFirstIssue = 1, kRotation = 2, kOther = 3 };

struct Decision {
  Action action = Rest{};
  // A read that will be wanted next and does not depend on the action: goes out together with it.
  std::optional<Action> beside;
  kube::KeyStatus next;  // what status should say when this decision has been carried out
  Priority priority = Priority::kOther;
  std::optional<base::Instant> wake_at;
  std::optional<kube::Event> event;  // told when the action is done
  bool wants_list = false;           // a list of keys that begins now
  bool wants_groups = false;         // likewise of groups
};

}  // namespace nbkeys::engine
