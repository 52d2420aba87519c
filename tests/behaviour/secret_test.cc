// The Secret in other people's hands: deleted, altered, stripped, taken, furnished anew.

#include "base/hash.h"
#include "behaviour/suite.h"

namespace nbkeys::behaviour {
namespace {

using fakes::text_at;

constexpr char kUidLabel[] = "keys.netbird.io/setupkey-uid";

class SecretTest : public BehaviourTest {
 protected:
  // A SetupKey at rest; the old key goes at once when it is replaced.
  void rest(const std::string& name, Json spec = Json::object()) {
    start();
    spec["rotation"]["overlap"] = "0";
    apply(name, spec);
    ASSERT_TRUE(await_ready(name));
    ASSERT_TRUE(await_whole(name));
  }
  static Json encoded(const std::string& plain) {
    return std::string(base::base64_encode(plain).reveal());
  }
};

TEST_F(SecretTest, DeletedIsMadeAnewWithANewKey) {
  rest("fleet");
  const std::string old_digest = secret_digest("fleet");
  remove_secret("fleet");
  ASSERT_TRUE(await_revision("fleet", 2));
  ASSERT_TRUE(await_whole("fleet"));
  EXPECT_NE(secret_digest("fleet"), old_digest);
  EXPECT_TRUE(stays("once", [&] { return revision("fleet") == 2; }));
}

TEST_F(SecretTest, AlteredKeyIsReplaced) {
  rest("fleet");
  const std::string old_digest = secret_digest("fleet");
  patch_secret("fleet", {{"data", {{"setup-key", encoded("not the key")}}}});
  ASSERT_TRUE(await_revision("fleet", 2));
  ASSERT_TRUE(await_whole("fleet"));
  EXPECT_NE(secret_digest("fleet"), old_digest);
}

TEST_F(SecretTest, RemovedEntryIsReplaced) {
  rest("fleet");
  patch_secret("fleet", {{"data", {{"setup-key", nullptr}}}});
  ASSERT_TRUE(await_revision("fleet", 2));
  ASSERT_TRUE(await_whole("fleet"));
}

TEST_F(SecretTest, StrippedRecordIsPutBackWithoutANewKey) {
  rest("fleet");
  const std::string digest = secret_digest("fleet");
  patch_secret("fleet", {{"metadata",
                          {{"annotations",
                            {{"keys.netbird.io/key-id", nullptr},
                             {"keys.netbird.io/revision", nullptr},
                             {"keys.netbird.io/digest", nullptr}}}}}});
  ASSERT_TRUE(await("the record is back", [&] {
    return annotation_of_secret("fleet", "keys.netbird.io/key-id") == active_key("fleet");
  }));
  ASSERT_TRUE(await_whole("fleet"));
  EXPECT_EQ(revision("fleet"), 1);
  EXPECT_EQ(secret_digest("fleet"), digest);
}

TEST_F(SecretTest, StrippedLabelIsPutBackWithoutANewKey) {
  rest("fleet");
  patch_secret("fleet", {{"metadata", {{"labels", {{kUidLabel, nullptr}}}}}});
  ASSERT_TRUE(await("the label is back", [&] {
    return !text_at(secret("fleet"), {"metadata", "labels", kUidLabel}).empty();
  }));
  ASSERT_TRUE(await_whole("fleet"));
  EXPECT_EQ(revision("fleet"), 1);
}

TEST_F(SecretTest, StrippedOwnerIsPutBack) {
  rest("fleet");
  patch_secret("fleet", {{"metadata", {{"ownerReferences", nullptr}}}});
  ASSERT_TRUE(await("the owner is back",
                    [&] { return secret("fleet").at("metadata").contains("ownerReferences"); }));
  EXPECT_EQ(revision("fleet"), 1);
}

TEST_F(SecretTest, WhatOthersAddStays) {
  rest("fleet");
  patch_secret("fleet", {{"metadata", {{"labels", {{"backup", "yes"}}}}},
                         {"data", {{"note", encoded("hands off")}}}});
  rotate("fleet", "now");
  ASSERT_TRUE(await_revision("fleet", 2));
  EXPECT_EQ(text_at(secret("fleet"), {"metadata", "labels", "backup"}), "yes");
  EXPECT_EQ(secret_value("fleet", "note"), "hands off");
}

TEST_F(SecretTest, ForeignSecretIsLeftAndNoKeyIsMade) {
  create_secret("fleet", {{"password", "theirs"}});
  const Json before = secret("fleet");
  start();
  apply("fleet");
  ASSERT_TRUE(await_condition("fleet", "Stalled", "True", "SecretConflict"));
  EXPECT_EQ(condition("fleet", "Ready").reason, "SecretConflict");
  EXPECT_TRUE(keys("fleet").empty());
  EXPECT_TRUE(stays("theirs is untouched", [&] { return secret("fleet") == before; }));
  EXPECT_TRUE(keys("fleet").empty());
  if (world().has_faults()) {
    EXPECT_EQ(posts(), 0);
  }
  remove_secret("fleet");
  ASSERT_TRUE(await_ready("fleet")) << "the place is free";
  ASSERT_TRUE(await_whole("fleet"));
}

TEST_F(SecretTest, SecretOfAnotherSetupKeyIsForeign) {
  rest("first");
  const Json before = secret("first");
  apply("second", {{"secretName", "first"}});
  ASSERT_TRUE(await_condition("second", "Stalled", "True", "SecretConflict"));
  EXPECT_TRUE(keys("second").empty());
  EXPECT_EQ(secret("first"), before);
  EXPECT_EQ(condition("first", "Ready").status, "True");
  remove("first");
  ASSERT_TRUE(await_gone("first"));
  ASSERT_TRUE(await_ready("second"));
  ASSERT_TRUE(await("the Secret is the second's", [&] {
    return annotation_of_secret("first", "keys.netbird.io/key-id") == active_key("second");
  }));
}

TEST_F(SecretTest, CopiedSecretChangesNothing) {
  rest("fleet");
  const std::string uid = text_at(resource("fleet"), {"metadata", "uid"});
  create_secret("copy", {{"setup-key", "a copy with our label"}}, {{kUidLabel, uid}});
  EXPECT_TRUE(stays("the key is kept",
                    [&] { return revision("fleet") == 1 && !secret("copy").is_null(); }));
}

TEST_F(SecretTest, TemplateChangesWithoutANewKey) {
  rest("fleet", {{"secretTemplate",
                  {{"labels", {{"team", "edge"}, {"old", "yes"}}},
                   {"annotations", {{"example.com/a", "1"}}},
                   {"data", {{"URL", "https://a.example.com"}, {"GONE", "soon"}}}}}});
  const std::string digest = secret_digest("fleet");
  edit("fleet",
       {{"secretTemplate",
         {{"labels", {{"team", "core"}, {"old", nullptr}}},
          {"annotations", nullptr},
          {"data", {{"URL", "https://b.example.com"}, {"GONE", nullptr}, {"NEW", "1"}}}}}});
  ASSERT_TRUE(await("the template is applied", [&] {
    return secret_value("fleet", "URL") == "https://b.example.com" &&
           secret_value("fleet", "NEW") == "1";
  }));
  const Json held = secret("fleet");
  EXPECT_FALSE(held.at("data").contains("GONE"));
  EXPECT_EQ(text_at(held, {"metadata", "labels", "team"}), "core");
  EXPECT_FALSE(held.at("metadata").at("labels").contains("old"));
  EXPECT_FALSE(held.at("metadata").at("annotations").contains("example.com/a"));
  ASSERT_TRUE(await_whole("fleet"));
  EXPECT_EQ(revision("fleet"), 1);
  EXPECT_EQ(secret_digest("fleet"), digest);
}

TEST_F(SecretTest, WhatIsRefusedTodayIsToldAndTheKeyLivesOn) {
  if (!world().has_virtual_time()) GTEST_SKIP() << "a real server would not take it any more";
  rest("fleet");
  const std::string digest = secret_digest("fleet");
  const Json taken_before = {{"secretTemplate", {{"labels", {{"owner", "helm"}}}}}};
  edit("fleet", taken_before);
  ASSERT_TRUE(await_condition("fleet", "Stalled", "True", "InvalidSpec"));
  const std::string told = condition("fleet", "Ready").message;
  EXPECT_THAT(told, testing::HasSubstr("owner=helm: Helm takes the Secret for a release"));
  EXPECT_THAT(told, testing::HasSubstr("remove it"));
  EXPECT_TRUE(stays("the key is as it was", [&] {
    return revision("fleet") == 1 && secret_digest("fleet") == digest && posts() == 1 &&
           !secret("fleet").at("metadata").at("labels").contains("owner") &&
           key("fleet", active_key("fleet")).at("state") == "valid";
  }));
  EXPECT_EQ(events("InvalidSpec").size(), 1U);
  edit("fleet", {{"secretTemplate", nullptr}});
  ASSERT_TRUE(await_whole("fleet"));
  EXPECT_EQ(condition("fleet", "Stalled").status, "");
  EXPECT_EQ(posts(), 1);
  edit("fleet", taken_before);
  ASSERT_TRUE(await_condition("fleet", "Stalled", "True", "InvalidSpec"));
  remove("fleet");
  ASSERT_TRUE(await_gone("fleet"));
  EXPECT_TRUE(keys("fleet").empty()) << "an ending goes through";
}

TEST_F(SecretTest, AlteredTemplateEntryIsPutRight) {
  rest("fleet", {{"secretTemplate",
                  {{"labels", {{"team", "edge"}}}, {"data", {{"URL", "https://a.example.com"}}}}}});
  patch_secret("fleet", {{"metadata", {{"labels", {{"team", "other"}}}}},
                         {"data", {{"URL", encoded("https://evil.example.com")}}}});
  ASSERT_TRUE(await("the template is back", [&] {
    return secret_value("fleet", "URL") == "https://a.example.com" &&
           text_at(secret("fleet"), {"metadata", "labels", "team"}) == "edge";
  }));
  EXPECT_EQ(revision("fleet"), 1);
}

TEST_F(SecretTest, NewEntryNameIssuesAKeyThere) {
  rest("fleet");
  edit("fleet", {{"secretKey", "NB_SETUP_KEY"}});
  ASSERT_TRUE(await_revision("fleet", 2));
  EXPECT_EQ(secret_value("fleet", "NB_SETUP_KEY").size(), 36U);
  EXPECT_FALSE(secret("fleet").at("data").contains("setup-key"));
}

TEST_F(SecretTest, UntouchedSecretIsNeverReadAgain) {
  if (!world().has_faults()) GTEST_SKIP() << "requests are not seen in this world";
  rest("fleet");
  world().kill_operator(0);
  world().forget_requests();
  start();
  ASSERT_TRUE(await("keys are listed", [&] { return requests_like("^GET /api/setup-keys$") > 0; }));
  EXPECT_TRUE(stays("no look at it", [&] { return requests_like("/namespaces/.*/secrets") == 0; }));
}

}  // namespace
}  // namespace nbkeys::behaviour
