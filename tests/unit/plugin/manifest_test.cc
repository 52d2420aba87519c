#include "plugin/manifest.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "plugin/crd.h"

namespace nbkeys::plugin {
namespace {

using base::Json;
using testing::Contains;
using testing::HasSubstr;

Json good() {
  return {{"apiVersion", "keys.netbird.io/v1alpha1"},
          {"kind", "SetupKey"},
          {"metadata", {{"name", "web"}, {"namespace", "team-a"}}},
          {"spec", Json::object()}};
}

Judged judge(const Json& object) {
  const auto schema = built_in_schema();
  return schema ? judge_manifest(*schema, object, nullptr) : Judged{};
}

std::vector<std::string> said(const Json& object) {
  std::vector<std::string> out;
  for (const Finding& f : judge(object).findings) out.push_back(f.path + ": " + f.message);
  return out;
}

TEST(Manifest, ShowsDefaults) {
  const Judged judged = judge(good());
  EXPECT_TRUE(judged.findings.empty());
  EXPECT_EQ(judged.name, "team-a/web");
  EXPECT_EQ(judged.object["spec"]["expiresIn"], "30d");
  EXPECT_EQ(judged.object["spec"]["type"], "reusable");
  EXPECT_FALSE(judged.object.contains("status"));
}

TEST(Manifest, NullMeansTheDefault) {
  Json object = good();
  object["spec"]["expiresIn"] = nullptr;
  EXPECT_EQ(judge(object).object["spec"]["expiresIn"], "30d");
}

TEST(Manifest, RefusesWhatTheServerWould) {
  Json unknown = good();
  unknown["spec"]["expiry"] = "30d";
  EXPECT_THAT(said(unknown), Contains(HasSubstr("unknown field \"spec.expiry\"")));
  Json name = good();
  name["metadata"]["name"] = "Web_1";
  EXPECT_THAT(said(name), Contains(HasSubstr("metadata.name: Invalid value: \"Web_1\"")));
  Json nameless = good();
  nameless["metadata"].erase("name");
  EXPECT_THAT(said(nameless), Contains(HasSubstr("metadata.name: Required value")));
  Json version = good();
  version["apiVersion"] = "keys.netbird.io/v1";
  EXPECT_THAT(said(version), Contains(HasSubstr("no matches for kind")));
  Json annotation = good();
  annotation["metadata"]["annotations"]["a"] = true;
  EXPECT_THAT(said(annotation), Contains(HasSubstr("put it in quotes")));
  Json spec = good();
  spec["spec"] = "x";
  EXPECT_THAT(said(spec), Contains(HasSubstr("must be of type object")));
}

TEST(Manifest, IsRecognised) {
  EXPECT_TRUE(is_setup_key(good()));
  Json official = good();
  official["apiVersion"] = "netbird.io/v1alpha1";
  EXPECT_FALSE(is_setup_key(official));
  EXPECT_FALSE(is_setup_key(Json::array()));
}

}  // namespace
}  // namespace nbkeys::plugin
