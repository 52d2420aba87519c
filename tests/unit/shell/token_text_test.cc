#include "shell/token_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/hash.h"

namespace nbkeys::shell {
namespace {

using std::string_literals::operator""s;

const std::string kToken = "nbp_" + std::string(36, 'x');

struct Read {
  std::string value, taken_off;
  bool operator==(const Read&) const = default;
};
void PrintTo(const Read& read, std::ostream* out) {
  *out << "'" << read.value << "' without '" << read.taken_off << "'";
}

Read read(const std::string& bytes) {
  const auto found = read_token(base::SecretText(std::string(bytes)));
  if (!found) return {"error: " + found.error().message, ""};
  return {std::string(found->value.reveal()), found->taken_off};
}

std::string packed(const std::string& text) {
  return std::string(base::base64_encode(text).reveal());
}

std::string utf16(const std::string& text, bool little) {
  std::string out = little ? "\xff\xfe" : "\xfe\xff";
  for (const char c : text) out += little ? std::string{c, '\0'} : std::string{'\0', c};
  return out;
}

TEST(TokenText, IsTakenAsItStands) {
  for (const char* around : {"", "\n", "\r\n", " \t\n\n"}) {
    EXPECT_EQ(read(around + kToken + around), (Read{kToken, ""}));
  }
  // Of other makes, too: a ServiceAccount's, and one whose first letters are such a word.
  for (const char* other :
       {"eyJhbGciOi.J9.x-y_z", "token", "Bearer", "bearer-of-keys", "dG9rZW4="}) {
    EXPECT_EQ(read(other), (Read{other, ""}));
  }
}

TEST(TokenText, IsUnderstoodInWhatPeoplePutAroundIt) {
  EXPECT_EQ(read("\xef\xbb\xbf" + kToken), (Read{kToken, "a byte order mark"}));
  EXPECT_EQ(read(utf16(kToken + "\r\n", true)), (Read{kToken, "UTF-16"}));
  EXPECT_EQ(read(utf16(kToken + "\r\n", false)), (Read{kToken, "UTF-16"}));
  for (const std::string quote : {"'", "\"", "`"}) {
    EXPECT_EQ(read(quote + kToken + quote + "\n"), (Read{kToken, "quotes"}));
  }
  EXPECT_EQ(read("Token " + kToken), (Read{kToken, "the word Token"}));
  EXPECT_EQ(read("bearer\t" + kToken), (Read{kToken, "the word Bearer"}));
  EXPECT_EQ(read("Authorization: Token " + kToken),
            (Read{kToken, "the word Authorization, the word Token"}));
  EXPECT_EQ(read("\"Token '" + kToken + "'\""), (Read{kToken, "quotes, the word Token"}));
}

TEST(TokenText, IsDecodedWhereBase64HidesATokenOfNetBird) {
  EXPECT_EQ(read(packed(kToken)), (Read{kToken, "base64"}));
  EXPECT_EQ(read(packed(packed(kToken + "\n") + "\n")), (Read{kToken, "base64"}));
  EXPECT_EQ(read("'" + packed("Token " + kToken) + "'"),
            (Read{kToken, "quotes, base64, the word Token"}));
  std::string wrapped = packed(kToken);
  wrapped.insert(20, "\r\n");
  EXPECT_EQ(read(wrapped), (Read{kToken, "base64"})) << "as base64 breaks its lines";
  EXPECT_EQ(read(packed("another")), (Read{packed("another"), ""}))
      << "that may be the token itself";
}

TEST(TokenText, IsRefusedInWordsThatDoNotQuoteIt) {
  EXPECT_EQ(read("").value, "error: it is empty");
  EXPECT_EQ(read(" \r\n").value, "error: it is empty");
  EXPECT_EQ(read("\xef\xbb\xbf").value, "error: it is empty");
  EXPECT_EQ(read("\"\"").value, "error: it is empty");
  EXPECT_EQ(read(kToken + "\n" + kToken).value,
            "error: it does not hold one token on one line, but several lines");
  EXPECT_EQ(read("user " + kToken).value,
            "error: it does not hold one token on one line, but several words");
  for (const std::string& odd : {"nbp_\0x"s, "nbp_\x01"s, "nbp_\xc3\xa4"s}) {
    EXPECT_EQ(read(odd).value, "error: it holds bytes that no token has; is it plain text?");
  }
}

TEST(TokenText, OfAnyDepthEndsQuickly) {
  std::string deep = kToken;
  while (deep.size() < 60'000) deep = packed("\"" + deep + "\"");
  EXPECT_EQ(read(deep), (Read{kToken, "base64, quotes"}));
  EXPECT_EQ(read(std::string(30'000, '"') + kToken + std::string(30'000, '"')),
            (Read{kToken, "quotes"}));
}

}  // namespace
}  // namespace nbkeys::shell
