#include "cache/mark.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace nbkeys::cache {
namespace {

constexpr const char* kOwner = "0123456789abcdef";

std::string name_with(const std::string& mark) { return "fleet " + mark; }

TEST(Mark, OwnerIsSixteenHexDigitsOfTheUid) {
  EXPECT_EQ(owner_of("abc"), "ba7816bf8f01cfea");
  EXPECT_NE(owner_of("6f1c0b7e-0000-4000-8000-000000000001"),
            owner_of("6f1c0b7e-0000-4000-8000-000000000002"));
}

TEST(Mark, StandsAtTheEndOfTheName) {
  EXPECT_EQ(marked_name("fleet", {kOwner, 12}), "fleet [k8s-0123456789abcdef-r12]");
}

TEST(Mark, AnIdentityMakesAnotherOwner) {
  EXPECT_NE(owner_of("abc", "copy"), owner_of("abc"));
  EXPECT_NE(owner_of("abc", "copy"), owner_of("abc", "other"));
  EXPECT_EQ(owner_of("abc", ""), owner_of("abc"));
  EXPECT_EQ(owner_of("abc", "copy"), "829049585a0d29ff");
}

TEST(Mark, ATicketStandsBeforeWhatEarlierReleasesRead) {
  const std::string name = marked_name("fleet", {kOwner, 12, "abcdefg7"});
  EXPECT_EQ(name, "fleet ~abcdefg7 [k8s-0123456789abcdef-r12]");
  const auto mark = parse_mark(name);
  ASSERT_TRUE(mark);
  EXPECT_EQ(mark->revision, 12u);
  EXPECT_EQ(mark->ticket, "abcdefg7");
  for (const char* none :
       {"fleet", "fleet ~abcdefg", "fleet ~abcdefg1", "fleet~abcdefg7", "~", ""}) {
    EXPECT_EQ(parse_mark(marked_name(none, {kOwner, 12, ""}))->ticket, "") << none;
  }
  EXPECT_EQ(parse_mark(marked_name("a ~hhhhhhhh", {kOwner, 1, "abcdefg7"}))->ticket, "abcdefg7")
      << "whatever a user chose to call it";
}

TEST(Mark, RoundTripsWhateverTheDisplayNameIs) {
  const std::vector<std::string> names = {
      "",
      "fleet",
      "with [brackets]",
      "[k8s-",
      "]",
      "fake [k8s-ffffffffffffffff-r99]",
      "fake [k8s-ffffffffffffffff-r99] ",
      " [k8s-0123456789abcdef-r1",
      "quote\" back\\slash",
      std::string("nul\0inside", 10),
      "\xc3\xa9\xe2\x82\xac",
      "\xff\xfe",
      std::string(3'000, 'x'),
  };
  for (const std::string& name : names) {
    for (const std::uint32_t revision : {1u, 9u, 10u, 4'294'967'295u}) {
      const auto mark = parse_mark(marked_name(name, {kOwner, revision}));
      ASSERT_TRUE(mark) << name;
      EXPECT_EQ(mark->owner, kOwner);
      EXPECT_EQ(mark->revision, revision);
    }
  }
}

TEST(Mark, IsNeverGuessed) {
  for (const char* mark : {
           "",
           "[k8s-]",
           "[k8s-0123456789abcdef]",
           "[k8s-0123456789abcdef-r]",
           "[k8s-0123456789abcdef-r0]",
           "[k8s-0123456789abcdef-r01]",
           "[k8s-0123456789abcdef-r-1]",
           "[k8s-0123456789abcdef-r+1]",
           "[k8s-0123456789abcdef-r 1]",
           "[k8s-0123456789abcdef-r1 ]",
           "[k8s-0123456789abcdef-r1x]",
           "[k8s-0123456789abcdef-r0x1]",
           "[k8s-0123456789abcdef-r4294967296]",
           "[k8s-0123456789abcdef-R1]",
           "[k8s-0123456789ABCDEF-r1]",
           "[k8s-0123456789abcdeg-r1]",
           "[k8s-0123456789abcde-r1]",
           "[k8s-0123456789abcdef0-r1]",
           "[K8S-0123456789abcdef-r1]",
           "[k8s-0123456789abcdef-r1",
           "[k8s-0123456789abcdef-r1] ",
           "[k8s-0123456789abcdef-r1]x",
           "(k8s-0123456789abcdef-r1)",
       }) {
    EXPECT_FALSE(parse_mark(name_with(mark))) << mark;
  }
}

TEST(Mark, NeedsTheSpaceBefore) {
  EXPECT_FALSE(parse_mark("fleet[k8s-0123456789abcdef-r1]"));
  EXPECT_FALSE(parse_mark("[k8s-0123456789abcdef-r1]"));
  EXPECT_TRUE(parse_mark(" [k8s-0123456789abcdef-r1]"));
}

TEST(Mark, OnlyTheLastOneCounts) {
  const auto mark = parse_mark("a [k8s-ffffffffffffffff-r9] [k8s-0123456789abcdef-r1]");
  ASSERT_TRUE(mark);
  EXPECT_EQ(mark->owner, kOwner);
  EXPECT_EQ(mark->revision, 1u);
  EXPECT_FALSE(parse_mark("a [k8s-0123456789abcdef-r1] [k8s-broken]"));
}

}  // namespace
}  // namespace nbkeys::cache
