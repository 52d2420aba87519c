#include "cache/role.h"

#include <algorithm>

#include "base/mutation.h"
#include "kube/ticket.h"

namespace nbkeys::cache {
namespace {

bool knows(const std::vector<kube::Ticket>& book, const MarkedId& key) {
  return std::any_of(book.begin(), book.end(), [&key](const kube::Ticket& ticket) {
    if (MUTATION(tickets_not_compared)) return ticket.revision == key.revision;
    return ticket.word == key.ticket;
  });
}

bool contains(const std::vector<std::string>& ids, const std::string& id) {
  return std::find(ids.begin(), ids.end(), id) != ids.end();
}

}  // namespace

std::string_view role_name(KeyRole role) {
  switch (role) {
    case KeyRole::kInUse: return "in use";
    case KeyRole::kPrevious: return "previous";
    case KeyRole::kIssuing: return "issuing";
    case KeyRole::kStray: return "stray";
    case KeyRole::kUnknownOrigin: return "unknown origin";
  }
  return "unknown origin";
}

KeyRole role_of(const kube::SetupKey& owner, const std::vector<kube::Ticket>& remembered,
                const MarkedId& key) {
  const kube::KeyStatus& s = owner.status;
  if (!key.id.empty() && key.id == s.key_id) return KeyRole::kInUse;
  for (const kube::PreviousKey& previous : s.previous_keys) {
    if (previous.key_id == key.id) return KeyRole::kPrevious;
  }
  const kube::Ticket claim = kube::open_claim(s);
  if (claim.revision != 0 && claim.word == key.ticket) {
    if (!key.ticket.empty() || claim.revision == key.revision) return KeyRole::kIssuing;
  }
  const bool ours = key.ticket.empty() ? key.revision <= kube::last_without_ticket(s)
                                       : knows(s.tickets, key) || knows(remembered, key);
  if (MUTATION(lists_make_ours)) return KeyRole::kStray;
  return ours || contains(owner.end_keys, key.id) ? KeyRole::kStray : KeyRole::kUnknownOrigin;
}

}  // namespace nbkeys::cache
