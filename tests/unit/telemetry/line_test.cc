#include "telemetry/line.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/json.h"

namespace nbkeys::telemetry {
namespace {

const base::WallTime kAt{base::Duration{784'111'777'042}};

TEST(TextLine, IsReadAtAGlance) {
  const io::Note note{io::Severity::kInfo,
                      "key_issued",
                      "key 7 issued",
                      {{"setupkey", "team-a/fleet"}, {"reason", "two words"}, {"empty", ""}}};
  EXPECT_EQ(format_line(note, kAt, Format::kText),
            "1994-11-06T08:49:37.042Z INFO  key_issued: key 7 issued setupkey=team-a/fleet "
            "reason=\"two words\" empty=\"\"");
}

TEST(TextLine, CannotBeForged) {
  const io::Note note{
      io::Severity::kWarn, "e", "a\nb\x1b[31m", {{"k", "v\" x=y\n2030 ERROR"}, {"b", "{}{0}"}}};
  EXPECT_EQ(
      format_line(note, kAt, Format::kText),
      "1994-11-06T08:49:37.042Z WARN  e: a\\nb\\x1b[31m k=\"v\\\" x=y\\n2030 ERROR\" b={}{0}");
}

TEST(JsonLine, IsOneObjectOnOneLine) {
  const io::Note note{io::Severity::kError, "e", "say \"hi\"\n\t", {{"path", "C:\\x"}}};
  const std::string line = format_line(note, kAt, Format::kJson);
  EXPECT_EQ(line.find('\n'), std::string::npos);
  const auto parsed = base::parse_json(line, "log line");
  ASSERT_TRUE(parsed.ok());
  EXPECT_EQ(base::string_or(*parsed, {"time"}), "1994-11-06T08:49:37.042Z");
  EXPECT_EQ(base::string_or(*parsed, {"level"}), "error");
  EXPECT_EQ(base::string_or(*parsed, {"event"}), "e");
  EXPECT_EQ(base::string_or(*parsed, {"message"}), "say \"hi\"\n\t");
  EXPECT_EQ(base::string_or(*parsed, {"path"}), "C:\\x");
}

TEST(JsonLine, SurvivesBrokenUtf8AndFieldsNamedLikeOurs) {
  const io::Note note{io::Severity::kInfo, "e", "bad \xff byte", {{"level", "fake"}}};
  const auto parsed = base::parse_json(format_line(note, kAt, Format::kJson), "log line");
  ASSERT_TRUE(parsed.ok());
  EXPECT_EQ(base::string_or(*parsed, {"level"}), "info");
  EXPECT_EQ(base::string_or(*parsed, {"field_level"}), "fake");
}

}  // namespace
}  // namespace nbkeys::telemetry
