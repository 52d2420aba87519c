#include "base/linked_hash_map.h"

#include <gtest/gtest.h>

#include <iterator>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/random.h"

namespace nbkeys::base {
namespace {

struct Itself {
  std::size_t operator()(int key) const { return static_cast<std::size_t>(key); }
};
// All keys want one of three neighbouring slots, the last of sixteen among them.
struct Crowded {
  std::size_t operator()(int key) const { return 14U + static_cast<std::size_t>(key % 3); }
};
using Map = LinkedHashMap<int, std::string, Itself>;
using CrowdedMap = LinkedHashMap<int, int, Crowded>;

template <typename M>
std::vector<int> keys_of(const M& map) {
  std::vector<int> out;
  for (const auto& entry : map) out.push_back(entry.first);
  return out;
}

TEST(LinkedHashMap, IsEmptyAtFirst) {
  Map map;
  EXPECT_TRUE(map.empty());
  EXPECT_EQ(map.size(), 0U);
  EXPECT_EQ(map.find(1), map.end());
  EXPECT_FALSE(map.contains(1));
  EXPECT_EQ(map.erase(1), 0U);
}

TEST(LinkedHashMap, IteratesInTheOrderOfInsertion) {
  Map map;
  for (const int key : {9, 2, 7, 4}) map[key] = "x";
  EXPECT_EQ(keys_of(map), (std::vector{9, 2, 7, 4}));
  map[2] = "again";
  EXPECT_EQ(keys_of(map), (std::vector{9, 2, 7, 4}));
  EXPECT_EQ(map.erase(9), 1U);
  map[9] = "new";
  EXPECT_EQ(keys_of(map), (std::vector{2, 7, 4, 9}));
}

TEST(LinkedHashMap, KeepsTheValueThatIsThere) {
  Map map;
  const auto [first, fresh] = map.try_emplace(1, "one");
  EXPECT_TRUE(fresh);
  const auto [second, again] = map.try_emplace(1, "two");
  EXPECT_FALSE(again);
  EXPECT_EQ(first, second);
  EXPECT_EQ(second->second, "one");
}

TEST(LinkedHashMap, EntriesStayWhereTheyAreWhileItGrows) {
  Map map;
  const Map::value_type* entry = &*map.try_emplace(0, "zero").first;
  for (int key = 1; key < 10'000; ++key) map[key] = "x";
  EXPECT_EQ(entry, &*map.find(0));
  EXPECT_EQ(entry->second, "zero");
}

TEST(LinkedHashMap, ErasesWhileIterating) {
  Map map;
  for (int key = 0; key < 100; ++key) map[key] = "x";
  for (auto entry = map.begin(); entry != map.end();) {
    entry = entry->first % 2 == 0 ? map.erase(entry) : std::next(entry);
  }
  EXPECT_EQ(map.size(), 50U);
  EXPECT_FALSE(map.contains(42));
  EXPECT_TRUE(map.contains(43));
}

TEST(LinkedHashMap, ErasesByAnEntrysOwnKey) {
  Map map;
  const Map::value_type& entry = *map.try_emplace(5, "x").first;
  EXPECT_EQ(map.erase(entry.first), 1U);
  EXPECT_TRUE(map.empty());
}

TEST(LinkedHashMap, EntriesStayWhereTheyAreWhenItMoves) {
  Map map;
  map[1] = "one";
  const Map::value_type* entry = &*map.find(1);
  Map moved = std::move(map);
  EXPECT_EQ(entry, &*moved.find(1));
  map = Map{};
  EXPECT_FALSE(map.contains(1));
  map[2] = "two";
  EXPECT_EQ(keys_of(map), std::vector{2});
  EXPECT_EQ(keys_of(moved), std::vector{1});
}

TEST(LinkedHashMap, ClearedItStartsAnew) {
  Map map;
  for (int key = 0; key < 50; ++key) map[key] = "x";
  map.clear();
  EXPECT_FALSE(map.contains(7));
  map[7] = "seven";
  EXPECT_EQ(keys_of(map), std::vector{7});
}

TEST(LinkedHashMap, KeysThatWantTheSameSlotAreToldApart) {
  CrowdedMap map;
  for (int key = 0; key < 11; ++key) map[key] = key;
  // Each one once from the front, so that gaps arise at every place of the run, beyond its end too.
  for (int gone = 0; gone < 11; ++gone) {
    EXPECT_EQ(map.erase(gone), 1U);
    for (int key = 0; key < 11; ++key) {
      ASSERT_EQ(map.contains(key), key > gone) << "key " << key << " after " << gone;
    }
  }
}

template <typename M>
void compare_with_tree(std::uint64_t seed, int keys) {
  M map;
  std::map<int, int> tree;
  Random random(seed);
  for (int step = 0; step < 20'000; ++step) {
    const int key = static_cast<int>(random.next() % static_cast<std::uint64_t>(keys));
    if (random.next() % 2 == 0) {
      map[key] = step;
      tree[key] = step;
    } else {
      ASSERT_EQ(map.erase(key), tree.erase(key)) << "step " << step;
    }
    const int other = static_cast<int>(random.next() % static_cast<std::uint64_t>(keys));
    const auto found = map.find(other);
    ASSERT_EQ(found != map.end(), tree.contains(other)) << "step " << step;
    if (found != map.end()) {
      ASSERT_EQ(found->second, tree[other]) << "step " << step;
    }
    ASSERT_EQ(map.size(), tree.size());
  }
}

TEST(LinkedHashMap, HoldsWhatATreeWouldHold) {
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    compare_with_tree<LinkedHashMap<int, int, Itself>>(seed, 500);
    compare_with_tree<CrowdedMap>(seed, 40);
  }
}

}  // namespace
}  // namespace nbkeys::base
