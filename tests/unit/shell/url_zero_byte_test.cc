// inet_pton() ends at a zero byte; an address does not.

#include <gtest/gtest.h>

#include <string>

#include "shell/url.h"

namespace nbkeys::shell {
namespace {

TEST(UrlZeroByte, NothingMayHideBehindIt) {
  using std::string_literals::operator""s;
  EXPECT_FALSE(parse_url("https://[::1\0evil]/"s).ok());
  EXPECT_FALSE(is_ip_literal("127.0.0.1\0.example.com"s));
  EXPECT_FALSE(is_loopback("127.0.0.1\0.example.com"s));
  EXPECT_TRUE(parse_url("https://[::1]/").ok());
  EXPECT_TRUE(is_ip_literal("127.0.0.1"));
}

}  // namespace
}  // namespace nbkeys::shell
