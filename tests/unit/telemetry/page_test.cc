#include "telemetry/page.h"

#include <gtest/gtest.h>

namespace nbkeys::telemetry {
namespace {

TEST(Page, WritesTheTextFormat) {
  Page page;
  page.family("a_total", Kind::kCounter, "Help in words.");
  page.sample(3);
  page.sample({{"x", "1"}, {"y", "two"}}, 0.25);
  EXPECT_EQ(page.take(),
            "# HELP a_total Help in words.\n# TYPE a_total counter\na_total 3\n"
            "a_total{x=\"1\",y=\"two\"} 0.25\n");
}

TEST(Page, EscapesValues) {
  Page page;
  page.family("g", Kind::kGauge, "h");
  page.sample({{"v", "a\"b\\c\nd"}}, 1);
  EXPECT_NE(page.take().find("g{v=\"a\\\"b\\\\c\\nd\"} 1\n"), std::string::npos);
}

TEST(Page, WritesTimesInFull) {
  Page page;
  page.family("t_seconds", Kind::kGauge, "h");
  page.sample(1'800'000'000);
  page.sample(1'800'000'000.5);
  const std::string text = page.take();
  EXPECT_NE(text.find("t_seconds 1800000000\n"), std::string::npos);
  EXPECT_NE(text.find("t_seconds 1800000000.5\n"), std::string::npos);
}

TEST(Page, AddsBucketsUp) {
  io::Durations d;
  d.add(base::Duration{5});
  d.add(base::Duration{6});
  d.add(base::Duration{40'000});
  Page page;
  page.family("h_seconds", Kind::kHistogram, "h");
  page.histogram({{"c", "x"}}, d);
  const std::string text = page.take();
  EXPECT_NE(text.find("h_seconds_bucket{c=\"x\",le=\"0.005\"} 1\n"), std::string::npos);
  EXPECT_NE(text.find("h_seconds_bucket{c=\"x\",le=\"0.01\"} 2\n"), std::string::npos);
  EXPECT_NE(text.find("h_seconds_bucket{c=\"x\",le=\"30\"} 2\n"), std::string::npos);
  EXPECT_NE(text.find("h_seconds_bucket{c=\"x\",le=\"+Inf\"} 3\n"), std::string::npos);
  EXPECT_NE(text.find("h_seconds_sum{c=\"x\"} 40.011\nh_seconds_count{c=\"x\"} 3\n"),
            std::string::npos);
}

}  // namespace
}  // namespace nbkeys::telemetry
