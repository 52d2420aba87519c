#include "base/words.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "base/random.h"

namespace nbkeys::base {
namespace {

TEST(ForeignWords, AreReadable) {
  const std::pair<const char*, const char*> cases[] = {
      {"", ""},
      {"exceeded quota: one", "exceeded quota: one"},
      {"a\nb\r\n\tc", "a b c"},
      {"  a   b  ", "a b"},
      {"bell\x07, delete\x7f, escape\x1b[31m", "bell , delete , escape [31m"},
      {"\xc3\xbc \xe2\x82\xac \xf0\x9f\x94\x91", "\xc3\xbc \xe2\x82\xac \xf0\x9f\x94\x91"},
      {"zero\xe2\x80\x8bwidth", "zerowidth"},
      {"\xe2\x80\xaeright to left", "right to left"},
      {"line\xe2\x80\xa8separator", "line separator"},
      {"byte order\xef\xbb\xbf mark", "byte order mark"},
      {"next\xc2\x85line", "next line"},
      {"cut \xe2\x82", "cut"},
      {"lone \x80 byte", "lone byte"},
      {"overlong \xc0\xaf slash", "overlong slash"},
      {"overlong \xe0\x80\xaf slash", "overlong slash"},
      {"surrogate \xed\xa0\x80 half", "surrogate half"},
      {"beyond \xf4\x90\x80\x80 all", "beyond all"},
  };
  for (const auto& [text, words] : cases) EXPECT_EQ(foreign_words(text, 400), words) << text;
}

TEST(ForeignWords, HideWhateverLooksLikeAKey) {
  const std::string told =
      foreign_words("denied: A616097E-FCF0-48FA-9354-CA4A61142761 is known", 400);
  EXPECT_EQ(told.find("48FA"), std::string::npos) << told;
  EXPECT_NE(told.find("denied"), std::string::npos);
}

// What a format character splits is put together first, and hidden then.
TEST(ForeignWords, HideAKeyThatIsSplitByWhatNobodySees) {
  const std::string told = foreign_words(
      "A616097E-FCF0-48FA-\xe2\x80\x8b"
      "9354-CA4A61142761",
      400);
  EXPECT_EQ(told.find("A616097E"), std::string::npos) << told;
}

TEST(ForeignWords, AreCutBetweenCharacters) {
  std::string text;
  for (int i = 0; i < 300; ++i) text += "\xe2\x82\xac";
  for (std::size_t max = 0; max < 20; ++max) {
    EXPECT_EQ(foreign_words(text, max).size(), max / 3 * 3) << max;
  }
  EXPECT_EQ(foreign_words("ab cd", 3), "ab") << "no blank at the end";
}

// What comes back from the API server has to be what was sent, or each look would be a write.
TEST(ForeignWords, OfForeignWordsAreTheSame) {
  Random random(7);
  for (int i = 0; i < 2'000; ++i) {
    std::string text;
    for (int n = 0; n < 60; ++n) text += static_cast<char>(random.next() % 256);
    const std::string once = foreign_words(text, 40);
    EXPECT_LE(once.size(), 40u);
    EXPECT_EQ(foreign_words(once, 40), once) << text;
  }
}

TEST(Misleads, ControlsAndWhatTurnsTheDirection) {
  for (const char* text : {"a\tb", "a\nb", "\x7f",
                           "a\xc2\x85"
                           "b",
                           "a\xe2\x80\xae"
                           "b",
                           "a\xe2\x81\xa6", "\xd8\x9c", "\xe2\x80\xa8"}) {
    EXPECT_TRUE(misleads(text)) << text;
  }
  for (const char* text : {"", "servers", "a b", "za\xc5\xbc\xc3\xb3\xc5\x82\xc4\x87",
                           "\xe2\x80\x8d", "\xe7\xbe\xa4"}) {
    EXPECT_FALSE(misleads(text)) << text;
  }
}

}  // namespace
}  // namespace nbkeys::base
