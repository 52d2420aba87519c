// Lists that are read one element at a time.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/json.h"

namespace nbkeys::base {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

struct Read {
  std::vector<std::string> shown;
  std::string rest;   // "" where it was refused
  std::string error;  // "" where it was read
};

Read read(std::string_view text, std::string_view list, std::string_view skipped = "") {
  Read out;
  const auto rest = each_element(text, "list things", list, skipped, [&out](const Json& element) {
    out.shown.push_back(dump_json(element));
    return Status(Done{});
  });
  if (rest) {
    out.rest = dump_json(*rest);
  } else {
    out.error = to_text(rest.error());
  }
  return out;
}

TEST(EachElement, ShowsTheElementsOfADocumentThatIsAList) {
  const Read seen =
      read(R"( [{"a": [1, {"b": 2}]}, [], {}, [[3]], "x", 4, -5, 6.5, true, null] )", "");
  EXPECT_THAT(seen.shown, ElementsAre(R"({"a":[1,{"b":2}]})", "[]", "{}", "[[3]]", "\"x\"", "4",
                                      "-5", "6.5", "true", "null"));
  EXPECT_EQ(seen.rest, "[]");
  EXPECT_THAT(read("[]", "").shown, IsEmpty());
  EXPECT_EQ(read("[]", "").rest, "[]");
}

TEST(EachElement, ADocumentThatIsNoListComesBackAsItIs) {
  for (const char* text : {R"({"a":[1,[2]]})", R"({"":[1]})", "null", "7", "\"x\""}) {
    const Read seen = read(text, "");
    EXPECT_THAT(seen.shown, IsEmpty()) << text;
    EXPECT_EQ(seen.rest, text);
  }
}

TEST(EachElement, ShowsTheElementsOfAMemberAndReturnsTheOthers) {
  const std::string items = R"("items": [{"n": {"items": [1]}}, {"n": [[2], []]}])";
  const std::string others = R"("kind": "L", "metadata": {"items": [7], "v": [8, {"w": 9}]})";
  for (const std::string& text :
       {"{" + items + ", " + others + "}", "{" + others + ", " + items + "}"}) {
    const Read seen = read(text, "items");
    EXPECT_THAT(seen.shown, ElementsAre(R"({"n":{"items":[1]}})", R"({"n":[[2],[]]})")) << text;
    EXPECT_EQ(seen.rest, R"({"items":[],"kind":"L","metadata":{"items":[7],"v":[8,{"w":9}]}})");
  }
}

TEST(EachElement, AMemberThatIsNoListOrElsewhereComesBackAsItIs) {
  for (const char* text :
       {R"({"items":{"items":[1]}})", R"({"items":"none"})", R"({"items":null})", R"({"items":[]})",
        R"({"a":{"items":[1]}})", R"({"a":[1]})", "{}", R"([{"items":[1]}])", R"([[1]])", "7"}) {
    const Read seen = read(text, "items");
    EXPECT_THAT(seen.shown, IsEmpty()) << text;
    EXPECT_EQ(seen.rest, text);
  }
}

TEST(EachElement, WhatComesAfterAMemberThatIsNoListIsNotTakenForIt) {
  for (const char* text : {R"({"items":null,"a":[1]})", R"({"items":{},"zeta":[1]})"}) {
    EXPECT_THAT(read(text, "items").shown, IsEmpty()) << text;
  }
}

TEST(EachElement, TwoListsOfOneNameAreRefused) {
  for (const char* text : {R"({"items":[1],"items":[2]})", R"({"items":[1],"items":null})",
                           R"({"items":null,"items":[1]})"}) {
    const Read seen = read(text, "items");
    EXPECT_EQ(seen.error, "list things: the answer has two lists") << text;
  }
  EXPECT_EQ(read(R"({"a":1,"items":[1],"a":2})", "items").rest, R"({"a":2,"items":[]})")
      << "of others the last one counts, as everywhere";
}

TEST(EachElement, TextThatIsCutOffAnywhereIsRefused) {
  const std::string text = R"({"metadata":{"v":"1"},"items":[{"a":[1,"x"]},{"b":{}}],"z":0})";
  ASSERT_THAT(read(text, "items").shown, ElementsAre(R"({"a":[1,"x"]})", R"({"b":{}})"));
  for (std::size_t size = 0; size < text.size(); ++size) {
    const Read seen = read(text.substr(0, size), "items");
    EXPECT_EQ(seen.error, "list things: the answer is not JSON") << size;
  }
  for (const char* broken : {"[1,]", "[1 2]", "[1]]", "[1] [2]", "[{]", "[\"\xff\"]", "[1e999]"}) {
    EXPECT_EQ(read(broken, "").error, "list things: the answer is not JSON") << broken;
  }
}

TEST(EachElement, SkippedMembersAreLeftOutWhereverTheyAre) {
  const Read seen = read(R"({"skip":[{"a":1}],"items":[{"skip":{"items":[1,{"skip":2}]},"a":1},
                             {"b":{"skip":[[]],"c":2},"skip":null},{"skip":"x"}],"skip":7})",
                         "items", "skip");
  EXPECT_THAT(seen.shown, ElementsAre(R"({"a":1})", R"({"b":{"c":2}})", "{}"));
  EXPECT_EQ(seen.rest, R"({"items":[]})");
}

TEST(EachElement, AnErrorOfTheVisitorEndsItAndIsReturned) {
  int shown = 0;
  const auto refused = each_element("[1, 2, 3", "list things", "", "", [&](const Json&) -> Status {
    if (++shown < 2) return Done{};
    return Error{ErrorCode::kMalformed, "read thing", "it has no id"};
  });
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(to_text(refused.error()), "read thing: it has no id");
  EXPECT_EQ(shown, 2);
}

TEST(EachElement, TheVisitorMayTakeTheElementAway) {
  std::vector<Json> taken;
  const auto rest = each_element("[{\"a\":1},[2]]", "list things", "", "", [&](Json& element) {
    taken.push_back(std::move(element));
    return Status(Done{});
  });
  ASSERT_TRUE(rest.ok());
  EXPECT_EQ(dump_json(Json(taken)), R"([{"a":1},[2]])");
}

TEST(EachElement, TheBoundsAreThoseOfTheWholeDocument) {
  const auto text = [](std::size_t elements) {
    std::string out = "[0";
    for (std::size_t i = 1; i < elements; ++i) out += ",0";
    return out + "]";
  };
  EXPECT_EQ(read(text(2'900'000), "").shown.size(), 2'900'000U);
  const Read many = read(text(3'100'000), "");
  EXPECT_EQ(many.error, "list things: the answer has too many values");
  EXPECT_THAT(many.shown, IsEmpty());
  EXPECT_EQ(read(std::string(64, '[') + std::string(64, ']'), "").error, "");
  EXPECT_NE(read(std::string(65, '[') + std::string(65, ']'), "").error, "");
}

// With nlohmann's own callbacks each object looked at all the ones before it.
TEST(EachElement, ManyObjectsSideBySideTakeNoLongerThanOthers) {
  std::string text = "[[{}";
  for (int i = 1; i < 700'000; ++i) text += ",{}";
  text += "]]";
  EXPECT_EQ(read(text, "", "skip").shown.size(), 1U);
  EXPECT_TRUE(parse_json(text, "test", "skip").ok());
}

}  // namespace
}  // namespace nbkeys::base
