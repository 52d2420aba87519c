#include "base/trim.h"

#include <gtest/gtest.h>

namespace nbkeys::base {
namespace {

TEST(Trim, TakesOffTheseBlanksAtBothEndsAndNoOthers) {
  EXPECT_EQ(trimmed(" \ta b\t ", " \t"), "a b");
  EXPECT_EQ(trimmed("\na\n", " \t"), "\na\n");
  EXPECT_EQ(trimmed("a", " "), "a");
  EXPECT_EQ(trimmed("", " "), "");
  EXPECT_EQ(trimmed("   ", " "), "");
}

}  // namespace
}  // namespace nbkeys::base
