#include "base/error.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "base/result.h"

namespace nbkeys::base {
namespace {

constexpr int kLast = static_cast<int>(ErrorCode::kTooLarge);

TEST(ErrorCodes, EachHasAWordOfItsOwn) {
  std::set<std::string_view> names;
  for (int i = 0; i <= kLast; ++i) names.insert(code_name(static_cast<ErrorCode>(i)));
  EXPECT_EQ(names.size(), static_cast<std::size_t>(kLast) + 1);
  for (const std::string_view name : names) {
    EXPECT_EQ(name.find_first_not_of("abcdefghijklmnopqrstuvwxyz_"), std::string_view::npos)
        << name;
  }
}

TEST(ErrorText, NamesTheStep) {
  EXPECT_EQ(to_text({ErrorCode::kGone, "watch", "too old"}), "watch: too old");
  EXPECT_EQ(to_text({ErrorCode::kGone, "", "too old"}), "too old");
}

TEST(ResultType, IsAValueOrAnError) {
  Result<std::string> good(std::string("x"));
  EXPECT_TRUE(good.ok());
  EXPECT_EQ(*good, "x");
  EXPECT_EQ(good->size(), 1u);
  const Result<std::string> bad(Error{ErrorCode::kGone, "s", "m"});
  EXPECT_FALSE(bad);
  EXPECT_EQ(bad.error().code, ErrorCode::kGone);
}

TEST(ResultDeathTest, TheWrongHalfEndsTheProcess) {
  const Result<int> bad(Error{ErrorCode::kGone, "s", "the-message"});
  EXPECT_DEATH(static_cast<void>(*bad), "invariant broken");
  const Result<int> good(1);
  EXPECT_DEATH(static_cast<void>(good.error()), "invariant broken");
}

}  // namespace
}  // namespace nbkeys::base
