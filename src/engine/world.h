#pragma once
// Everything that the engine knows, in one place: the last known objects, the account, and what is
// in the air.

#include <algorithm>
#include <map>
#include <set>
#include <string>

#include "base/check.h"
#include "base/linked_hash_map.h"
#include "cache/mark.h"
#include "cache/store.h"
#include "engine/account.h"
#include "engine/clock_steps.h"
#include "engine/flight.h"
#include "engine/options.h"
#include "engine/pace.h"
#include "kube/members.h"
#include "kube/secret.h"
#include "kube/setup_key.h"

namespace nbkeys::kube {

// Store finds these by the types' namespace.
inline const ObjectRef& ref_of(const SetupKey& object) { return object.meta.ref; }
inline const std::string& version_of(const SetupKey& object) {
  return object.meta.resource_version;
}
inline const ObjectRef& ref_of(const SecretMeta& object) { return object.ref; }
inline const std::string& version_of(const SecretMeta& object) { return object.resource_version; }

}  // namespace nbkeys::kube

namespace nbkeys::engine {

struct World {
  explicit World(const Options& started_with)
      : account(started_with.account, started_with.resync,
                static_cast<std::size_t>(std::max(1, started_with.concurrency)), started_with.seed),
        options(started_with) {}

  // REQUIRES: an action's own word for its account
  Account& account_named(const std::string& name) {
    CHECK(name == account.name());
    return account;
  }

  // As the marks of this installation's keys name the SetupKey with this UID.
  std::string owner_of(const std::string& uid) const {
    return cache::owner_of(uid, options.identity);
  }

  cache::Store<kube::SetupKey> setup_keys;
  cache::Store<kube::SecretMeta> secrets;
  // Which SetupKeys name a Secret that is not called like themselves.
  std::map<kube::ObjectRef, std::set<kube::ObjectRef>> by_secret;
  base::LinkedHashMap<kube::ObjectRef, Flight, kube::ObjectRefHash> flights;
  Account account;
  ClockSteps clock;
  Pace pace;
  const Options& options;
};

inline kube::ObjectRef secret_ref(const kube::SetupKey& resource) {
  return {resource.meta.ref.name_space, resource.spec.secret_name};
}

}  // namespace nbkeys::engine
