#include "kube/ticket_word.h"

namespace nbkeys::kube {
namespace {

constexpr std::string_view kAlphabet = "abcdefghijklmnopqrstuvwxyz234567";
constexpr int kBitsOfALetter = 5;

}  // namespace

TicketWord::TicketWord(std::string_view text) {
  if (text.size() != kLength) return;
  std::uint64_t value = 0;
  for (std::size_t i = kLength; i > 0; --i) {
    const std::size_t digit = kAlphabet.find(text[i - 1]);
    if (digit == std::string_view::npos) return;
    value = value << kBitsOfALetter | digit;
  }
  number = value + 1;
}

TicketWord TicketWord::of(std::uint64_t random) {
  TicketWord out;
  out.number = (random & ((std::uint64_t{1} << (kBitsOfALetter * kLength)) - 1)) + 1;
  return out;
}

std::string TicketWord::text() const {
  std::string out;
  if (empty()) return out;
  std::uint64_t value = number - 1;
  for (std::size_t i = 0; i < kLength; ++i, value >>= kBitsOfALetter) out += kAlphabet[value & 31];
  return out;
}

}  // namespace nbkeys::kube
