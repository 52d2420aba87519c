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
  inventory.replace({key("old", 2)}, began(20));
  EXPECT_EQ(ids(inventory), (Ids{"old"})) << "a list that began after is the truth";
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

TEST(Inventory, ADeletedKeyIsNotBroughtBackByAnOlderList) {
  Inventory inventory;
  inventory.replace({key("a", 1), key("b", 2)}, began(0));
  inventory.erase(kOwner, "a", ms(15));
  EXPECT_EQ(ids(inventory), (Ids{"b"}));
  inventory.replace({key("a", 1), key("b", 2)}, began(10));
  EXPECT_EQ(ids(inventory), (Ids{"b"}));
  inventory.replace({key("a", 1), key("b", 2)}, began(20));
  EXPECT_EQ(ids(inventory), (Ids{"a", "b"})) << "it was not deleted after all";
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
