// The end of a SetupKey.

#include "behaviour/suite.h"

namespace nbkeys::behaviour {
namespace {

using testing::SizeIs;

class DeleteTest : public BehaviourTest {
 protected:
  void rest(const std::string& name, const Json& spec = Json::object()) {
    start();
    apply(name, spec);
    ASSERT_TRUE(await_ready(name));
  }
};

TEST_F(DeleteTest, DeleteTakesKeyAndSecret) {
  rest("fleet");
  remove("fleet");
  ASSERT_TRUE(await_gone("fleet"));
  EXPECT_TRUE(keys("fleet").empty());
  EXPECT_TRUE(await("the Secret is collected", [&] { return secret("fleet").is_null(); }));
}

TEST_F(DeleteTest, DeleteTakesReplacedKeysToo) {
  rest("fleet", {{"rotation", {{"overlap", "1h"}}}});
  rotate("fleet", "now");
  ASSERT_TRUE(await_revision("fleet", 2));
  ASSERT_THAT(keys("fleet"), SizeIs(2));
  remove("fleet");
  ASSERT_TRUE(await_gone("fleet"));
  EXPECT_TRUE(keys("fleet").empty());
}

TEST_F(DeleteTest, RevokeKeepsTheKeyRevokedAndWithoutGroups) {
  const std::string group = add_group("servers");
  rest("fleet", {{"deletionPolicy", "Revoke"}, {"autoGroups", {{{"id", group}}}}});
  remove("fleet");
  ASSERT_TRUE(await_gone("fleet"));
  ASSERT_THAT(keys("fleet"), SizeIs(1));
  EXPECT_EQ(keys("fleet").at(0).at("revoked"), true);
  EXPECT_TRUE(keys("fleet").at(0).at("auto_groups").empty());
  EXPECT_TRUE(await("the Secret is collected", [&] { return secret("fleet").is_null(); }));
}

TEST_F(DeleteTest, RetainLeavesTheKeyAlone) {
  rest("fleet", {{"deletionPolicy", "Retain"}});
  remove("fleet");
  ASSERT_TRUE(await_gone("fleet"));
  ASSERT_THAT(keys("fleet"), SizeIs(1));
  EXPECT_EQ(keys("fleet").at(0).at("state"), "valid");
  EXPECT_TRUE(await("the Secret is collected", [&] { return secret("fleet").is_null(); }));
}

TEST_F(DeleteTest, ThePolicyAtTheMomentCounts) {
  rest("fleet", {{"deletionPolicy", "Retain"}});
  edit("fleet", {{"deletionPolicy", "Delete"}});
  remove("fleet");
  ASSERT_TRUE(await_gone("fleet"));
  EXPECT_TRUE(keys("fleet").empty());
}

TEST_F(DeleteTest, NeverIssuedGoesAtOnce) {
  start();
  apply("fleet", {{"autoGroups", {{{"name", "nobody has this group"}}}}});
  ASSERT_TRUE(await_condition("fleet", "Stalled", "True", "GroupNotFound"));
  remove("fleet");
  ASSERT_TRUE(await_gone("fleet"));
}

TEST_F(DeleteTest, RevokedKeyIsDeleted) {
  rest("fleet", {{"revoked", false}});
  edit("fleet", {{"revoked", true}});
  ASSERT_TRUE(await_condition("fleet", "KeyValid", "False", "Revoked"));
  remove("fleet");
  ASSERT_TRUE(await_gone("fleet"));
  EXPECT_TRUE(keys("fleet").empty());
}

TEST_F(DeleteTest, NetBirdDownBlocksAndIsSeen) {
  if (!world().has_faults()) GTEST_SKIP() << "this world has no faults";
  rest("fleet");
  answer_with(503, kNetBirdCalls);
  remove("fleet");
  ASSERT_TRUE(await_condition("fleet", "Ready", "False", "DeletionBlocked"));
  EXPECT_NE(condition("fleet", "Ready").message.find("abandon"), std::string::npos)
      << "the way out is named";
  EXPECT_TRUE(stays("it waits", [&] { return !resource("fleet").is_null(); }));
  EXPECT_FALSE(events("DeletionBlocked").empty());
  world().clear_faults();
  ASSERT_TRUE(await_gone("fleet"));
  EXPECT_TRUE(keys("fleet").empty());
}

TEST_F(DeleteTest, AbandonLetsGoWithoutNetBird) {
  if (!world().has_faults()) GTEST_SKIP() << "this world has no faults";
  rest("fleet");
  answer_with(503, kNetBirdCalls);
  remove("fleet");
  ASSERT_TRUE(await_condition("fleet", "Ready", "False", "DeletionBlocked"));
  annotate("fleet", "keys.netbird.io/abandon", "true");
  ASSERT_TRUE(await_gone("fleet"));
  EXPECT_THAT(keys("fleet"), SizeIs(1)) << "the key stays at NetBird";
}

TEST_F(DeleteTest, AbandonLetsGoAtOnce) {
  rest("fleet");
  annotate("fleet", "keys.netbird.io/abandon", "true");
  remove("fleet");
  ASSERT_TRUE(await_gone("fleet"));
  EXPECT_THAT(keys("fleet"), SizeIs(1));
}

TEST_F(DeleteTest, KeyThatIsGoneAlreadyDoesNotMatter) {
  rest("fleet");
  world().delete_key(active_key("fleet"));
  remove("fleet");
  ASSERT_TRUE(await_gone("fleet"));
}

TEST_F(DeleteTest, SameNameAgainIsAnotherSetupKey) {
  rest("fleet");
  const std::string old_digest = secret_digest("fleet");
  remove("fleet");
  ASSERT_TRUE(await_gone("fleet"));
  apply("fleet");
  ASSERT_TRUE(await_ready("fleet"));
  ASSERT_TRUE(await_whole("fleet"));
  EXPECT_NE(secret_digest("fleet"), old_digest);
}

TEST_F(DeleteTest, DeletionWhileTheOperatorIsAwayIsDoneLater) {
  rest("fleet");
  world().kill_operator(0);
  remove("fleet");
  EXPECT_FALSE(resource("fleet").is_null());
  start();
  ASSERT_TRUE(await_gone("fleet"));
  EXPECT_TRUE(keys("fleet").empty());
}

TEST_F(DeleteTest, WholeNamespaceGoes) {
  if (!world().has_faults()) GTEST_SKIP() << "the namespace of this world is cleaned up otherwise";
  rest("fleet");
  ASSERT_TRUE(world().remove({"namespaces", "", name_space()}).ok);
  ASSERT_TRUE(await("the namespace is gone", [&] {
    return !world().get({"namespaces", "", name_space()});
  }));
  EXPECT_TRUE(keys("fleet").empty()) << "no new key for a Secret that went first";
}

}  // namespace
}  // namespace nbkeys::behaviour
