#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "builders.h"
#include "plugin/checks.h"
#include "plugin/crd.h"
#include "plugin/operator_settings.h"
#include "plugin/progress.h"
#include "plugin/style.h"
#include "plugin/yaml.h"
#include "plugin/yaml_text.h"

namespace nbkeys::plugin {
namespace {

using base::Json;
using testing::HasSubstr;

TEST(Style, ColoursFollowFlagThenEnvironmentThenTerminal) {
  const Surroundings terminal{true, {}, "xterm", "C.UTF-8"};
  EXPECT_TRUE(style_for(ColorChoice::kAuto, terminal).color);
  EXPECT_FALSE(style_for(ColorChoice::kNever, terminal).color);
  EXPECT_FALSE(style_for(ColorChoice::kAuto, {false, {}, "xterm", {}}).color);
  EXPECT_TRUE(style_for(ColorChoice::kAlways, {false, "1", "dumb", {}}).color);
  EXPECT_FALSE(style_for(ColorChoice::kAuto, {true, "1", "xterm", {}}).color);
  EXPECT_TRUE(style_for(ColorChoice::kAuto, {true, "", "xterm", {}}).color) << "empty: not set";
  EXPECT_FALSE(style_for(ColorChoice::kAuto, {true, {}, "dumb", {}}).color);
  EXPECT_TRUE(style_for(ColorChoice::kAuto, terminal).unicode);
}

TEST(Style, WordsTimes) {
  EXPECT_EQ(rough(base::Duration{0}), "0s");
  EXPECT_EQ(rough(base::Duration{65'000}), "1m5s");
  EXPECT_EQ(rough(3 * kDay + 2 * kHour), "3d2h");
  EXPECT_EQ(rough(3 * kDay + base::Duration{60'000}), "3d");
  EXPECT_EQ(rough(30 * kDay + 2 * kHour), "30d");
  EXPECT_EQ(distance(kNow + kHour, kNow), "in 1h");
  EXPECT_EQ(distance(kNow - kHour, kNow), "1h ago");
  EXPECT_EQ(distance(kNow, kNow), "now");
}

TEST(Style, DrawsBars) {
  EXPECT_EQ(Style{}.bar(0.5, 4, Paint::kGood), "[##--]");
  EXPECT_EQ(Style{}.bar(7.0, 4, Paint::kGood), "[####]");
  EXPECT_EQ(Style{}.bar(-1.0, 4, Paint::kGood), "[----]");
  EXPECT_EQ((Style{false, true}.bar(0.25, 4, Paint::kGood)), "[█░░░]");
}

TEST(Yaml, ReadsWhatKubectlReads) {
  const auto read = parse_yaml("a: yes\nb: '30'\nc: 0\nd: 1.5\ne: 30d\nf: \"0\"\n---\n---\nx: ~\n");
  ASSERT_TRUE(read);
  ASSERT_EQ(read->size(), 2u);
  EXPECT_EQ((*read)[0],
            (Json{{"a", true}, {"b", "30"}, {"c", 0}, {"d", 1.5}, {"e", "30d"}, {"f", "0"}}));
  EXPECT_EQ((*read)[1], (Json{{"x", nullptr}}));
}

TEST(Yaml, RefusesWhatCannotBeMeant) {
  EXPECT_THAT(parse_yaml("a: 1\na: 2\n").error().message,
              HasSubstr("line 2: the key \"a\" is there twice"));
  EXPECT_THAT(parse_yaml("a: [1\n").error().message, HasSubstr("line "));
  EXPECT_THAT(parse_yaml("? [a]\n: b\n").error().message, HasSubstr("a key is no text"));
  std::string bomb = "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n";
  for (int i = 1; i < 9; ++i) {
    const std::string before = "*a" + std::to_string(i - 1);
    bomb += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [";
    for (int k = 0; k < 10; ++k) bomb += (k > 0 ? "," : "") + before;
    bomb += "]\n";
  }
  EXPECT_THAT(parse_yaml(bomb).error().message, HasSubstr("holds too much"));
}

TEST(Yaml, WritesWhatItReads) {
  const Json value = {{"text", "plain words"},
                      {"number-like", "30"},
                      {"word-like", "yes"},
                      {"markup", "a: b"},
                      {"empty", ""},
                      {"lines", "one\ntwo"},
                      {"list", {1, "x", Json::object(), {{"k", {1, 2}}}}},
                      {"none", Json::array()},
                      {"map", {{"deep", {{"er", nullptr}}}}},
                      {"flag", false}};
  const auto read = parse_yaml(to_yaml(value));
  ASSERT_TRUE(read) << to_yaml(value);
  EXPECT_EQ(read->front(), value) << to_yaml(value);
}

TEST(Checks, CompareClocks) {
  const base::WallTime now = kNow + base::Duration{500};
  const auto verdict = [&](base::Duration ahead) {
    return clock_check("X", kNow + ahead, now, base::Duration{0});
  };
  EXPECT_EQ(verdict({}).verdict, Verdict::kGood);
  EXPECT_EQ(verdict(base::Duration{10'000}).verdict, Verdict::kWarning);
  EXPECT_THAT(verdict(base::Duration{120'000}).message, HasSubstr("2m ahead of"));
  EXPECT_THAT(verdict(base::Duration{-120'000}).message, HasSubstr("2m behind"));
  EXPECT_EQ(verdict(base::Duration{-120'000}).verdict, Verdict::kBad);
  EXPECT_EQ(clock_check("X", std::nullopt, now, {}).verdict, Verdict::kSkipped);
}

TEST(Checks, CompareTheCrd) {
  const auto schema = built_in_schema();
  ASSERT_TRUE(schema);
  Json crd = {
      {"spec",
       {{"versions", {{{"name", "v1alpha1"}, {"schema", {{"openAPIV3Schema", *schema}}}}}}}},
      {"status", {{"conditions", {{{"type", "Established"}, {"status", "True"}}}}}}};
  EXPECT_EQ(crd_check(*schema, crd).verdict, Verdict::kGood) << crd_check(*schema, crd).message;
  Json& spec = crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"];
  spec["description"] = "other words";
  EXPECT_EQ(crd_check(*schema, crd).verdict, Verdict::kGood) << "descriptions do not count";
  spec["properties"]["expiresIn"]["maxLength"] = 21;
  EXPECT_THAT(crd_check(*schema, crd).message,
              HasSubstr("properties.spec.properties.expiresIn.maxLength"));
  crd["status"] = Json::object();
  EXPECT_THAT(crd_check(*schema, crd).message, HasSubstr("not established"));
  EXPECT_EQ(crd_check(*schema, Json::object()).verdict, Verdict::kBad);
}

TEST(OperatorSettings, AreReadFromTheDeployment) {
  const Json container = {{"image", "nbkeys:1"},
                          {"args",
                           {"run", "--netbird-url", "https://nb.test",
                            "--netbird-token-file=/run/t/token", "--identity=copy"}},
                          {"env", {{{"name", "NBKEYS_WATCH_NAMESPACE"}, {"value", "a,b"}}}},
                          {"volumeMounts", {{{"name", "v"}, {"mountPath", "/run/t"}}}}};
  const Json pod = {
      {"serviceAccountName", "keys"},
      {"containers", {container}},
      {"volumes",
       {{{"name", "v"},
         {"secret", {{"secretName", "s"}, {"items", {{{"key", "K"}, {"path", "token"}}}}}}}}}};
  const Json list = {{"items",
                      {{{"metadata", {{"name", "other"}}}, {"spec", Json::object()}},
                       {{"metadata", {{"name", "keys"}}},
                        {"spec", {{"replicas", 2}, {"template", {{"spec", pod}}}}},
                        {"status", {{"readyReplicas", 1}}}}}}};
  const auto found = find_operator(list);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->deployment, "keys");
  EXPECT_EQ(found->url, "https://nb.test");
  EXPECT_EQ(found->token_secret, "s");
  EXPECT_EQ(found->token_entry, "K");
  EXPECT_EQ(found->account, "keys");
  EXPECT_EQ(found->watch_namespace, "a");
  EXPECT_EQ(found->identity, "copy");
  EXPECT_EQ(found->ready_replicas, 1);
  EXPECT_FALSE(find_operator(Json::object()));
  EXPECT_FALSE(find_operator({{"items", {1, "x", nullptr}}}));
}

TEST(Progress, FollowsARotation) {
  Json object = setup_key_object("web");
  EXPECT_EQ(progress_of(parsed(object), "x").stage, Stage::kAsked);
  object["status"]["claim"] = {{"revision", 3}, {"rotate", "x"}};
  EXPECT_EQ(progress_of(parsed(object), "x").stage, Stage::kIssuing);
  object["status"].erase("claim");
  object["status"]["lastHandledRotate"] = "x";
  object["status"]["revision"] = 3;
  EXPECT_EQ(progress_of(parsed(object), "x").stage, Stage::kDone);
  EXPECT_EQ(progress_of(parsed(object), "y").stage, Stage::kAsked);
  object["status"]["conditions"].push_back(
      {{"type", "Stalled"}, {"status", "True"}, {"reason", "GroupNotFound"}, {"message", "m"}});
  EXPECT_EQ(progress_of(parsed(object), "y").stage, Stage::kStuck);
  object["status"]["conditions"].back()["reason"] = "Expired";
  EXPECT_EQ(progress_of(parsed(object), "y").stage, Stage::kAsked);
  EXPECT_EQ(why_not_rotate(parsed(object)), "");
  object["spec"]["suspend"] = true;
  EXPECT_THAT(why_not_rotate(parsed(object)), HasSubstr("spec.suspend"));
}

}  // namespace
}  // namespace nbkeys::plugin
