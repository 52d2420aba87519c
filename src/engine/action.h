#pragma once
// What decide can ask for: each action is exactly one request.

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/backoff.h"
#include "base/time.h"
#include "io/http.h"
#include "kube/requests.h"
#include "kube/setup_key.h"

namespace nbkeys::engine {

struct Rest {};          // nothing to do until wake_at or until something changes
struct ReadSetupKey {};  // live, after a stale or unknown write
struct AddFinalizer {};
struct RemoveFinalizer {};
struct WriteStatus {  // where `next` differs from what is stored
  kube::KeyStatus next;
};
struct RestoreStatus {  // what somebody took away, or what went when the state was put back
  kube::KeyStatus next;
  std::string key_id;  // of the key that is taken up again; empty where none is
};
struct Claim {  // from then on this process may POST the revision once
  std::uint32_t revision = 0;
  kube::KeyStatus next;
  std::string account;
};
struct CreateKey {
  std::uint32_t revision = 0;
  std::string account;
  kube::TicketWord ticket = {};
};
struct LookForSecret {};     // metadata only: absent, foreign or ours
struct ReadSecret {};        // whole, once: the digest is compared and the content dropped
struct TryWritingSecret {};  // as a dry run
struct WriteSecret {};       // the held key
struct RepairSecret {};      // metadata and template entries, not the key
struct UpdateGroups {        // PUT
  std::string key_id;
  std::string account;
};
struct RevokeKey {  // PUT
  std::string key_id;
  bool clear_groups = false;  // a revoked key still pins its groups (netbird #2561)
  std::string account;
};
struct DeleteKey {
  std::string key_id;
  std::string account;
};

using Action =
    std::variant<Rest, ReadSetupKey, AddFinalizer, RemoveFinalizer, WriteStatus, RestoreStatus,
                 Claim, CreateKey, LookForSecret, ReadSecret, TryWritingSecret, WriteSecret,
                 RepairSecret, UpdateGroups, RevokeKey, DeleteKey>;

// What each action is; a new action does not compile until it has its row (action.cc).
struct ActionTraits {
  const char* name;  // for logs and metrics, and the step of an error
  io::Server server;
  // What it costs of its account's budget. A claim pays for the POST that follows, so that no claim
  // stays open for want of budget.
  enum class Cost { kNothing, kOneCall, kPaysForCreate, kPaidByClaim } cost;
  // What is asked of the server: each kind backs off on its own.
  enum class Kind {
    kNone,
    kReadSetupKey,
    kFinalizers,
    kStatus,
    kRestoreStatus,
    kReadSecret,
    kTrySecret,
    kWriteSecret,
    kRepairSecret,
    kCreateKey,
    kUpdateGroups,
    kRevokeKey,
    kDeleteKey,
  } kind;
  // After failures in a row. The longest wait is such that all is done within five minutes after a
  // fault has passed.
  base::BackoffBounds backoff{base::Duration{1'000}, base::Duration{285'000}};
};
const ActionTraits& traits_of(const Action& action);
inline const char* action_name(const Action& action) { return traits_of(action).name; }

// The account whose server, budget and health the action needs; empty where it needs none.
const std::string& account_of(const Action& action);
void name_account(Action& action, const std::string& account);
// The key at NetBird that it is about; empty where there is none, or none yet.
const std::string& key_of(const Action& action);
// What the status will say where the action writes it; else null.
const kube::KeyStatus* next_of(const Action& action);

// Who goes first when an account takes fewer calls than there are; lower goes first.
enum class Priority {
  kEnding = 0,           // revoke, delete, retire
  kFirstIssue = 1,       // a SetupKey without a key
  kAskedRotation = 2,    // a person or the spec asks
  kPlannedRotation = 3,  // what the spec plans
  kRepair = 4,           // what somebody else broke
  kList = 5,
};

struct Decision {
  Action action = Rest{};
  // A read that will be wanted next and does not depend on the action: goes out together with it.
  std::optional<Action> beside;
  Priority priority = Priority::kRepair;
  std::optional<base::Instant> wake_at;
  std::optional<kube::Event> event;  // told when the action is done
  // A list of keys that begins now, and how urgent what waits for it is.
  std::optional<Priority> wants_list;
  bool wants_groups = false;  // likewise of groups
  bool edited = false;        // what it wants is for an edit, and does not wait for a back-off
  bool tells = false;         // the action only says how things stand
};

}  // namespace nbkeys::engine
