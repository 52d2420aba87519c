#include "base/percent.h"

#include <gtest/gtest.h>

namespace nbkeys::base {
namespace {

TEST(Encode, OnlyUnreservedCharactersStay) {
  EXPECT_EQ(encode_component("aZ09-_.~"), "aZ09-_.~");
  EXPECT_EQ(encode_component("a/b?c=d&e f%+"), "a%2Fb%3Fc%3Dd%26e%20f%25%2B");
  EXPECT_EQ(encode_component("\xc3\xa9"), "%C3%A9");
  EXPECT_EQ(encode_component(std::string_view("\0", 1)), "%00");
}

}  // namespace
}  // namespace nbkeys::base
