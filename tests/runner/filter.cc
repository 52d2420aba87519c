#include "runner/filter.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

namespace nbkeys::runner {
namespace {

constexpr int kFiltersWrong = 2;

// As gtest reads a pattern: * is anything, ? one character.
bool matches(std::string_view pattern, std::string_view name) {
  if (pattern.empty()) return name.empty();
  if (pattern.front() == '*') {
    return matches(pattern.substr(1), name) || (!name.empty() && matches(pattern, name.substr(1)));
  }
  if (name.empty() || (pattern.front() != '?' && pattern.front() != name.front())) return false;
  return matches(pattern.substr(1), name.substr(1));
}

std::vector<std::string> names_of_all() {
  std::vector<std::string> out;
  const testing::UnitTest& all = *testing::UnitTest::GetInstance();
  for (int i = 0; i < all.total_test_suite_count(); ++i) {
    const testing::TestSuite& suite = *all.GetTestSuite(i);
    for (int j = 0; j < suite.total_test_count(); ++j) {
      out.push_back(std::string(suite.name()) + "." + suite.GetTestInfo(j)->name());
    }
  }
  return out;
}

}  // namespace

std::vector<std::string> unmatched(std::string_view filter, const std::vector<std::string>& names) {
  std::vector<std::string> out;
  while (!filter.empty()) {
    // What comes after the dash is not wanted.
    const std::size_t end = std::min(filter.find_first_of(":-"), filter.size());
    const std::string_view pattern = filter.substr(0, end);
    filter.remove_prefix(std::min(end + 1, filter.size()));
    const bool found = std::any_of(names.begin(), names.end(), [&](const std::string& name) {
      return matches(pattern, name);
    });
    if (!pattern.empty() && !found) out.emplace_back(pattern);
  }
  return out;
}

int run_all_tests() {
  const std::vector<std::string> wrong = unmatched(GTEST_FLAG_GET(filter), names_of_all());
  for (const std::string& pattern : wrong) {
    std::fprintf(stderr, "--gtest_filter: %s matches no test\n", pattern.c_str());
  }
  if (!wrong.empty()) return kFiltersWrong;
  const int out = RUN_ALL_TESTS();
  // One shard of several may well be empty.
  if (std::getenv("GTEST_TOTAL_SHARDS") != nullptr) return out;
  if (testing::UnitTest::GetInstance()->test_to_run_count() > 0) return out;
  std::fprintf(stderr, "--gtest_filter: no test is left to run\n");
  return kFiltersWrong;
}

}  // namespace nbkeys::runner
