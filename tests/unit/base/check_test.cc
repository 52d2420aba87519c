#include "base/check.h"

#include <gtest/gtest.h>

namespace nbkeys::base {
namespace {

TEST(Check, AHoldingConditionIsEvaluatedOnce) {
  int evaluated = 0;
  CHECK(++evaluated == 1);
  EXPECT_EQ(evaluated, 1);
}

TEST(CheckDeathTest, ABrokenOneNamesItselfAndItsPlaceInEveryBuild) {
  const bool whole = false;
  EXPECT_DEATH(CHECK(whole), "invariant broken: whole \\(.*check_test\\.cc:[0-9]+\\)");
}

}  // namespace
}  // namespace nbkeys::base
