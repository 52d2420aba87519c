#pragma once
// What a key at NetBird with a SetupKey's mark is to that SetupKey. A list never makes a key ours:
// a copy of the cluster makes keys with the same mark. Ours is what status refers to, and what was
// made for a claim whose ticket is known; only ours are ended.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "kube/setup_key.h"

namespace nbkeys::cache {

enum class KeyRole {
  kInUse,
  kPrevious,       // replaced, lives until its overlap is over
  kIssuing,        // of the open claim
  kStray,          // made by an issue that did not finish, or given up by a person's annotation
  kUnknownOrigin,  // somebody else's, as far as can be known: left alone and told
};
std::string_view role_name(KeyRole role);

struct MarkedId {  // of a key: what its role depends on
  const std::string& id;
  std::uint32_t revision = 0;
  kube::TicketWord ticket;
};
// `remembered`: tickets that status had earlier, where the caller knows of any.
KeyRole role_of(const kube::SetupKey& owner, const std::vector<kube::Ticket>& remembered,
                const MarkedId& key);

}  // namespace nbkeys::cache
