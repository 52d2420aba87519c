// JSON whose values would take far more memory than its text.

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "base/json.h"

namespace nbkeys::base {
namespace {

std::string repeated(std::string_view part, std::size_t times) {
  std::string out;
  out.reserve(part.size() * times);
  for (std::size_t i = 0; i < times; ++i) out += part;
  return out;
}

TEST(JsonBounds, NestingEndsBeforeTheStackDoes) {
  const auto nested = [](std::size_t depth) {
    return parse_json(repeated("[", depth) + repeated("]", depth), "test");
  };
  EXPECT_TRUE(nested(64).ok());
  EXPECT_FALSE(nested(65).ok());
  EXPECT_FALSE(parse_json(repeated("{\"a\":", 100'000), "test").ok());
}

TEST(JsonBounds, MoreValuesThanAnyAnswerHasAreRefused) {
  EXPECT_TRUE(parse_json("[0" + repeated(",0", 2'900'000) + "]", "test").ok());
  const auto refused = parse_json("[0" + repeated(",0", 3'100'000) + "]", "list setup keys");
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, ErrorCode::kMalformed);
  EXPECT_EQ(to_text(refused.error()), "list setup keys: the answer has too many values");
  EXPECT_FALSE(parse_json("[[]" + repeated(",[]", 1'500'000) + "]", "test").ok());
}

TEST(JsonBounds, WhatIsWithinAStringCountsForNothing) {
  const std::string text = "{\"a\": \"" + repeated("[{,\\\"\\\\", 300'000) + "\", \"b\": 1}";
  const auto parsed = parse_json(text, "test");
  ASSERT_TRUE(parsed.ok());
  EXPECT_EQ(int_at(*parsed, {"b"}), 1);
}

}  // namespace
}  // namespace nbkeys::base
