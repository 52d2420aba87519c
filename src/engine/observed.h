#pragma once
// Everything that decide may look at, about one SetupKey at one moment: facts only.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/time.h"
#include "cache/inventory.h"
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
};

enum class AccountState {
  kReady,
  kUnknown,      // nothing heard yet since start
  kRefused,      // 401, 403, or no token: a person has to act
  kRateLimited,  // 429: paused
  kFailing,      // 5xx, malformed or no answer: paused
};

struct AccountFacts {
  AccountState state = AccountState::kUnknown;
  std::string problem;  // in words, without numbers that change
  std::optional<cache::SnapshotTime> snapshot;
  bool stale = false;  // no whole list for three resyncs
};

struct GroupFacts {
  enum class State { kResolved, kNotLoaded, kMissing, kAmbiguous } state = State::kResolved;
  std::vector<std::string> ids;  // sorted, without repeats
  std::string name;              // the one that is missing or ambiguous
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
};

// The key in use as NetBird has it; null where it is not in the inventory.
const cache::MarkedKey* active_key(const Observed& o);

// Our finalizer, not just any.
bool has_finalizer(const Observed& o);

// A list proves something about the key in use only if it was asked for after this process knew of
// the key, and after any write whose outcome is unknown.
bool list_is_proof(const Observed& o);

// A NetBird write of this resource has an outcome that only a list can tell, and there is none yet.
bool awaits_list(const Observed& o);

}  // namespace nbkeys::engine
