#include "runner/filter.h"

#include <gmock/gmock.h>

namespace nbkeys::runner {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

const std::vector<std::string> kNames = {"IssueTest.Waits", "Each/CrashTest.Ends/PostLost"};

TEST(Filter, NothingIsWrongWhereEachPatternMatches) {
  EXPECT_THAT(unmatched("*", kNames), IsEmpty());
  EXPECT_THAT(unmatched("", kNames), IsEmpty());
  EXPECT_THAT(unmatched("IssueTest*:*CrashTest.Ends/*", kNames), IsEmpty());
  EXPECT_THAT(unmatched("IssueTest.Wait?", kNames), IsEmpty());
  EXPECT_THAT(unmatched("-IssueTest*", kNames), IsEmpty());
}

TEST(Filter, EachPatternThatMatchesNothingIsNamed) {
  EXPECT_THAT(unmatched("IssueTest", kNames), ElementsAre("IssueTest"));
  EXPECT_THAT(unmatched("IssueTest*:CrashTest*:X.?", kNames), ElementsAre("CrashTest*", "X.?"));
  EXPECT_THAT(unmatched("IssueTest*-CrashTest*", kNames), ElementsAre("CrashTest*"));
  EXPECT_THAT(unmatched("IssueTest.Waits?", kNames), ElementsAre("IssueTest.Waits?"));
}

}  // namespace
}  // namespace nbkeys::runner
