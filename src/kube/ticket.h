#pragma once
// A ticket is a random word that is drawn for each claim. It stands in the claim, in the mark of
// the key that is made for it, and in the Secret. A copy of the cluster has the same UIDs and
// counts its revisions on from the same number, so only the ticket tells whose a key is. The book
// in status lists the last of them.

#include <cstdint>
#include <functional>

#include "kube/secret.h"
#include "kube/setup_key.h"

namespace nbkeys::kube {

// What identifies the open claim: its revision, and its ticket where it has one. A release before
// tickets leaves that of the claim that it replaces behind; such a claim has none. Revision 0:
// there is no claim.
Ticket open_claim(const KeyStatus& status);
// The Secret was written for the open claim.
bool carries_claim(const SecretMeta& secret, const KeyStatus& status);

// Up to this revision keys without a ticket are the SetupKey's own: those from before the first
// book, and those of a release before tickets that has worked on it since.
std::uint32_t last_without_ticket(const KeyStatus& status);

// The book keeps the last ones; an older one is left out first where `still_needed` says no.
inline constexpr std::size_t kBookMax = 16, kBookNeededMax = 32;
void enter_ticket(KeyStatus& next, Ticket ticket,
                  const std::function<bool(TicketWord)>& still_needed);

}  // namespace nbkeys::kube
