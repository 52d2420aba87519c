#pragma once
// The mark that a key of ours carries at NetBird, at the end of its name: " ~<ticket>
// [k8s-<owner>-r<revision>]", where owner is 16 hex digits of the SHA-256 of the resource's UID,
// and the ticket is that of the claim (kube/ticket.h); keys of earlier releases have none, and
// those releases read the rest. A name is free text and the only place at NetBird where an owner's
// mark fits; it is parsed strictly and never guessed.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "kube/ticket_word.h"

namespace nbkeys::cache {

struct Mark {
  std::string owner;
  std::uint32_t revision = 0;
  kube::TicketWord ticket = {};
};

// `identity`: the installation's own, where it was given one, so that a copy of the cluster can be
// told to be somebody else.
std::string owner_of(std::string_view uid, std::string_view identity = "");
std::string marked_name(std::string_view display_name, const Mark& mark);
std::optional<Mark> parse_mark(std::string_view name);

}  // namespace nbkeys::cache
