#include "engine/action.h"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

namespace nbkeys::engine {
namespace {

using Cost = ActionTraits::Cost;

const std::vector<Action>& every() {
  static const std::vector<Action> kAll = {Rest{},
                                           ReadSetupKey{},
                                           AddFinalizer{},
                                           RemoveFinalizer{},
                                           WriteStatus{},
                                           RestoreStatus{},
                                           Claim{},
                                           CreateKey{},
                                           LookForSecret{},
                                           ReadSecret{},
                                           TryWritingSecret{},
                                           WriteSecret{},
                                           RepairSecret{},
                                           UpdateGroups{},
                                           RevokeKey{},
                                           DeleteKey{}};
  return kAll;
}

TEST(ActionTraits, EachActionHasItsRowAndItsWord) {
  std::set<std::string> names;
  std::set<const ActionTraits*> rows;
  for (const Action& action : every()) {
    names.insert(action_name(action));
    rows.insert(&traits_of(action));
  }
  EXPECT_EQ(names.size(), std::variant_size_v<Action>);
  EXPECT_EQ(rows.size(), std::variant_size_v<Action>) << "a row is also what a trouble is known by";
}

TEST(ActionTraits, WhatGoesToNetBirdNamesItsAccountAndIsPaidFor) {
  for (Action action : every()) {
    const ActionTraits& traits = traits_of(action);
    name_account(action, "a1");
    const bool netbird = traits.server == io::Server::kNetBird;
    const bool paid = traits.cost != Cost::kNothing;
    EXPECT_EQ(paid, account_of(action) == "a1") << traits.name;
    EXPECT_TRUE(paid || !netbird) << traits.name;
  }
  EXPECT_EQ(traits_of(Claim{}).cost, Cost::kPaysForCreate);
  EXPECT_EQ(traits_of(CreateKey{}).cost, Cost::kPaidByClaim);
}

TEST(ActionTraits, WhatAsksTheSameOfAServerIsOfOneKind) {
  EXPECT_EQ(traits_of(Claim{}).kind, traits_of(WriteStatus{}).kind);
  EXPECT_EQ(traits_of(AddFinalizer{}).kind, traits_of(RemoveFinalizer{}).kind);
  EXPECT_EQ(traits_of(LookForSecret{}).kind, traits_of(ReadSecret{}).kind);
  EXPECT_NE(traits_of(TryWritingSecret{}).kind, traits_of(WriteSecret{}).kind);
  EXPECT_NE(traits_of(RevokeKey{}).kind, traits_of(UpdateGroups{}).kind);
}

TEST(Action, NamesItsKeyAndItsStatus) {
  EXPECT_EQ(key_of(DeleteKey{"a", ""}), "a");
  EXPECT_EQ(key_of(RevokeKey{"b", true, ""}), "b");
  EXPECT_EQ(key_of(UpdateGroups{"c", ""}), "c");
  EXPECT_EQ(key_of(CreateKey{4, ""}), "");
  kube::KeyStatus next;
  next.revision = 7;
  const Action claim = Claim{7, next, ""};
  const Action write = WriteStatus{next};
  ASSERT_NE(next_of(claim), nullptr);
  EXPECT_EQ(next_of(claim)->revision, 7u);
  ASSERT_NE(next_of(write), nullptr);
  EXPECT_EQ(next_of(write)->revision, 7u);
  EXPECT_EQ(next_of(Rest{}), nullptr);
}

TEST(Priorities, GoFromEndingsToLists) {
  EXPECT_LT(Priority::kEnding, Priority::kFirstIssue);
  EXPECT_LT(Priority::kFirstIssue, Priority::kAskedRotation);
  EXPECT_LT(Priority::kAskedRotation, Priority::kPlannedRotation);
  EXPECT_LT(Priority::kPlannedRotation, Priority::kRepair);
  EXPECT_LT(Priority::kRepair, Priority::kList);
}

}  // namespace
}  // namespace nbkeys::engine
