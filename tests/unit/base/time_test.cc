#include "base/time.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace nbkeys::base {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

WallTime at_s(std::int64_t seconds_since_epoch) { return {seconds(seconds_since_epoch)}; }

TEST(Rfc3339, WritesWholeSecondsInUtc) {
  EXPECT_EQ(format_rfc3339(at_s(0)), "1970-01-01T00:00:00Z");
  EXPECT_EQ(format_rfc3339(at_s(1'769'860'800)), "2026-01-31T12:00:00Z");
  EXPECT_EQ(format_rfc3339(WallTime{Duration{1'999}}), "1970-01-01T00:00:01Z");
}

TEST(Rfc3339, TimesBeforeTheEpochRoundDown) {
  EXPECT_EQ(format_rfc3339(WallTime{Duration{-1}}), "1969-12-31T23:59:59Z");
  EXPECT_EQ(format_rfc3339_micro(WallTime{Duration{-1}}), "1969-12-31T23:59:59.999000Z");
  EXPECT_EQ(format_rfc3339(at_s(-86'400)), "1969-12-31T00:00:00Z");
}

TEST(Rfc3339, MicroTimeHasSixDigits) {
  EXPECT_EQ(format_rfc3339_micro(WallTime{Duration{7}}), "1970-01-01T00:00:00.007000Z");
}

TEST(Rfc3339, LeapYearsAndCenturies) {
  ASSERT_TRUE(parse_rfc3339("2024-02-29T00:00:00Z"));
  ASSERT_TRUE(parse_rfc3339("2000-02-29T00:00:00Z"));
  EXPECT_FALSE(parse_rfc3339("2023-02-29T00:00:00Z"));
  EXPECT_FALSE(parse_rfc3339("2100-02-29T00:00:00Z"));
}

TEST(Rfc3339, ReadsFractionsCutToMilliseconds) {
  const auto read = [](const char* text) { return parse_rfc3339(text)->since_epoch.count(); };
  EXPECT_EQ(read("1970-01-01T00:00:00.5Z"), 500);
  EXPECT_EQ(read("1970-01-01T00:00:00.04Z"), 40);
  EXPECT_EQ(read("1970-01-01T00:00:00.0019999Z"), 1);
  EXPECT_EQ(read("1970-01-01T00:00:00.123456789Z"), 123);
}

TEST(Rfc3339, AppliesOffsets) {
  EXPECT_EQ(parse_rfc3339("2026-01-31T13:00:00+01:00"), at_s(1'769'860'800));
  EXPECT_EQ(parse_rfc3339("2026-01-31T06:30:00-05:30"), at_s(1'769'860'800));
  EXPECT_EQ(parse_rfc3339("2026-01-31t12:00:00z"), at_s(1'769'860'800));
}

TEST(Rfc3339, GoZeroTimeIsReadable) {
  const auto zero = parse_rfc3339("0001-01-01T00:00:00Z");
  ASSERT_TRUE(zero);
  EXPECT_LT(zero->since_epoch.count(), 0);
  EXPECT_EQ(format_rfc3339(*zero), "0001-01-01T00:00:00Z");
}

TEST(Rfc3339, RoundTripsAcrossTheRange) {
  for (const char* text : {"0001-01-01T00:00:00Z", "1900-03-01T23:59:59Z", "1970-01-01T00:00:00Z",
                           "2038-01-19T03:14:08Z", "9999-12-31T23:59:59Z"}) {
    const auto read = parse_rfc3339(text);
    ASSERT_TRUE(read) << text;
    EXPECT_EQ(format_rfc3339(*read), text);
  }
}

TEST(Rfc3339, RefusesEverythingElse) {
  const std::vector<std::string> bad = {
      "",
      "2026",
      "2026-01-31",
      "2026-01-31T12:00:00",
      "2026-01-31 12:00:00Z",
      "2026-1-31T12:00:00Z",
      "2026-13-01T12:00:00Z",
      "2026-00-01T12:00:00Z",
      "2026-04-31T12:00:00Z",
      "2026-04-00T12:00:00Z",
      "2026-01-31T24:00:00Z",
      "2026-01-31T12:60:00Z",
      "2026-01-31T12:00:61Z",
      "2026-01-31T12:00:00.Z",
      "2026-01-31T12:00:00,5Z",
      "2026-01-31T12:00:00+0100",
      "2026-01-31T12:00:00+24:00",
      "2026-01-31T12:00:00+01:60",
      "2026-01-31T12:00:00Zjunk",
      " 2026-01-31T12:00:00Z",
      "-026-01-31T12:00:00Z",
      "20260-01-31T12:00:00Z",
  };
  for (const std::string& text : bad) EXPECT_FALSE(parse_rfc3339(text)) << text;
}

TEST(Rfc3339, TheYearZeroIsNoYear) { EXPECT_FALSE(parse_rfc3339("0000-06-01T00:00:00Z")); }

TEST(DurationText, ReadsDaysAndGoForms) {
  EXPECT_EQ(parse_duration("0"), Duration{0});
  EXPECT_EQ(parse_duration("30d"), Duration{hours(720)});
  EXPECT_EQ(parse_duration("720h"), Duration{hours(720)});
  EXPECT_EQ(parse_duration("720h0m0s"), Duration{hours(720)});
  EXPECT_EQ(parse_duration("86400s"), Duration{hours(24)});
  EXPECT_EQ(parse_duration("1h30m"), Duration{seconds(5'400)});
  EXPECT_EQ(parse_duration("1h5s"), Duration{seconds(3'605)});
  EXPECT_EQ(parse_duration("90m"), Duration{seconds(5'400)});
  EXPECT_EQ(parse_duration("0s"), Duration{0});
}

TEST(DurationText, RefusesEverythingElse) {
  for (const char* text : {"", "d", "1", "00", "-1h", "+1h", "1.5h", "1h 30m", "30m1h", "1s1s",
                           "1h1h", "1w", "1ms", "1D", "1h30", "h1", "1hh", "1d "}) {
    EXPECT_FALSE(parse_duration(text)) << text;
  }
}

TEST(DurationText, BoundIsAHundredYears) {
  EXPECT_EQ(parse_duration("36500d"), Duration{hours(36'500 * 24)});
  EXPECT_FALSE(parse_duration("36501d"));
  EXPECT_FALSE(parse_duration("876000h1s"));
}

TEST(DurationText, HugeNumbersDoNotOverflow) {
  EXPECT_FALSE(parse_duration("9999999999d"));
  EXPECT_FALSE(parse_duration("99999999999s"));
  EXPECT_FALSE(parse_duration("18446744073709551617s"));
  EXPECT_FALSE(parse_duration(std::string(1'000, '9') + "h"));
}

TEST(DurationText, WritesTheLargestWholeUnit) {
  EXPECT_EQ(format_duration(Duration{0}), "0s");
  EXPECT_EQ(format_duration(seconds(5)), "5s");
  EXPECT_EQ(format_duration(seconds(90)), "90s");
  EXPECT_EQ(format_duration(seconds(5'400)), "90m");
  EXPECT_EQ(format_duration(hours(36)), "36h");
  EXPECT_EQ(format_duration(hours(720)), "30d");
}

TEST(DurationText, WhatIsWrittenIsReadBack) {
  for (const std::int64_t s : {1, 59, 60, 61, 3'599, 3'600, 3'660, 86'399, 86'400, 90'000}) {
    EXPECT_EQ(parse_duration(format_duration(seconds(s))), Duration{seconds(s)}) << s;
  }
}

}  // namespace
}  // namespace nbkeys::base
