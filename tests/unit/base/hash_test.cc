#include "base/hash.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace nbkeys::base {
namespace {

std::string encode(std::string_view plain) { return std::string(base64_encode(plain).reveal()); }

std::optional<std::string> decode(std::string_view text) {
  auto plain = base64_decode(text);
  if (!plain) return std::nullopt;
  return std::string(plain->reveal());
}

TEST(Sha256, KnownAnswers) {
  EXPECT_EQ(sha256_hex(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(sha256_hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(Sha256, CountsNulBytes) {
  EXPECT_NE(sha256_hex(std::string_view("a\0b", 3)), sha256_hex("a"));
}

TEST(Base64, Rfc4648Vectors) {
  EXPECT_EQ(encode(""), "");
  EXPECT_EQ(encode("f"), "Zg==");
  EXPECT_EQ(encode("fo"), "Zm8=");
  EXPECT_EQ(encode("foo"), "Zm9v");
  EXPECT_EQ(encode("foobar"), "Zm9vYmFy");
}

TEST(Base64, EveryByteSurvivesEveryLength) {
  std::string all;
  for (int b = 0; b < 256; ++b) all += static_cast<char>(b);
  for (std::size_t n = 0; n <= all.size(); ++n) {
    const std::string_view part = std::string_view(all).substr(all.size() - n);
    EXPECT_EQ(decode(encode(part)), part) << n;
  }
}

TEST(Base64, RefusesEverythingElse) {
  for (const char* text : {"A", "AB", "ABC", "ABCDE", "====", "A===", "=ABC", "AB=C", "ABC=ABCD",
                           "AB==ABCD", "AB C", "ABC\n", "AB-_", "AB!D"}) {
    EXPECT_FALSE(base64_decode(text)) << text;
  }
}

}  // namespace
}  // namespace nbkeys::base
