#include "cache/mark.h"

#include <charconv>

#include "base/hash.h"

namespace nbkeys::cache {
namespace {
constexpr std::string_view kOpen = " [k8s-", kTicketSign = " ~";
constexpr std::size_t kOwnerDigits = 16;

// At the end of what stands before the rest of the mark.
kube::TicketWord ticket_in(std::string_view name) {
  constexpr std::size_t kLength = kTicketSign.size() + kube::TicketWord::kLength;
  if (name.size() < kLength) return {};
  const std::string_view end = name.substr(name.size() - kLength);
  if (!end.starts_with(kTicketSign)) return {};
  return end.substr(kTicketSign.size());
}
}  // namespace

std::string owner_of(std::string_view uid, std::string_view identity) {
  if (identity.empty()) return base::sha256_hex(uid).substr(0, kOwnerDigits);
  const std::string both = std::string(identity) + "\n" + std::string(uid);
  return base::sha256_hex(both).substr(0, kOwnerDigits);
}

std::string marked_name(std::string_view display_name, const Mark& mark) {
  std::string out(display_name);
  if (!mark.ticket.empty()) out.append(kTicketSign).append(mark.ticket.text());
  return out.append(kOpen).append(mark.owner).append("-r").append(std::to_string(mark.revision)) +
         "]";
}

std::optional<Mark> parse_mark(std::string_view name) {
  const std::size_t open = name.rfind(kOpen);
  if (open == std::string_view::npos || !name.ends_with(']')) return std::nullopt;
  std::string_view inner = name.substr(open + kOpen.size());
  inner.remove_suffix(1);
  if (inner.size() < kOwnerDigits + 3) return std::nullopt;
  const std::string_view owner = inner.substr(0, kOwnerDigits);
  if (owner.find_first_not_of("0123456789abcdef") != std::string_view::npos) return std::nullopt;
  const std::string_view rest = inner.substr(kOwnerDigits);
  if (!rest.starts_with("-r") || rest[2] == '0') return std::nullopt;
  std::uint32_t revision = 0;
  const char* end = rest.data() + rest.size();
  const auto [at, error] = std::from_chars(rest.data() + 2, end, revision);
  if (error != std::errc{} || at != end) return std::nullopt;
  return Mark{std::string(owner), revision, ticket_in(name.substr(0, open))};
}

}  // namespace nbkeys::cache
