#include "shell/proxy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

namespace nbkeys::shell {
namespace {

using testing::HasSubstr;
using testing::Not;

Environment with(std::map<std::string, std::string, std::less<>> variables) {
  return [variables](std::string_view name) -> std::optional<std::string> {
    const auto found = variables.find(name);
    return found == variables.end() ? std::nullopt : std::optional(found->second);
  };
}

TEST(NoProxy, CoversNamesAndTheirSubdomains) {
  EXPECT_TRUE(no_proxy_covers("a.test, example.com", "example.com", 443));
  EXPECT_TRUE(no_proxy_covers("example.com", "api.example.com", 443));
  EXPECT_FALSE(no_proxy_covers("example.com", "notexample.com", 443));
  EXPECT_TRUE(no_proxy_covers(".example.com", "api.example.com", 443));
  EXPECT_FALSE(no_proxy_covers(".example.com", "example.com", 443));
  EXPECT_TRUE(no_proxy_covers("*.Example.com", "api.example.com", 443));
  EXPECT_TRUE(no_proxy_covers("*", "anything.test", 443));
  EXPECT_FALSE(no_proxy_covers("", "anything.test", 443));
}

TEST(NoProxy, CoversAddressesAndBlocks) {
  EXPECT_TRUE(no_proxy_covers("10.0.0.1", "10.0.0.1", 443));
  EXPECT_TRUE(no_proxy_covers("10.96.0.0/12", "10.100.3.4", 443));
  EXPECT_FALSE(no_proxy_covers("10.96.0.0/12", "10.112.0.1", 443));
  EXPECT_TRUE(no_proxy_covers("0.0.0.0/0", "1.2.3.4", 443));
  EXPECT_TRUE(no_proxy_covers("fd00::/8", "fd12::1", 443));
  EXPECT_FALSE(no_proxy_covers("fd00::/8", "fe80::1", 443));
  EXPECT_FALSE(no_proxy_covers("10.0.0.0/8", "ten.test", 443)) << "names are not resolved";
  EXPECT_FALSE(no_proxy_covers("10.0.0.0/33", "10.0.0.1", 443));
  EXPECT_FALSE(no_proxy_covers("10.0.0.0/", "10.0.0.1", 443));
  EXPECT_FALSE(no_proxy_covers("0.0.1", "10.0.0.1", 443)) << "a suffix of an address means nothing";
}

TEST(NoProxy, MayNameAPort) {
  EXPECT_TRUE(no_proxy_covers("example.com:8443", "example.com", 8443));
  EXPECT_FALSE(no_proxy_covers("example.com:8443", "example.com", 443));
  EXPECT_TRUE(no_proxy_covers("[fd00::1]:443", "fd00::1", 443));
  EXPECT_TRUE(no_proxy_covers("fd00::1", "fd00::1", 443));
}

TEST(Proxy, ComesFromTheVariableOfTheScheme) {
  const auto environment =
      with({{"HTTPS_PROXY", "http://me:pw@proxy.test:3128"}, {"http_proxy", "plain.test:80"}});
  const auto https = proxy_for(*parse_url("https://api.netbird.io"), environment);
  ASSERT_TRUE(https.ok() && https->has_value());
  EXPECT_EQ((*https)->host, "proxy.test");
  EXPECT_EQ((*https)->user_info, "me:pw");
  const auto http = proxy_for(*parse_url("http://netbird.test"), environment);
  ASSERT_TRUE(http.ok() && http->has_value());
  EXPECT_EQ((*http)->host, "plain.test");
}

TEST(Proxy, IsNotUsedForLoopbackAndExceptions) {
  const auto environment =
      with({{"HTTPS_PROXY", "http://proxy.test:3128"}, {"NO_PROXY", "netbird.io"}});
  for (const char* target : {"https://127.0.0.1:6443", "https://api.netbird.io"}) {
    const auto proxy = proxy_for(*parse_url(target), environment);
    ASSERT_TRUE(proxy.ok());
    EXPECT_FALSE(proxy->has_value()) << target;
  }
}

TEST(Proxy, IsNeverQuotedWhenUnusable) {
  for (const char* value : {"socks5://me:hunter2@proxy.test", "https://me:hunter2@proxy.test",
                            "hunter2hunter2://proxy.test", "http://me:hunter2@proxy.test:x"}) {
    const auto proxy = proxy_for(*parse_url("https://h.test"), with({{"HTTPS_PROXY", value}}));
    ASSERT_FALSE(proxy.ok());
    EXPECT_THAT(proxy.error().message, HasSubstr("HTTPS_PROXY"));
    EXPECT_THAT(proxy.error().message, HasSubstr("write it as http://host:port"));
    EXPECT_THAT(proxy.error().message, Not(HasSubstr("proxy.test")));
  }
}

TEST(Proxy, OfAKindThatDoesNotWorkIsNamedWithWhatDoes) {
  for (const std::string kind : {"https", "socks5", "socks5h", "SOCKS4"}) {
    const auto proxy =
        proxy_for(*parse_url("http://h.test"), with({{"http_proxy", kind + "://proxy.test:1080"}}));
    ASSERT_FALSE(proxy.ok()) << kind;
    EXPECT_THAT(proxy.error().message,
                testing::MatchesRegex("the environment variable http_proxy cannot be used: a "
                                      "proxy of the kind (https|socks5h?|socks4):// does not.*"));
  }
  EXPECT_EQ(parse_proxy("HTTP://proxy.test:3128")->port, 3128);
  EXPECT_EQ(parse_proxy("proxy.test:3128")->host, "proxy.test");
}

}  // namespace
}  // namespace nbkeys::shell
