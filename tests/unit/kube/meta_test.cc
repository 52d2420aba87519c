#include "kube/meta.h"

#include <gtest/gtest.h>

#include "answers.h"

namespace nbkeys::kube {
namespace {

using testing::json;

TEST(ParseMeta, ReadsWhatIsThere) {
  const auto meta = parse_meta(json(R"({"metadata": {
      "namespace": "ns", "name": "n", "uid": "u", "resourceVersion": "7", "generation": 3,
      "creationTimestamp": "1970-01-01T00:00:01Z", "deletionTimestamp": "1970-01-01T00:00:02Z",
      "finalizers": ["a", 5, "b"]}})"));
  ASSERT_TRUE(meta.ok());
  EXPECT_EQ(to_text(meta->ref), "ns/n");
  EXPECT_EQ(meta->uid, "u");
  EXPECT_EQ(meta->resource_version, "7");
  EXPECT_EQ(meta->generation, 3);
  EXPECT_EQ(meta->created, base::WallTime{base::Duration{1'000}});
  EXPECT_EQ(meta->deleting, base::WallTime{base::Duration{2'000}});
  EXPECT_EQ(meta->finalizers, (std::vector<std::string>{"a", "b"}));
}

TEST(ParseMeta, IdentityIsNeeded) {
  for (const char* text : {"{}", "[]", "null", R"({"metadata": 1})", R"({"metadata": {}})",
                           R"({"metadata": {"name": "n", "uid": "u"}})",
                           R"({"metadata": {"name": "n", "resourceVersion": "1"}})",
                           R"({"metadata": {"uid": "u", "resourceVersion": "1"}})",
                           R"({"metadata": {"name": 1, "uid": "u", "resourceVersion": "1"}})"}) {
    const auto meta = parse_meta(json(text));
    ASSERT_FALSE(meta.ok()) << text;
    EXPECT_EQ(meta.error().code, base::ErrorCode::kMalformed);
  }
}

TEST(VersionNumber, OnlyWholeNumbersCompare) {
  EXPECT_EQ(version_number("12"), 12u);
  EXPECT_EQ(version_number("18446744073709551615"), UINT64_MAX);
  for (const char* text : {"", "x", "12x", " 12", "-1", "18446744073709551616"}) {
    EXPECT_EQ(version_number(text), 0u) << text;
  }
}

}  // namespace
}  // namespace nbkeys::kube
