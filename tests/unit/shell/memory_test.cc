#include "shell/memory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "base/hash.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define NBKEYS_OTHER_MALLOC 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define NBKEYS_OTHER_MALLOC 1
#endif
#endif

namespace nbkeys::shell {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// The kernel's text for one mapping.
std::string mapping(const std::string& range, const std::string& rights, const std::string& file,
                    const std::string& anonymous = "0", const std::string& swap = "0") {
  return range + " " + rights + " 00001000 " + file + "\nSize:   16 kB\nRss:    16 kB\n" +
         "Shared_Dirty:          0 kB\nPrivate_Dirty:         4 kB\n" + "Anonymous:  " + anonymous +
         " kB\nAnonHugePages:   0 kB\nSwap:       " + swap +
         " kB\nSwapPss:  0 kB\nTHPeligible:    0\nVmFlags: rd mr mw me \n";
}

const std::string kLibrary = "fe:00 247278                     /usr/lib/libssl.so.3";

TEST(UnchangedMappings, AreFilesThatNobodyHasWrittenToOrCan) {
  EXPECT_THAT(
      unchanged_mappings(mapping("7f00a000-7f00e000", "r-xp", kLibrary) +
                         mapping("7f00e000-7f00f000", "rw-p", kLibrary) +
                         mapping("7f00f000-7f010000", "r--p", kLibrary)),
      ElementsAre(AddressRange{0x7f00a000, 0x7f00e000}, AddressRange{0x7f00f000, 0x7f010000}));
  EXPECT_THAT(unchanged_mappings(mapping("1000-2000", "r--p", "00:31 7   /a folder/a file [x]")),
              ElementsAre(AddressRange{0x1000, 0x2000}));
}

TEST(UnchangedMappings, PagesThatTheLoaderHasChangedStay) {
  EXPECT_THAT(unchanged_mappings(mapping("1000-5000", "r--p", kLibrary, "4")), IsEmpty());
  EXPECT_THAT(unchanged_mappings(mapping("1000-5000", "r--p", kLibrary, "0", "4")), IsEmpty())
      << "in the swap they are not anonymous any more";
}

TEST(UnchangedMappings, WhatIsSharedOrNoFileStays) {
  EXPECT_THAT(unchanged_mappings(mapping("1000-5000", "r--s", kLibrary)), IsEmpty());
  EXPECT_THAT(unchanged_mappings(mapping("1000-5000", "r-xp", "00:00 0          [vdso]")),
              IsEmpty());
  EXPECT_THAT(unchanged_mappings(mapping("1000-5000", "r--p", "00:00 0 ")), IsEmpty());
}

TEST(UnchangedMappings, TextThatDoesNotSayItAllProvesNothing) {
  const std::string whole = mapping("1000-5000", "r-xp", kLibrary);
  for (const char* left_out : {"Anonymous:", "Swap:"}) {
    std::string text = whole;
    text.replace(text.find(left_out), 1, "X");
    EXPECT_THAT(unchanged_mappings(text), IsEmpty()) << left_out;
    EXPECT_THAT(unchanged_mappings(whole.substr(0, whole.find(left_out))), IsEmpty());
  }
  for (const char* text : {"", "\n\n", "-", "1000-5000", "5000-1000 r-xp 0 fe:00 7 /a",
                           "1000-fffffffffffffffff r-xp 0 fe:00 7 /a", "x-y r-xp 0 fe:00 7 /a"}) {
    EXPECT_THAT(unchanged_mappings(text), IsEmpty()) << text;
    EXPECT_THAT(unchanged_mappings(std::string(text) + "\nAnonymous: 0 kB\nSwap: 0 kB"), IsEmpty())
        << text;
  }
}

// In kB, of /proc/self/status.
long resident(const std::string& what) {
  std::ifstream file("/proc/self/status");
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with(what + ":")) return std::stol(line.substr(what.size() + 1));
  }
  return -1;
}

// Constants that the loader writes addresses into; volatile, so that each is read anew.
const char* const volatile kRelocated[] = {"valid", "overused", "expired", "revoked"};

// Code and constants of this program, libcrypto and libstdc++, with the unwinding tables.
std::string works() {
  std::string out = base::sha256_hex("abc").substr(0, 8);
  try {
    throw std::runtime_error(kRelocated[2]);
  } catch (const std::exception& problem) {
    out += problem.what();
  }
  return out;
}

TEST(GiveBackCode, DropsCodeThatIsReadAnewWhenItIsUsed) {
#ifdef __SANITIZE_THREAD__
  GTEST_SKIP() << "half of what is left is the sanitizer's own, and in use";
#endif
  ASSERT_EQ(works(), "ba7816bfexpired");
  for (int round = 0; round < 3; ++round) {
    const long before = resident("RssFile");
    give_back_code();
    EXPECT_LT(resident("RssFile"), before / 2) << "round " << round;
    EXPECT_EQ(works(), "ba7816bfexpired");
  }
}

TEST(GiveBackHeap, DropsTheFreePagesBetweenOthers) {
#ifdef NBKEYS_OTHER_MALLOC
  GTEST_SKIP() << "the heap is that of the sanitizer";
#endif
  constexpr std::size_t kBlock = 16'000, kBlocks = 4'000;
  std::vector<std::unique_ptr<std::string>> blocks;
  for (std::size_t i = 0; i < kBlocks; ++i) {
    blocks.push_back(std::make_unique<std::string>(kBlock, 'x'));
  }
  for (std::size_t i = 0; i < kBlocks; ++i) {
    if (i % 8 != 7) blocks[i].reset();
  }
  const long before = resident("RssAnon");
  give_back_heap();
  EXPECT_LT(resident("RssAnon"), before - 40'000) << "of the 56 MB that are free";
  for (std::size_t i = 7; i < kBlocks; i += 8) {
    ASSERT_EQ(*blocks[i], std::string(kBlock, 'x'));
  }
}

TEST(Thrift, WaitsForTheEndOfABurstAndNotLessThanAPause) {
  using base::Duration;
  Thrift thrift;
  const base::Instant begun{Duration{1'000}};
  EXPECT_EQ(thrift.wait(begun), Duration{250}) << "the first time, although it is soon";
  thrift.gave_back(begun);
  EXPECT_EQ(thrift.wait(begun + Duration{1'000}), Duration{9'000});
  EXPECT_EQ(thrift.wait(begun + Duration{9'900}), Duration{250});
  EXPECT_EQ(thrift.wait(begun + Duration{3'600'000}), Duration{250});
}

TEST(Thrift, ListsLeaveMuchBehindAndSingleObjectsDoNot) {
  EXPECT_FALSE(Thrift::leaves_much(64u << 10));
  EXPECT_TRUE(Thrift::leaves_much(1u << 20));
}

}  // namespace
}  // namespace nbkeys::shell
