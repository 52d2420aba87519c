#include "base/secret_text.h"

#include <gtest/gtest.h>

#include <ostream>
#include <string>
#include <type_traits>
#include <utility>

namespace nbkeys::base {
namespace {

// A slip must not compile: no copy, no printer, no way to a string but reveal().
static_assert(!std::is_copy_constructible_v<SecretText>);
static_assert(!std::is_copy_assignable_v<SecretText>);
static_assert(std::is_nothrow_move_constructible_v<SecretText>);
static_assert(std::is_nothrow_move_assignable_v<SecretText>);
static_assert(!std::is_convertible_v<SecretText, std::string>);
static_assert(!std::is_convertible_v<SecretText, std::string_view>);
static_assert(!std::is_convertible_v<std::string, SecretText>);

template <typename T>
concept Printable = requires(std::ostream& out, const T& value) {
  out << value;
};
static_assert(!Printable<SecretText>);

TEST(SecretText, HoldsWhatItWasGiven) {
  const SecretText text(std::string("A616097E-FCF0-48FA-9354-CA4A61142761"));
  EXPECT_EQ(text.reveal(), "A616097E-FCF0-48FA-9354-CA4A61142761");
  EXPECT_EQ(text.size(), 36u);
  EXPECT_FALSE(text.empty());
}

TEST(SecretText, StartsEmpty) {
  const SecretText text;
  EXPECT_TRUE(text.empty());
  EXPECT_EQ(text.reveal(), "");
  EXPECT_TRUE(SecretText(std::string()).empty());
}

TEST(SecretText, MovingLeavesNothingBehind) {
  SecretText from(std::string("material"));
  SecretText to(std::move(from));
  EXPECT_EQ(to.reveal(), "material");
  EXPECT_TRUE(from.empty());  // NOLINT: the moved-from state is the contract
  SecretText other(std::string("older"));
  other = std::move(to);
  EXPECT_EQ(other.reveal(), "material");
  EXPECT_TRUE(to.empty());  // NOLINT
}

TEST(SecretText, MovingOntoItselfKeepsIt) {
  SecretText text(std::string("material"));
  SecretText& same = text;
  text = std::move(same);
  EXPECT_EQ(text.reveal(), "material");
}

TEST(SecretText, MovedFromTextCanBeUsedAgain) {
  SecretText from(std::string("one"));
  const SecretText to(std::move(from));
  from.append("two");  // NOLINT
  EXPECT_EQ(from.reveal(), "two");
  EXPECT_EQ(to.reveal(), "one");
}

TEST(SecretText, AppendsAcrossManyGrowths) {
  SecretText text;
  std::string expected;
  for (int i = 0; i < 2'000; ++i) {
    const std::string piece = std::to_string(i) + ",";
    text.append(piece);
    expected += piece;
  }
  EXPECT_EQ(text.reveal(), expected);
}

TEST(SecretText, AppendKeepsNulBytes) {
  SecretText text;
  text.append(std::string_view("a\0b", 3));
  text.append("");
  EXPECT_EQ(text.size(), 3u);
  EXPECT_EQ(text.reveal()[2], 'b');
}

TEST(SecretText, CopyIsIndependent) {
  SecretText text(std::string("abc"));
  SecretText copy = text.copy();
  copy.append("d");
  EXPECT_EQ(text.reveal(), "abc");
  EXPECT_EQ(copy.reveal(), "abcd");
}

TEST(Wipe, OverwritesTheBytesInPlace) {
  std::string text(64, 'k');  // long enough to live on the heap
  const char* bytes = text.data();
  const std::size_t capacity = text.capacity();
  wipe(text);
  EXPECT_TRUE(text.empty());
  ASSERT_EQ(text.capacity(), capacity) << "the buffer was given away, so nothing is proven";
  ASSERT_EQ(text.data(), bytes);
  text.resize(0);
  for (std::size_t i = 1; i < 64; ++i) EXPECT_EQ(bytes[i], '\0') << i;
}

TEST(WithoutKeys, HidesAKeyInBothItsForms) {
  EXPECT_EQ(without_keys("key A616097E-FCF0-48FA-9354-CA4A61142761 is bad"), "key (hidden) is bad");
  EXPECT_EQ(without_keys("QTYxNjA5N0UtRkNGMC00OEZBLTkzNTQtQ0E0QTYxMTQyNzYx"), "(hidden)");
  EXPECT_EQ(without_keys("12345678-1234-4123-8123-123456789012"), "(hidden)") << "no letter at all";
}

TEST(WithoutKeys, LeavesNamesUidsAndSentencesAlone) {
  for (const char* text :
       {"", "secrets \"fleet\" is forbidden: exceeded quota: compute-resources-of-the-team",
        "UID in precondition: 0b7b2b5e-1111-4000-8000-000000000001, not 7",
        "setupkeys.keys.netbird.io at 2026-01-31T12:00:00Z", "A616****"}) {
    EXPECT_EQ(without_keys(text), text);
  }
}

}  // namespace
}  // namespace nbkeys::base
