#pragma once
// A filter that matches no test is a slip of the pen, or the name of a suite that is gone. It must
// not pass for a run in which nothing failed.

#include <string>
#include <string_view>
#include <vector>

namespace nbkeys::runner {

// The patterns of a --gtest_filter, wanted and unwanted ones, that match none of these names.
std::vector<std::string> unmatched(std::string_view filter, const std::vector<std::string>& names);

// RUN_ALL_TESTS(), but 2 where a pattern of the filter matches nothing or nothing is left to run.
// REQUIRES: InitGoogleTest() has read the command line.
int run_all_tests();

}  // namespace nbkeys::runner
