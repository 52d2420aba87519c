#include "kube/ticket.h"

#include <algorithm>

namespace nbkeys::kube {
namespace {

std::uint32_t newest_in(const std::vector<Ticket>& book) {
  std::uint32_t out = 0;
  for (const Ticket& ticket : book) out = std::max(out, ticket.revision);
  return out;
}

}  // namespace

Ticket open_claim(const KeyStatus& status) {
  if (!status.claim) return {};
  Ticket out{status.claim->revision, status.claim->ticket};
  const auto& book = status.tickets;
  if (std::find(book.begin(), book.end(), out) == book.end()) out.word = {};
  return out;
}

bool carries_claim(const SecretMeta& secret, const KeyStatus& status) {
  const Ticket claim = open_claim(status);
  if (claim.revision == 0 || secret.revision != claim.revision) return false;
  return claim.word.empty() || secret.ticket.empty() || secret.ticket == claim.word;
}

std::uint32_t last_without_ticket(const KeyStatus& status) {
  const bool others_since = status.last_revision > newest_in(status.tickets);
  return others_since ? status.last_revision : status.last_without_ticket;
}

void enter_ticket(KeyStatus& next, Ticket ticket,
                  const std::function<bool(TicketWord)>& still_needed) {
  std::vector<Ticket>& book = next.tickets;
  if (std::find(book.begin(), book.end(), ticket) != book.end()) return;
  book.push_back(ticket);
  while (book.size() > kBookMax) {
    const auto out = std::find_if(book.begin(), std::prev(book.end()),
                                  [&](const Ticket& t) { return !still_needed(t.word); });
    if (out != std::prev(book.end())) {
      book.erase(out);
    } else if (book.size() > kBookNeededMax) {
      book.erase(book.begin());
    } else {
      return;
    }
  }
}

}  // namespace nbkeys::kube
