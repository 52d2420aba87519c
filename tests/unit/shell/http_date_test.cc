#include "shell/http_date.h"

#include <gtest/gtest.h>

namespace nbkeys::shell {
namespace {

const base::WallTime kNow{base::Duration{784'111'777'000}};  // Sun, 06 Nov 1994 08:49:37 GMT

TEST(HttpDate, ReadsTheOneFormInUse) {
  EXPECT_EQ(parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT"), kNow);
  EXPECT_EQ(parse_http_date(" Sun, 06 Nov 1994 08:49:37 GMT "), kNow);
}

TEST(HttpDate, RefusesEverythingElse) {
  for (const char* text : {"", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994",
                           "Sun, 06 Nox 1994 08:49:37 GMT", "Sun, 36 Nov 1994 08:49:37 GMT",
                           "Sun, 06 Nov 1994 08:49:37 CET", "Sun, 06 Nov 1994 25:49:37 GMT"}) {
    EXPECT_FALSE(parse_http_date(text)) << text;
  }
}

TEST(RetryAfter, ReadsSeconds) {
  EXPECT_EQ(parse_retry_after("120", {}, kNow), base::Duration{120'000});
  EXPECT_EQ(parse_retry_after(" 0 ", {}, kNow), base::Duration{0});
}

TEST(RetryAfter, CountsADateFromTheServersClock) {
  const char* date = "Sun, 06 Nov 1994 08:50:07 GMT";
  EXPECT_EQ(parse_retry_after(date, {}, kNow), base::Duration{30'000});
  EXPECT_EQ(parse_retry_after(date, kNow + base::Duration{20'000}, kNow), base::Duration{10'000});
  EXPECT_EQ(parse_retry_after(date, kNow + base::Duration{60'000}, kNow), base::Duration{0});
}

TEST(RetryAfter, IsBoundedAndRefusesRubbish) {
  EXPECT_EQ(parse_retry_after("999999999", {}, kNow), base::Duration{86'400'000});
  for (const char* text : {"", "-1", "1.5", "soon", "99999999999999999999999"}) {
    EXPECT_FALSE(parse_retry_after(text, {}, kNow)) << text;
  }
}

TEST(Age, IsWholeSecondsAndAtMostADay) {
  EXPECT_EQ(parse_age(" 30 "), base::Duration{30'000});
  EXPECT_EQ(parse_age("0"), base::Duration{0});
  EXPECT_EQ(parse_age("999999999"), base::Duration{86'400'000});
  for (const char* text : {"", "-1", "1.5", "old", "99999999999999999999999"}) {
    EXPECT_EQ(parse_age(text), base::Duration{0}) << text;
  }
}

}  // namespace
}  // namespace nbkeys::shell
