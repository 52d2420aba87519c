#include "kube/ticket_word.h"

#include <gtest/gtest.h>

namespace nbkeys::kube {
namespace {

TEST(TicketWord, HasFortyBits) {
  EXPECT_EQ(TicketWord::of(0).text(), "aaaaaaaa");
  EXPECT_EQ(TicketWord::of(~std::uint64_t{0}).text(), "77777777");
  EXPECT_NE(TicketWord::of(std::uint64_t{1} << 39), TicketWord::of(0));
  EXPECT_EQ(TicketWord::of(std::uint64_t{1} << 40), TicketWord::of(0));
  EXPECT_FALSE(TicketWord::of(0).empty());
}

TEST(TicketWord, IsItsText) {
  EXPECT_EQ(TicketWord("abcdefg7").text(), "abcdefg7");
  for (const char* other :
       {"", "abcdefg", "abcdefghi", "ABCDEFGH", "abcdefg1", "abcdefg8", "abcdef h"}) {
    EXPECT_TRUE(TicketWord(other).empty()) << other;
    EXPECT_EQ(TicketWord(other).text(), "");
  }
}

}  // namespace
}  // namespace nbkeys::kube
