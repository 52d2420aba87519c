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

TEST(Url, RefusesWhatIsNone) {
  for (const char* text :
       {"", "api.netbird.io", "ftp://h", "https://", "https://:443", "https://h:0",
        "https://h:65536", "https://h:x", "https://h:80:80", "https://[::1", "https://[nope]",
        "https://h/a b", "https://h?x=1", "https://h#x", "https://h\n"}) {
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
