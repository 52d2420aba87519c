#include "cache/store.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "kube/members.h"

namespace nbkeys {
namespace cache {

struct Thing {
  kube::ObjectRef ref;
  std::string version;
  std::string content;
};
const kube::ObjectRef& ref_of(const Thing& thing) { return thing.ref; }
const std::string& version_of(const Thing& thing) { return thing.version; }
std::optional<Thing> slimmed(const Thing& thing) {
  if (thing.content.size() <= 10) return std::nullopt;
  return Thing{thing.ref, thing.version, thing.content.substr(0, 3)};
}

}  // namespace cache

template <>
struct base::Members<cache::Thing> {
  static auto of(auto& thing) {
    auto& [ref, version, content] = thing;
    return std::tie(ref, version, content);
  }
};

namespace cache {
namespace {

const kube::ObjectRef kA{"ns", "a"}, kB{"ns", "b"}, kFar{"other", "a"};

Thing thing(const kube::ObjectRef& ref, const std::string& version, std::string content = "") {
  return {ref, version, std::move(content)};
}

Store<Thing>::Listed listed(const std::vector<Thing>& things) {
  Store<Thing>::Listed out;
  for (const Thing& t : things) out.emplace(t.ref, Store<Thing>::Kept(t));
  return out;
}

TEST(Store, NewerWinsWhicheverWayItComes) {
  Store<Thing> store;
  EXPECT_TRUE(store.upsert(thing(kA, "10", "new")));
  EXPECT_FALSE(store.upsert(thing(kA, "9", "old")));
  EXPECT_EQ(store.find(kA)->content, "new");
  EXPECT_TRUE(store.upsert(thing(kA, "100", "newest"))) << "numbers, not texts, are compared";
  EXPECT_EQ(store.find(kA)->content, "newest");
}

// Found by the simulation: an answer whose body came damaged stayed in the cache, and each write
// that was made from it was no change to the server, again and again.
TEST(Store, ASecondSightOfAVersionIsNoNewsButReplacesADamagedFirst) {
  Store<Thing> store;
  store.upsert(thing(kA, "10", "damaged"));
  EXPECT_FALSE(store.upsert(thing(kA, "10", "whole")));
  EXPECT_EQ(store.find(kA)->content, "whole");
}

TEST(Store, AVersionThatIsNoNumberAlwaysReplaces) {
  Store<Thing> store;
  store.upsert(thing(kA, "10"));
  EXPECT_TRUE(store.upsert(thing(kA, "opaque", "x")));
  EXPECT_EQ(store.find(kA)->content, "x");
}

TEST(Store, ADeletionIsNotUndoneByALateAnswer) {
  Store<Thing> store;
  store.upsert(thing(kA, "10"));
  EXPECT_TRUE(store.erase(kA, "12"));
  EXPECT_FALSE(store.upsert(thing(kA, "11", "late")));
  EXPECT_FALSE(store.upsert(thing(kA, "12", "the deletion itself")));
  EXPECT_EQ(store.find(kA), nullptr);
  EXPECT_TRUE(store.upsert(thing(kA, "13", "made again")));
  EXPECT_TRUE(store.upsert(thing(kA, "14")));
}

TEST(Store, ADeletionSeenLateDoesNotEndANewerObject) {
  Store<Thing> store;
  store.upsert(thing(kA, "20"));
  EXPECT_FALSE(store.erase(kA, "15"));
  EXPECT_NE(store.find(kA), nullptr);
}

TEST(Store, ADeletionOfTheUnknownStillBuriesIt) {
  Store<Thing> store;
  EXPECT_FALSE(store.erase(kA, "12"));
  EXPECT_FALSE(store.upsert(thing(kA, "11")));
  EXPECT_EQ(store.size(), 0u);
}

TEST(Store, ErasingWithoutAVersionLeavesNoGrave) {
  Store<Thing> store;
  store.upsert(thing(kA, "10"));
  EXPECT_TRUE(store.erase(kA, ""));
  EXPECT_TRUE(store.upsert(thing(kA, "10"))) << "what was merely forgotten may be learnt again";
}

TEST(Store, AListReplacesItsScopeOnly) {
  Store<Thing> store;
  store.upsert(thing(kA, "1"));
  store.upsert(thing(kFar, "2"));
  const auto touched = store.swap_in("ns", listed({thing(kB, "3")}), "5");
  EXPECT_EQ(store.find(kA), nullptr);
  EXPECT_NE(store.find(kB), nullptr);
  EXPECT_NE(store.find(kFar), nullptr);
  EXPECT_EQ(touched, (std::vector<kube::ObjectRef>{kA, kB}));
}

TEST(Store, AListOfEverythingReplacesEverything) {
  Store<Thing> store;
  store.upsert(thing(kA, "1"));
  store.upsert(thing(kFar, "2"));
  store.swap_in("", {}, "5");
  EXPECT_EQ(store.size(), 0u);
}

TEST(Store, WhatIsNewerThanTheListStays) {
  Store<Thing> store;
  store.upsert(thing(kA, "9", "made after the list"));
  store.upsert(thing(kB, "8", "changed after the list"));
  store.swap_in("", listed({thing(kB, "2", "as listed")}), "5");
  ASSERT_NE(store.find(kA), nullptr);
  EXPECT_EQ(store.find(kB)->content, "changed after the list");
}

TEST(Store, AListDoesNotBringBackWhatEndedAfterIt) {
  Store<Thing> store;
  store.upsert(thing(kA, "3"));
  store.erase(kA, "9");
  store.swap_in("", listed({thing(kA, "3")}), "5");
  EXPECT_EQ(store.find(kA), nullptr);
}

// After etcd was restored under versions that go on, its objects still have their old ones.
TEST(Store, AListThatIsNewerThanBothBringsAnOlderObjectBack) {
  Store<Thing> store;
  store.upsert(thing(kA, "9", "newer"));
  store.erase(kB, "9");
  store.swap_in("", listed({thing(kA, "3", "put back"), thing(kB, "4")}), "8");
  EXPECT_EQ(store.find(kA)->content, "newer") << "changed after the list";
  EXPECT_EQ(store.find(kB), nullptr);
  store.swap_in("", listed({thing(kA, "3", "put back"), thing(kB, "4")}), "9");
  EXPECT_EQ(store.find(kA)->content, "put back");
  EXPECT_NE(store.find(kB), nullptr);
  EXPECT_FALSE(store.upsert(thing(kA, "2"))) << "from here on versions count again";
}

TEST(Store, ForgottenVersionsGiveWayToWhateverComes) {
  Store<Thing> store;
  store.upsert(thing(kA, "9", "newer"));
  store.upsert(thing(kFar, "9", "newer"));
  store.erase(kB, "12");
  EXPECT_EQ(store.newest("ns"), 12u);
  EXPECT_EQ(store.newest("other"), 9u);
  EXPECT_EQ(store.seen_at(kA), 9u);
  EXPECT_EQ(store.seen_at(kB), 12u);
  EXPECT_EQ(store.seen_at({"ns", "never"}), 0u);
  store.forget_versions("ns");
  EXPECT_EQ(store.newest(""), 9u) << "of the other namespace";
  EXPECT_NE(store.find(kA), nullptr) << "it is there until a list says otherwise";
  EXPECT_TRUE(store.upsert(thing(kB, "5")));
  EXPECT_FALSE(store.upsert(thing(kFar, "3")));
  EXPECT_EQ(store.swap_in("ns", listed({thing(kA, "3", "put back")}), "4").size(), 1u);
  EXPECT_EQ(store.find(kA)->content, "put back");
  EXPECT_NE(store.find(kB), nullptr) << "made after the list";
}

TEST(Store, GravesAreBounded) {
  Store<Thing> store;
  for (int i = 0; i < 10'000; ++i) {
    store.erase({"ns", "n" + std::to_string(i)}, std::to_string(i + 1));
  }
  EXPECT_TRUE(store.upsert(thing({"ns", "n1"}, "20000")));
  EXPECT_FALSE(store.upsert(thing({"ns", "n9999"}, "9999"))) << "the latest are remembered";
}

TEST(Store, ClosingChangesNothingThatCanBeSeen) {
  Store<Thing> store;
  store.upsert(thing(kA, "10", "content"));
  EXPECT_EQ(store.find(kA)->content, "content");
  EXPECT_EQ(store.find(kA), store.find(kA)) << "opened once, until it is closed";
  store.close(kA);
  store.close(kB);
  EXPECT_EQ(store.find(kA)->content, "content");
  std::vector<std::string> seen;
  store.upsert(thing(kB, "11", "other"));
  store.each([&](const Thing& t) { seen.push_back(t.content); });
  EXPECT_EQ(seen, (std::vector<std::string>{"content", "other"})) << "open or closed";
}

}  // namespace
}  // namespace cache
}  // namespace nbkeys
