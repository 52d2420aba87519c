#pragma once
// The mark that a key of ours carries at NetBird, at the end of its name: "
// [k8s-<owner>-r<revision>]", where owner is 16 hex digits of the SHA-256 of the resource's UID. A
// name is free text and the only place at NetBird where an owner's mark fits; it is parsed strictly
// and never guessed.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace nbkeys::cache {

struct Mark {
  std::string owner;
  std::uint32_t revision = 0;
};

std::string owner_of(std::string_view uid);
std::string marked_name(std::string_view display_name, const Mark& mark);
std::optional<Mark> parse_mark(std::string_view name);

}  // namespace nbkeys::cache
