#include "cache/inventory.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "cache/mark.h"

namespace nbkeys::cache {
namespace {

constexpr const char* kOwner = "0123456789abcdef";
constexpr const char* kOther = "fedcba9876543210";

base::Instant ms(std::int64_t t) { return {base::Duration{t}}; }
SnapshotTime began(std::int64_t t) { return {ms(t), {base::Duration{t}}}; }

netbird::Key key(const std::string& id, std::uint32_t revision, const char* owner = kOwner) {
  netbird::Key out;
  out.id = id;
  out.name = marked_name("fleet", {owner, revision});
  return out;
}

netbird::Key revoked(netbird::Key out) {
  out.revoked = true;
  return out;
}

std::vector<std::string> ids(const Inventory& inventory, const char* owner = kOwner) {
  std::vector<std::string> out;
  for (const MarkedKey& k : inventory.keys_of(owner)) out.push_back(k.key.id);
  std::sort(out.begin(), out.end());
  return out;
}

using Ids = std::vector<std::string>;

TEST(Inventory, SortsKeysByOwnerAndCountsTheRest) {
  Inventory inventory;
  EXPECT_FALSE(inventory.snapshot());
  netbird::Key foreign;
  foreign.id = "x";
  foreign.name = "somebody's";
  inventory.replace({key("a", 1), key("b", 2), key("c", 1, kOther), foreign}, began(5));
  EXPECT_EQ(ids(inventory), (Ids{"a", "b"}));
  EXPECT_EQ(ids(inventory, kOther), (Ids{"c"}));
  EXPECT_TRUE(inventory.keys_of("0000000000000000").empty());
  EXPECT_EQ(inventory.total(), 4u);
  ASSERT_TRUE(inventory.snapshot());
  EXPECT_EQ(inventory.snapshot()->mono, ms(5));
}

TEST(Inventory, ALaterListForgetsWhatIsGone) {
  Inventory inventory;
  inventory.replace({key("a", 1), key("b", 2)}, began(0));
  inventory.replace({key("b", 2)}, began(10));
  EXPECT_EQ(ids(inventory), (Ids{"b"}));
}

TEST(Inventory, AKeyMadeWhileTheListWasUnderWayOutlivesIt) {
  Inventory inventory;
  inventory.put(key("new", 3), ms(15));
  inventory.replace({key("old", 2)}, began(10));
  EXPECT_EQ(ids(inventory), (Ids{"new", "old"}));
  EXPECT_FALSE(inventory.settled_at()) << "that list says nothing about it";
}

TEST(Inventory, AKeyThatNoListHasShownIsGoneAfterTwoListsFarApart) {
  Inventory inventory;
  inventory.put(key("new", 3), ms(15));
  inventory.replace({key("old", 2)}, began(20));
  EXPECT_EQ(ids(inventory), (Ids{"new", "old"})) << "lists lag";
  EXPECT_EQ(inventory.settled_at(), ms(20) + Inventory::kLag);
  inventory.replace({key("old", 2)}, began(60'019));
  EXPECT_EQ(ids(inventory), (Ids{"new", "old"})) << "too soon after the first";
  EXPECT_FALSE(inventory.gone("new"));
  inventory.replace({key("old", 2)}, began(60'020));
  EXPECT_EQ(ids(inventory), (Ids{"old"}));
  EXPECT_FALSE(inventory.gone("new")) << "no list had it";
  EXPECT_FALSE(inventory.settled_at());
}

TEST(Inventory, AListThatShowsTheKeyEndsTheDoubt) {
  Inventory inventory;
  inventory.put(key("new", 3), ms(15));
  inventory.replace({}, began(20));
  inventory.replace({key("new", 3)}, began(50'000));
  EXPECT_FALSE(inventory.settled_at());
  inventory.replace({key("x", 1, kOther)}, began(90'000));
  EXPECT_TRUE(ids(inventory).empty()) << "it had been shown, so one list is enough";
  EXPECT_TRUE(inventory.gone("new"));
}

TEST(Inventory, AKeyMadeInTheMomentTheListBeganOutlivesItToo) {
  Inventory inventory;
  inventory.put(key("new", 3), ms(10));
  inventory.replace({}, began(10));
  EXPECT_EQ(ids(inventory), (Ids{"new"}));
}

TEST(Inventory, AChangeMadeWhileTheListWasUnderWayWins) {
  Inventory inventory;
  inventory.replace({key("a", 1)}, began(0));
  inventory.put(revoked(key("a", 1)), ms(15));
  inventory.replace({key("a", 1)}, began(10));
  ASSERT_EQ(inventory.keys_of(kOwner).size(), 1u);
  EXPECT_TRUE(inventory.keys_of(kOwner).front().key.revoked);
  inventory.replace({key("a", 1)}, began(20));
  EXPECT_FALSE(inventory.keys_of(kOwner).front().key.revoked);
}

TEST(Inventory, ADeletedKeyIsNotBroughtBackByAListThatIsBehind) {
  Inventory inventory;
  inventory.replace({key("a", 1), key("b", 2)}, began(0));
  inventory.erase(kOwner, "a", ms(15));
  EXPECT_EQ(ids(inventory), (Ids{"b"}));
  for (const std::int64_t t : {10, 20, 30'000, 1'800'000}) {
    inventory.replace({key("a", 1), key("b", 2)}, began(t));
    EXPECT_EQ(ids(inventory), (Ids{"b"})) << t << ": ids do not come back";
    EXPECT_EQ(inventory.total(), 1u) << t;
  }
}

std::vector<netbird::Key> many(int count) {
  std::vector<netbird::Key> out;
  for (int i = 0; i < count; ++i) {
    out.push_back(key("k" + std::to_string(i), static_cast<std::uint32_t>(i + 1)));
  }
  return out;
}

// One list that lacks keys (empty, cut off, another tenant's) ends nothing.
TEST(Inventory, ManyMissingAtOnceAreBelievedWhenALaterListSaysSoAgain) {
  for (const int left : {0, 1, 17}) {
    Inventory inventory;
    inventory.replace(many(20), began(0));
    inventory.replace(many(left), began(1'000));
    EXPECT_EQ(ids(inventory).size(), 20u) << left;
    EXPECT_EQ(inventory.total(), 20u) << left;
    EXPECT_EQ(inventory.settled_at(), ms(1'000) + Inventory::kDoubt);
    inventory.replace(many(left), began(30'999));
    EXPECT_EQ(ids(inventory).size(), 20u) << left << ": too soon";
    EXPECT_FALSE(inventory.gone("k19"));
    inventory.replace(many(left), began(31'000));
    EXPECT_EQ(ids(inventory).size(), static_cast<std::size_t>(left));
    EXPECT_EQ(inventory.total(), static_cast<std::size_t>(left));
    EXPECT_TRUE(inventory.gone("k19"));
  }
}

TEST(Inventory, OneLyingListChangesNothing) {
  Inventory inventory;
  inventory.replace(many(20), began(0));
  inventory.replace({}, began(1'000));
  inventory.replace(many(20), began(2'000));
  EXPECT_FALSE(inventory.settled_at());
  inventory.replace({}, began(40'000));
  EXPECT_EQ(ids(inventory).size(), 20u) << "the doubt begins anew";
  EXPECT_EQ(inventory.settled_at(), ms(40'000) + Inventory::kDoubt);
}

TEST(Inventory, AFewMissingAreBelievedAtOnce) {
  Inventory inventory;
  inventory.replace(many(20), began(0));
  inventory.replace(many(18), began(1'000));
  EXPECT_EQ(ids(inventory).size(), 18u) << "a tenth may be people at work";
  EXPECT_TRUE(inventory.gone("k18") && inventory.gone("k19"));
}

TEST(Inventory, TheOnlyKeyIsNotBelievedGoneFromAnEmptyList) {
  Inventory inventory;
  inventory.replace(many(1), began(0));
  inventory.replace({}, began(1'000));
  EXPECT_EQ(ids(inventory), (Ids{"k0"}));
  inventory.replace({}, began(31'000));
  EXPECT_TRUE(ids(inventory).empty());
}

TEST(Inventory, WhatIsGoneIsRememberedForAnHour) {
  Inventory inventory;
  inventory.replace({key("a", 1), key("b", 2)}, began(0));
  inventory.replace({key("b", 2)}, began(10));
  EXPECT_TRUE(inventory.gone("a"));
  inventory.replace({key("b", 2)}, began(3'600'010));
  EXPECT_TRUE(inventory.gone("a"));
  inventory.replace({key("b", 2)}, began(3'600'011));
  EXPECT_FALSE(inventory.gone("a"));
  EXPECT_FALSE(inventory.gone("nobody's"));
}

TEST(Inventory, TellsOfTheListBeforeTheLast) {
  Inventory inventory;
  EXPECT_FALSE(inventory.before());
  inventory.replace({}, began(5));
  EXPECT_FALSE(inventory.before());
  inventory.replace({}, began(7));
  EXPECT_EQ(inventory.before(), ms(5));
}

TEST(Inventory, KnowsTheYoungestKeyThatAListHasShown) {
  const std::string older = "dc5iqd5qmd2qbn36lfqg", younger = "dc5jk45qmd2qpoq3llo0";
  Inventory inventory;
  inventory.put(key(younger, 2), ms(1));
  EXPECT_FALSE(inventory.youngest_shown()) << "that is our own word";
  inventory.replace({key(older, 1), key("of another shape", 3)}, began(5));
  EXPECT_EQ(inventory.youngest_shown(), netbird::made_at(older));
  inventory.replace({key(younger, 2)}, began(9));
  inventory.replace({key(older, 1)}, began(12));
  EXPECT_EQ(inventory.youngest_shown(), netbird::made_at(younger));
  Inventory copy;
  copy.restore(kOwner, inventory.image(kOwner));
  EXPECT_EQ(copy.youngest_shown(), inventory.youngest_shown());
}

TEST(Inventory, AnImageDecidesAboutTheNextListAsTheWholeDid) {
  Inventory whole;
  whole.replace({key("a", 1), key("b", 2)}, began(0));
  whole.put(key("new", 3), ms(5));
  whole.erase(kOwner, "b", ms(6));
  whole.replace({key("a", 1), key("b", 2)}, began(10));
  Inventory copy;
  copy.restore(kOwner, whole.image(kOwner));
  EXPECT_EQ(ids(copy), ids(whole));
  EXPECT_EQ(copy.total(), whole.total());
  EXPECT_EQ(copy.before(), whole.before());
  for (const std::int64_t t : {20, 60'020}) {
    copy.replace({key("b", 2)}, began(t));
    whole.replace({key("b", 2)}, began(t));
    EXPECT_EQ(ids(copy), ids(whole)) << t;
    EXPECT_EQ(copy.gone("a"), whole.gone("a")) << t;
    EXPECT_EQ(copy.gone("new"), whole.gone("new")) << t;
    EXPECT_EQ(copy.settled_at(), whole.settled_at()) << t;
  }
}

TEST(Inventory, TwoListsInARowBothRespectAnErasureBetweenThem) {
  Inventory inventory;
  inventory.erase(kOwner, "a", ms(15));
  inventory.replace({key("a", 1)}, began(10));
  inventory.replace({key("a", 1)}, began(12));
  EXPECT_TRUE(ids(inventory).empty());
}

TEST(Inventory, PutReplacesById) {
  Inventory inventory;
  inventory.put(key("a", 1), ms(1));
  inventory.put(revoked(key("a", 1)), ms(2));
  ASSERT_EQ(inventory.keys_of(kOwner).size(), 1u);
  EXPECT_TRUE(inventory.keys_of(kOwner).front().key.revoked);
  EXPECT_EQ(inventory.total(), 1u);
}

TEST(Inventory, AKeyWithoutMarkIsNobodys) {
  Inventory inventory;
  netbird::Key plain;
  plain.id = "x";
  inventory.put(plain, ms(1));
  EXPECT_EQ(inventory.total(), 0u);
}

TEST(Inventory, TheTotalCountsWhatIsKnownAfterARace) {
  Inventory inventory;
  inventory.replace({key("a", 1), key("b", 2)}, began(0));
  inventory.put(key("c", 3), ms(15));
  inventory.put(key("d", 4), ms(15));
  inventory.erase(kOwner, "a", ms(15));
  EXPECT_EQ(inventory.total(), 3u);
  inventory.replace({key("a", 1), key("b", 2)}, began(10));
  EXPECT_EQ(ids(inventory), (Ids{"b", "c", "d"}));
  EXPECT_EQ(inventory.total(), 3u);
}

TEST(Inventory, ErasingWhatIsUnknownCostsNothing) {
  Inventory inventory;
  inventory.erase(kOwner, "a", ms(1));
  EXPECT_EQ(inventory.total(), 0u);
  inventory.replace({key("b", 1)}, began(0));
  inventory.erase(kOther, "b", ms(1));
  EXPECT_EQ(ids(inventory), (Ids{"b"}));
}

TEST(Inventory, ClearForgetsEverything) {
  Inventory inventory;
  inventory.replace({key("a", 1)}, began(0));
  inventory.erase(kOwner, "z", ms(50));
  inventory.clear();
  EXPECT_FALSE(inventory.snapshot());
  EXPECT_EQ(inventory.total(), 0u);
  inventory.replace({key("z", 1)}, began(1));
  EXPECT_EQ(ids(inventory), (Ids{"z"}));
}

TEST(Groups, UnknownUntilListed) {
  Groups groups;
  EXPECT_EQ(groups.ids_of("a"), nullptr);
  groups.replace({{"1", "a"}, {"2", "b"}, {"3", "b"}}, ms(4));
  EXPECT_EQ(*groups.ids_of("a"), (Ids{"1"}));
  EXPECT_EQ(*groups.ids_of("b"), (Ids{"2", "3"})) << "names need not be unique";
  ASSERT_NE(groups.ids_of("none"), nullptr);
  EXPECT_TRUE(groups.ids_of("none")->empty());
  EXPECT_EQ(groups.began(), ms(4));
  groups.replace({}, ms(5));
  EXPECT_TRUE(groups.ids_of("a")->empty());
  groups.clear();
  EXPECT_EQ(groups.ids_of("a"), nullptr);
}

}  // namespace
}  // namespace nbkeys::cache
