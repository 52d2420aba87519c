#pragma once
// Which keys with our mark nothing refers to, and which of them may be deleted without harm. Pure.

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/time.h"
#include "plugin/join.h"

namespace nbkeys::plugin {

// Ten times as long as a request to NetBird may take: whoever asked for a key has its answer by
// then, and has written it down or never will.
inline constexpr base::Duration kSafetyTime{300'000};

enum class StrayKind {
  kLeftOver,       // of a SetupKey that exists and has no use for it
  kUnknownOrigin,  // of a SetupKey that exists, and not made for it as far as its status can tell
  kOrphan,         // of no SetupKey of this cluster: kept on purpose, or another cluster's
};

struct Stray {
  const ListedKey* key = nullptr;
  StrayKind kind = StrayKind::kLeftOver;
  const kube::SetupKey* owner = nullptr;  // where there is one
  bool deletable = false;
  std::string why;  // it is a stray, or why it may not be deleted now
};

// The ids of the keys that the Secrets of the cluster carry; nothing where they cannot be listed.
using HeldKeys = std::optional<std::set<std::string>>;

// REQUIRES: `joined` is of every SetupKey of the cluster
std::vector<Stray> find_strays(const Joined& joined, const HeldKeys& held, base::WallTime now);

}  // namespace nbkeys::plugin
