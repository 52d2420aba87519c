#pragma once
// Everything that decide may look at, about one SetupKey at one moment: facts only.

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/time.h"
#include "cache/inventory.h"
#include "cache/role.h"
#include "engine/clock_steps.h"
#include "engine/flight.h"
#include "kube/secret.h"
#include "kube/setup_key.h"

namespace nbkeys::engine {

enum class SecretState {
  kUnknown,  // not in the watch and not looked for: absent, foreign, or stripped of its label
  kAbsent,
  kForeign,
  kOurs,
};

enum class ContentState { kUnchecked, kRight, kKeyAltered, kTemplateAltered };

struct SecretFacts {
  SecretState state = SecretState::kUnknown;
  const kube::SecretMeta* meta = nullptr;  // with kOurs and kForeign in the watch
  ContentState content = ContentState::kUnchecked;
  bool key_in_use = false;  // read live: its key is the one that status records
};

enum class AccountState {
  kReady,
  kUnknown,      // nothing heard yet since start
  kRefused,      // 401, no token, or no right to list: a person has to act
  kRateLimited,  // it takes fewer calls than there are; they go one by one
  kFailing,      // lists fail, or no connection: paused
};

struct AccountFacts {
  std::string name;
  AccountState state = AccountState::kUnknown;
  std::string problem;  // in words, without numbers that change
  std::optional<cache::SnapshotTime> snapshot;
  std::optional<base::Instant> before;  // when the list before that began
  // When the youngest key that a list has shown was made, by NetBird's clock.
  std::optional<base::WallTime> youngest_shown;
  bool stale = false;              // no whole list for three resyncs
  std::optional<std::string> id;   // at NetBird; none where it could not be asked
  bool id_asked = false;           // in this term, with or without an answer
  bool right_asked = false;        // to write; of this token, with or without an answer
  std::string right_missing;       // why the token may not write, in words; empty: it may
  base::Duration clock_offset{0};  // NetBird's clock less ours
  // When this term began, by NetBird's clock: that of its first answer.
  std::optional<base::WallTime> term_began;
  bool repair_allowed = true;  // the brake on keys that nobody asked for lets one more
  base::Instant repair_at;     // when it will
};

struct GroupFacts {
  enum class State { kResolved, kNotLoaded, kMissing, kAmbiguous } state = State::kResolved;
  std::vector<std::string> ids;  // sorted, without repeats
  std::string name;              // the one that is missing or ambiguous
  std::string problem;           // why the list of groups cannot be had
};

struct Observed {
  const kube::SetupKey& resource;
  const Flight& flight;
  SecretFacts secret;
  const std::vector<cache::MarkedKey>& keys;  // at NetBird, with this resource's mark
  AccountFacts account;
  GroupFacts groups;
  base::Duration request_timeout{30'000};
  base::Duration resync{300'000};
  base::Now now;
  // Of the keys that status refers to: those that lists which can be believed no longer have.
  std::vector<std::string> gone;
  // Somebody's write of a Secret in this namespace has failed, and none has worked since.
  bool secret_writes_fail = false;
  // When this process began, and when its wall clock was last set since.
  base::Instant began;
  std::optional<ClockStep> clock_step;

  bool lists_lack(const std::string& key_id) const {
    return std::find(gone.begin(), gone.end(), key_id) != gone.end();
  }
  // Expiry and lifetime are NetBird's, so they are told by its clock.
  base::WallTime netbird_now() const { return now.wall + account.clock_offset; }
};

// The same facts with another resource in the place of its own. REQUIRES: `resource` outlives it
Observed seen_as(const Observed& o, const kube::SetupKey& resource);

// What one of `o.keys` is to the SetupKey.
cache::KeyRole role_of(const Observed& o, const cache::MarkedKey& key);
// A peer can enrol with it, now or again after its limit is raised.
bool can_enrol(const cache::MarkedKey& key);

// The key in use as NetBird has it; null where it is not in the inventory.
const cache::MarkedKey* active_key(const Observed& o);

// Our finalizer, not just any.
bool has_finalizer(const Observed& o);

// The last list was asked for after this process knew of the key in use, and after any write whose
// outcome is unknown.
bool list_is_newer(const Observed& o);

// The key in use is not at NetBird. A list alone is no proof: it may be behind, so a key that none
// has shown yet is gone when two lists lack it, the second one a while later.
bool key_is_missing(const Observed& o);
// When a list would tell more about the key in use than those that we have.
base::Instant missing_told_at(const Observed& o);

// NetBird takes this account's calls, though maybe few at a time, and its keys are known.
bool account_answers(const Observed& o);

// When a wait that began at `since` by the wall clock is over. A clock that has been set since
// makes it neither longer than it is, nor shorter.
base::Instant wait_over(const Observed& o, base::WallTime since, base::Duration length);

// A NetBird write of this resource has an outcome that only a list can tell, and there is none yet.
bool awaits_list(const Observed& o);

}  // namespace nbkeys::engine
