#pragma once
// SetupKeys joined with NetBird's own list: which key is whose, and where the two disagree. Pure:
// the keys are to be listed before the SetupKeys, so that a key's SetupKey, if it exists at all, is
// among them.

#include <string>
#include <vector>

#include "base/time.h"
#include "cache/role.h"
#include "kube/setup_key.h"
#include "plugin/account.h"

namespace nbkeys::plugin {

// A disagreement or a concern: `kind` for programs, `message` for people.
struct Remark {
  std::string kind;
  std::string message;
};

struct OwnedKey {
  const ListedKey* key = nullptr;
  cache::KeyRole role = cache::KeyRole::kUnknownOrigin;
};

struct JoinedSetupKey {
  const kube::SetupKey* resource = nullptr;
  std::vector<OwnedKey> keys;
  std::vector<Remark> remarks;

  const ListedKey* active() const;
};

struct Joined {
  std::vector<JoinedSetupKey> setup_keys;  // in the order given
  std::vector<const ListedKey*> unowned;   // marked, but by no SetupKey that was given
  std::vector<const ListedKey*> hand_made;
};

struct JoinOptions {
  base::WallTime now;
  base::Duration unused_after{0};  // 0: do not ask
  std::string identity = {};       // of the installation; see cache/mark.h
};

// `account` null: NetBird is not known, and nothing is said about it. Points into both.
Joined join(const std::vector<kube::SetupKey>& setup_keys, const Account* account,
            const JoinOptions& options);

cache::KeyRole role_of(const kube::SetupKey& owner, const ListedKey& key);

// Since when a key that could enrol peers has not done so; nothing where it cannot or that is not
// long ago. `issued` bounds it for keys that were never used.
std::optional<base::Duration> unused_for(const ListedKey& key, std::optional<base::WallTime> issued,
                                         const JoinOptions& options);

}  // namespace nbkeys::plugin
