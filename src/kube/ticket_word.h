#pragma once
// The random word of a ticket (ticket.h): 8 letters of the lower-case base32 alphabet, kept as the
// number that they are. Any other text is none.

#include <cstdint>
#include <string>
#include <string_view>

namespace nbkeys::kube {

struct TicketWord {
  static constexpr std::size_t kLength = 8;

  TicketWord() = default;
  TicketWord(std::string_view text);  // implicit: it stands for its text
  TicketWord(const std::string& text) : TicketWord(std::string_view(text)) {}
  TicketWord(const char* text) : TicketWord(std::string_view(text)) {}
  // Of its lowest 40 bits.
  static TicketWord of(std::uint64_t random);

  bool empty() const { return number == 0; }
  std::string text() const;  // empty where there is none
  bool operator==(const TicketWord&) const = default;

  std::uint64_t number = 0;  // 0: none, else one more than the word's
};

}  // namespace nbkeys::kube
