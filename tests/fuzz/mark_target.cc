// The mark in a key's name at NetBird, where names are free text of anybody.

#include "cache/mark.h"
#include "fuzz/target.h"
#include "kube/ticket_word.h"

namespace nbkeys::fuzz {

FUZZ_TARGET(mark) {
#ifdef NBKEYS_PLANTED
  // A bug of the kind that is looked for, in the build that tries whether it would be found.
  if (const auto planted = cache::parse_mark(bytes)) PROMISE(planted->revision != 4096);
#endif
  constexpr std::size_t kMarkMax = sizeof(" [k8s-0123456789abcdef-r4294967295]") - 1;
  if (const auto mark = cache::parse_mark(bytes)) {
    PROMISE(mark->owner.size() == 16);
    PROMISE(mark->revision > 0);
    const std::size_t open = bytes.rfind(" [k8s-");
    PROMISE(bytes.size() - open <= kMarkMax);
    // A mark has one spelling: what is read is what we would have written.
    const std::size_t ticket = mark->ticket.empty() ? 0 : 2 + kube::TicketWord::kLength;
    PROMISE(cache::marked_name(bytes.substr(0, open - ticket), *mark) == bytes);
  }
  // Whatever a user chose to call the key, our own mark is the one that counts.
  const cache::Mark own{cache::owner_of(bytes), static_cast<std::uint32_t>(bytes.size() + 1)};
  const auto again = cache::parse_mark(cache::marked_name(bytes, own));
  PROMISE(again && again->owner == own.owner && again->revision == own.revision);
  cache::Mark ticketed = own;
  ticketed.ticket = kube::TicketWord::of(bytes.size() * 0x9e3779b97f4a7c15ULL);
  const auto whole = cache::parse_mark(cache::marked_name(bytes, ticketed));
  PROMISE(whole && whole->owner == own.owner && whole->ticket == ticketed.ticket);
}

}  // namespace nbkeys::fuzz
