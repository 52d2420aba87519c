#include "base/json.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace nbkeys::base {
namespace {

Json read(std::string_view text) {
  auto parsed = parse_json(text, "test");
  EXPECT_TRUE(parsed.ok()) << text;
  return parsed ? *parsed : Json();
}

TEST(ParseJson, TellsTheStepAndNeverTheText) {
  const auto parsed = parse_json("{\"key\": \"very-secret", "list keys");
  ASSERT_FALSE(parsed.ok());
  EXPECT_EQ(parsed.error().code, ErrorCode::kMalformed);
  EXPECT_EQ(parsed.error().step, "list keys");
  EXPECT_EQ(parsed.error().message.find("secret"), std::string::npos);
}

TEST(ParseJson, RefusesWhatIsNotWholeJson) {
  for (const char* text : {"", " ", "{", "[1,]", "nul", "{} {}", "{'a':1}", "<html>"}) {
    EXPECT_FALSE(parse_json(text, "test").ok()) << text;
  }
}

TEST(DumpJson, BrokenUtf8IsReplaced) {
  const Json value = {{"a", std::string("x\xff\xfe")}};
  const std::string text = dump_json(value);
  EXPECT_TRUE(parse_json(text, "test").ok()) << text;
}

TEST(Find, StopsAtAnythingThatIsNoObject) {
  const Json value = read(R"({"a": {"b": [1, 2], "c": null, "d": "text"}})");
  EXPECT_EQ(find(value, {}), &value);
  ASSERT_NE(find(value, {"a", "c"}), nullptr);
  EXPECT_TRUE(find(value, {"a", "c"})->is_null());
  EXPECT_EQ(find(value, {"x"}), nullptr);
  EXPECT_EQ(find(value, {"a", "b", "0"}), nullptr);
  EXPECT_EQ(find(value, {"a", "d", "e"}), nullptr);
  EXPECT_EQ(find(read("[1]"), {"a"}), nullptr);
  EXPECT_EQ(find(read("\"text\""), {"a"}), nullptr);
}

TEST(Readers, WrongTypesSayNothing) {
  const Json value =
      read(R"({"s": "x", "n": 1, "b": true, "z": null, "f": 1.5, "o": {}, "a": []})");
  EXPECT_EQ(string_at(value, {"s"}), "x");
  EXPECT_EQ(int_at(value, {"n"}), 1);
  EXPECT_TRUE(bool_or(value, {"b"}, false));
  for (const char* name : {"n", "b", "z", "f", "o", "a", "missing"}) {
    EXPECT_FALSE(string_at(value, {name})) << name;
    EXPECT_EQ(string_or(value, {name}, "else"), "else") << name;
  }
  for (const char* name : {"s", "b", "z", "f", "o", "a", "missing"}) {
    EXPECT_FALSE(int_at(value, {name})) << name;
  }
  for (const char* name : {"s", "n", "z", "f", "o", "a", "missing"}) {
    EXPECT_TRUE(bool_or(value, {name}, true)) << name;
    EXPECT_FALSE(bool_or(value, {name}, false)) << name;
  }
}

TEST(Readers, IntegersKeepTheirWholeRange) {
  EXPECT_EQ(int_at(read("{\"n\": 9223372036854775807}"), {"n"}), INT64_MAX);
  EXPECT_EQ(int_at(read("{\"n\": -9223372036854775808}"), {"n"}), INT64_MIN);
  EXPECT_FALSE(int_at(read("{\"n\": 9223372036854775808}"), {"n"}));
  EXPECT_FALSE(int_at(read("{\"n\": 18446744073709551615}"), {"n"}));
  EXPECT_FALSE(int_at(read("{\"n\": 99999999999999999999999}"), {"n"}));
  EXPECT_FALSE(int_at(read("{\"n\": 1.0}"), {"n"}));
}

TEST(Readers, TimesAreStrict) {
  const Json value = read(R"({"t": "1970-01-01T00:00:01Z", "bad": "yesterday", "n": 1})");
  EXPECT_EQ(time_at(value, {"t"}), WallTime{Duration{1'000}});
  EXPECT_FALSE(time_at(value, {"bad"}));
  EXPECT_FALSE(time_at(value, {"n"}));
  EXPECT_FALSE(time_at(value, {"missing"}));
}

struct PatchCase {
  const char* name;
  const char* from;
  const char* to;
  const char* patch;
};

class MergePatch : public testing::TestWithParam<PatchCase> {};

TEST_P(MergePatch, IsTheSmallestThatLeadsThere) {
  const PatchCase& c = GetParam();
  const Json from = read(c.from);
  const Json to = read(c.to);
  const Json patch = merge_patch(from, to);
  EXPECT_EQ(patch, read(c.patch));
  Json applied = from;
  applied.merge_patch(patch);
  EXPECT_EQ(applied, to);
}

INSTANTIATE_TEST_SUITE_P(
    All, MergePatch,
    testing::Values(
        PatchCase{"equal", R"({"a": {"b": [1]}})", R"({"a": {"b": [1]}})", "{}"},
        PatchCase{"added", "{}", R"({"a": 1})", R"({"a": 1})"},
        PatchCase{"removed", R"({"a": 1, "b": 2})", R"({"b": 2})", R"({"a": null})"},
        PatchCase{"changed", R"({"a": 1})", R"({"a": 2})", R"({"a": 2})"},
        PatchCase{"deep", R"({"a": {"b": 1, "c": 2}})", R"({"a": {"b": 1, "c": 3}})",
                  R"({"a": {"c": 3}})"},
        PatchCase{"deep removal", R"({"a": {"b": 1, "c": 2}})", R"({"a": {"b": 1}})",
                  R"({"a": {"c": null}})"},
        PatchCase{"emptied object", R"({"a": {"b": 1}})", R"({"a": {}})", R"({"a": {"b": null}})"},
        PatchCase{"lists go whole", R"({"a": [1, 2]})", R"({"a": [2]})", R"({"a": [2]})"},
        PatchCase{"object to text", R"({"a": {"b": 1}})", R"({"a": "x"})", R"({"a": "x"})"},
        PatchCase{"text to object", R"({"a": "x"})", R"({"a": {"b": 1}})", R"({"a": {"b": 1}})"}),
    [](const auto& tested) {
      std::string name = tested.param.name;
      for (char& c : name) c = c == ' ' ? '_' : c;
      return name;
    });

}  // namespace
}  // namespace nbkeys::base
