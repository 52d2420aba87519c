#include "shell/url.h"

#include <gtest/gtest.h>

namespace nbkeys::shell {
namespace {

TEST(Url, ReadsItsParts) {
  const auto url = parse_url("https://Api.NetBird.io:8443/prefix/");
  ASSERT_TRUE(url.ok());
  EXPECT_TRUE(url->https);
  EXPECT_EQ(url->host, "api.netbird.io");
  EXPECT_EQ(url->port, 8443);
  EXPECT_EQ(url->path, "/prefix");
  EXPECT_EQ(to_text(*url), "https://api.netbird.io:8443/prefix");
  EXPECT_EQ(parse_url("http://h")->port, 80);
  EXPECT_EQ(parse_url("https://h/")->path, "");
}

TEST(Url, ReadsIpv6AndUserInfo) {
  const auto url = parse_url("http://me:p%40ss@[::1]:3128");
  ASSERT_TRUE(url.ok());
  EXPECT_EQ(url->user_info, "me:p%40ss");
  EXPECT_EQ(url->host, "::1");
  EXPECT_EQ(to_text(*url), "http://[::1]:3128") << "the password is not shown";
}

TEST(Url, IsTheSameHoweverItIsWritten) {
  for (const char* text : {"https://nb.test", "https://nb.test:443", "https://nb.test:443/",
                           "https://nb.test///", "HTTPS://NB.test:", "https://nb.test:0443/"}) {
    const auto url = parse_url(text);
    ASSERT_TRUE(url.ok()) << text;
    EXPECT_EQ(to_text(*url), "https://nb.test") << text;
    EXPECT_EQ(authority(*url), "nb.test") << text;
    EXPECT_EQ(host_and_port(*url), "nb.test:443") << text;
  }
  EXPECT_EQ(to_text(*parse_url("http://nb.test:80")), "http://nb.test");
  EXPECT_EQ(authority(*parse_url("http://nb.test:443")), "nb.test:443");
  for (const char* text : {"https://[FD00:0:0::0001]", "https://[fd00::1]:443/"}) {
    EXPECT_EQ(to_text(*parse_url(text)), "https://[fd00::1]") << text;
  }
  EXPECT_EQ(authority(*parse_url("https://[fd00::1]:8443")), "[fd00::1]:8443");
  EXPECT_TRUE(is_loopback(parse_url("https://[0:0:0:0:0:0:0:1]")->host));
}

TEST(Url, SaysHowAnIpv6AddressIsWritten) {
  for (const char* text : {"https://fd00::1", "https://fd00::1:443", "https://::1/x"}) {
    const auto url = parse_url(text);
    ASSERT_FALSE(url.ok()) << text;
    EXPECT_EQ(url.error().message,
              "an IPv6 address is written in brackets, as in https://[fd00::1]:443");
  }
}

TEST(NetBirdUrl, MayEndInApiAndHaveAPrefix) {
  for (const char* text : {"https://nb.test", "https://nb.test/api", "https://nb.test:443/api/",
                           " https://nb.test/api//\n"}) {
    const auto url = parse_netbird_url(text);
    ASSERT_TRUE(url.ok()) << text;
    EXPECT_EQ(to_text(*url), "https://nb.test") << text;
  }
  EXPECT_EQ(parse_netbird_url("https://nb.test/netbird/api")->path, "/netbird");
  EXPECT_EQ(parse_netbird_url("https://nb.test/netbird/")->path, "/netbird");
  EXPECT_EQ(parse_netbird_url("https://nb.test/myapi")->path, "/myapi");
  EXPECT_FALSE(parse_netbird_url(" \n").ok());
}

TEST(NetBirdUrl, IsShownWhereItIsWrongButNoPassword) {
  EXPECT_EQ(parse_netbird_url("nb.test\n").error().message,
            "'nb.test' cannot be used: it does not begin with https:// or http://");
  EXPECT_EQ(parse_netbird_url("https://a\nb").error().message,
            "'https://a b' cannot be used: 'a b' is not a host name");
  for (const char* text :
       {"https://me:hunter2@nb.test", "https://me:hunter2@nb.test?x", "hunter2@"}) {
    const auto url = parse_netbird_url(text);
    ASSERT_FALSE(url.ok()) << text;
    EXPECT_EQ(url.error().message.find("hunter2"), std::string::npos);
    EXPECT_NE(url.error().message.find("--netbird-token-file"), std::string::npos);
  }
}

TEST(Url, RefusesWhatIsNone) {
  for (const char* text :
       {"", "https", "http", "api.netbird.io", "ftp://h", "https://", "https://:443", "https://h:0",
        "https://h:65536", "https://h:x", "https://h:80:80", "https://[::1", "https://[nope]",
        "https://h/a b", "https://h/a[b", "https://h?x=1", "https://h#x", "https://h\n"}) {
    EXPECT_FALSE(parse_url(text).ok()) << text;
  }
}

TEST(Url, KnowsLoopback) {
  for (const char* host : {"localhost", "a.localhost", "127.0.0.1", "127.8.9.1", "::1"}) {
    EXPECT_TRUE(is_loopback(host)) << host;
  }
  for (const char* host : {"127.example.com", "localhost.example.com", "10.0.0.1", "::2"}) {
    EXPECT_FALSE(is_loopback(host)) << host;
  }
}

}  // namespace
}  // namespace nbkeys::shell
