// The first key of a SetupKey.

#include "base/hash.h"
#include "behaviour/suite.h"
#include "kube/names.h"

namespace nbkeys::behaviour {
namespace {

using fakes::at_path;
using fakes::text_at;
using testing::IsEmpty;
using testing::SizeIs;

class IssueTest : public BehaviourTest {};

TEST_F(IssueTest, SecretHoldsTheKeyAndItsRecord) {
  start();
  const Json made = apply("fleet");
  ASSERT_TRUE(await_ready("fleet"));
  const std::string plain = secret_value("fleet");
  ASSERT_EQ(plain.size(), 36U);
  const Json held = secret("fleet");
  const Json& metadata = held.at("metadata");
  const Json& notes = metadata.at("annotations");
  EXPECT_EQ(held.at("type"), "Opaque");
  EXPECT_EQ(held.at("data").size(), 1U);
  EXPECT_EQ(text_at(metadata, {"labels", "keys.netbird.io/setupkey-uid"}),
            text_at(made, {"metadata", "uid"}));
  EXPECT_EQ(text_at(metadata, {"labels", "app.kubernetes.io/managed-by"}), "nbkeys");
  EXPECT_EQ(text_at(notes, {"keys.netbird.io/key-id"}), active_key("fleet"));
  EXPECT_EQ(text_at(notes, {"keys.netbird.io/revision"}), "1");
  EXPECT_EQ(text_at(notes, {"keys.netbird.io/digest"}), base::sha256_hex(plain));
  ASSERT_THAT(metadata.at("ownerReferences"), SizeIs(1));
  const Json& owner = metadata.at("ownerReferences")[0];
  EXPECT_EQ(owner.at("kind"), "SetupKey");
  EXPECT_EQ(owner.at("uid"), text_at(made, {"metadata", "uid"}));
  EXPECT_EQ(owner.at("controller"), true);
  EXPECT_EQ(owner.at("blockOwnerDeletion"), true);
}

TEST_F(IssueTest, StatusFillsTheColumns) {
  start();
  apply("fleet");
  ASSERT_TRUE(await_ready("fleet"));
  const Json now = status("fleet");
  const std::string plain = secret_value("fleet");
  EXPECT_EQ(condition("fleet", "Ready").reason, "Issued");
  EXPECT_EQ(condition("fleet", "KeyValid").status, "True");
  EXPECT_EQ(condition("fleet", "KeyValid").reason, "Valid");
  EXPECT_EQ(condition("fleet", "Reconciling").status, "");
  EXPECT_EQ(condition("fleet", "Stalled").status, "");
  EXPECT_EQ(now.at("state"), "valid");
  EXPECT_EQ(text_at(now, {"binding", "name"}), "fleet");
  EXPECT_EQ(now.at("usedTimes"), 0);
  EXPECT_EQ(now.at("revision"), 1);
  EXPECT_EQ(now.at("keyPrefix"), plain.substr(0, 5));
  EXPECT_EQ(now.at("keyDigest"), base::sha256_hex(plain));
  EXPECT_FALSE(now.contains("claim"));
  EXPECT_FALSE(now.contains("previousKeys"));
  const std::string expires = key("fleet", active_key("fleet")).at("expires");
  EXPECT_EQ(text_at(now, {"expiresAt"}).substr(0, 19), expires.substr(0, 19)) << "to the second";
  EXPECT_LT(text_at(now, {"renewalTime"}), text_at(now, {"expiresAt"}));
  EXPECT_GT(text_at(now, {"renewalTime"}), text_at(now, {"issuedAt"}));
  EXPECT_EQ(text_at(resource("fleet"), {"metadata", "finalizers"}), "");
  EXPECT_EQ(at_path(resource("fleet"), {"metadata", "finalizers"}),
            Json::array({"keys.netbird.io/setup-key"}));
  EXPECT_TRUE(await("an event tells it", [&] { return events("Issued").size() == 1; }));
}

TEST_F(IssueTest, KeyAtNetBirdEqualsTheSpec) {
  const std::string by_name = add_group("servers");
  const std::string by_id = add_group("phones");
  start();
  apply("fleet", {{"name", "Server fleet"},
                  {"type", "reusable"},
                  {"usageLimit", 7},
                  {"expiresIn", "48h"},
                  {"ephemeral", true},
                  {"allowExtraDnsLabels", true},
                  {"autoGroups", {{{"name", group_name("servers")}}, {{"id", by_id}}}}});
  ASSERT_TRUE(await_ready("fleet"));
  ASSERT_THAT(keys("fleet"), SizeIs(1));
  const Json made = keys("fleet")[0];
  EXPECT_EQ(text_at(made, {"name"}).find("Server fleet ~"), 0U) << made;
  EXPECT_TRUE(text_at(made, {"name"}).ends_with("-r1]")) << made;
  EXPECT_EQ(made.at("type"), "reusable");
  EXPECT_EQ(made.at("usage_limit"), 7);
  EXPECT_EQ(made.at("ephemeral"), true);
  EXPECT_EQ(made.at("allow_extra_dns_labels"), true);
  EXPECT_THAT(made.at("auto_groups").get<std::vector<std::string>>(),
              testing::UnorderedElementsAre(by_name, by_id));
  EXPECT_THAT(status("fleet").at("autoGroupIDs").get<std::vector<std::string>>(),
              testing::UnorderedElementsAre(by_name, by_id));
}

TEST_F(IssueTest, OneOffKeyThatNeverExpires) {
  start();
  apply("laptop", {{"type", "one-off"}, {"expiresIn", "0"}});
  ASSERT_TRUE(await_ready("laptop"));
  const Json made = keys("laptop").at(0);
  EXPECT_EQ(made.at("type"), "one-off");
  EXPECT_EQ(text_at(made, {"name"}).find("laptop ~"), 0U);
  EXPECT_FALSE(status("laptop").contains("expiresAt"));
  EXPECT_FALSE(status("laptop").contains("renewalTime"));
}

TEST_F(IssueTest, CostsOneCallPerStep) {
  if (!world().has_faults()) GTEST_SKIP() << "requests are not seen in this world";
  start();
  ASSERT_TRUE(await("the operator listens", [&] { return requests_like("watch=true") >= 2; }));
  ASSERT_TRUE(await("keys are listed", [&] { return requests_like("^GET /api/setup-keys$") > 0; }));
  world().forget_requests();
  apply("fleet");
  ASSERT_TRUE(await_ready("fleet"));
  EXPECT_EQ(posts(), 1);
  EXPECT_EQ(requests_like("(PUT|DELETE) /api/setup-keys"), 0);
  EXPECT_EQ(requests_like("GET /api/setup-keys/"), 0);
  EXPECT_EQ(requests_like("GET /api/groups"), 0);
  EXPECT_EQ(requests_like("^POST /api/v1/namespaces/.*/secrets"), 1);
  EXPECT_EQ(requests_like("^PATCH /api/v1/namespaces/.*/secrets"), 0);
  EXPECT_EQ(requests_like("^PATCH /apis/.*/setupkeys/fleet$"), 1) << "the finalizer";
  EXPECT_EQ(requests_like("^PATCH /apis/.*/setupkeys/fleet/status"), 2) << "claim and record";
}

TEST_F(IssueTest, MissingGroupStallsWithoutAKeyAndHeals) {
  start();
  apply("fleet", {{"autoGroups", {{{"name", group_name("late")}}}}});
  ASSERT_TRUE(await_condition("fleet", "Stalled", "True", "GroupNotFound"));
  EXPECT_EQ(condition("fleet", "Ready").status, "False");
  EXPECT_EQ(condition("fleet", "Ready").reason, "GroupNotFound");
  EXPECT_NE(condition("fleet", "Ready").message.find(group_name("late")), std::string::npos);
  EXPECT_EQ(condition("fleet", "Reconciling").status, "") << "kstatus takes one of the two";
  EXPECT_THAT(keys("fleet"), IsEmpty());
  EXPECT_TRUE(secret("fleet").is_null());
  const std::string id = add_group("late");
  ASSERT_TRUE(await_ready("fleet"));
  EXPECT_EQ(keys("fleet").at(0).at("auto_groups"), Json::array({id}));
  EXPECT_EQ(condition("fleet", "Stalled").status, "");
}

TEST_F(IssueTest, UnknownGroupIdIsShownAndLeavesNoKey) {
  start();
  apply("fleet", {{"autoGroups", {{{"id", "d00000000000nosuchid"}}}}});
  ASSERT_TRUE(
      await("Stalled says why", [&] { return condition("fleet", "Stalled").status == "True"; }));
  EXPECT_NE(condition("fleet", "Ready").message.find("group"), std::string::npos)
      << condition("fleet", "Ready").message;
  EXPECT_THAT(keys("fleet"), IsEmpty());
  const std::string id = add_group("right");
  edit("fleet", {{"autoGroups", {{{"id", id}}}}});
  ASSERT_TRUE(await_ready("fleet"));
  ASSERT_TRUE(await_whole("fleet"));
}

TEST_F(IssueTest, SecretCanBeNamedAndFurnished) {
  start();
  apply("fleet", {{"secretName", "netbird"},
                  {"secretKey", "NB_SETUP_KEY"},
                  {"secretTemplate",
                   {{"labels", {{"team", "edge"}}},
                    {"annotations", {{"example.com/owner", "ops"}}},
                    {"type", "example.com/netbird"},
                    {"data", {{"NB_MANAGEMENT_URL", "https://netbird.example.com"}}}}}});
  ASSERT_TRUE(await_ready("fleet"));
  EXPECT_TRUE(secret("fleet").is_null());
  EXPECT_EQ(secret_value("netbird", "NB_SETUP_KEY").size(), 36U);
  EXPECT_EQ(secret_value("netbird", "NB_MANAGEMENT_URL"), "https://netbird.example.com");
  const Json held = secret("netbird");
  EXPECT_EQ(held.at("type"), "example.com/netbird");
  EXPECT_EQ(held.at("data").size(), 2U);
  EXPECT_EQ(text_at(held, {"metadata", "labels", "team"}), "edge");
  EXPECT_EQ(text_at(held, {"metadata", "annotations", "example.com/owner"}), "ops");
  EXPECT_EQ(text_at(status("fleet"), {"binding", "name"}), "netbird");
}

TEST_F(IssueTest, UseIsShownAfterTheNextList) {
  if (!world().can_enrol()) GTEST_SKIP() << "peers enrol in another suite";
  start();
  apply("fleet");
  ASSERT_TRUE(await_ready("fleet"));
  EXPECT_TRUE(world().enrol(secret_value("fleet")));
  ASSERT_TRUE(await("usedTimes is 1", [&] { return status("fleet").value("usedTimes", 0) == 1; }));
  EXPECT_TRUE(status("fleet").contains("lastUsed"));
  EXPECT_EQ(condition("fleet", "Ready").status, "True");
}

TEST_F(IssueTest, SpentOneOffKeyHasDoneItsWork) {
  if (!world().can_enrol()) GTEST_SKIP() << "peers enrol in another suite";
  start();
  apply("laptop", {{"type", "one-off"}});
  ASSERT_TRUE(await_ready("laptop"));
  EXPECT_TRUE(world().enrol(secret_value("laptop")));
  ASSERT_TRUE(await_condition("laptop", "Ready", "True", "Used"));
  EXPECT_EQ(condition("laptop", "KeyValid").status, "False");
  EXPECT_EQ(condition("laptop", "Stalled").status, "");
  EXPECT_EQ(status("laptop").at("state"), "overused");
  EXPECT_TRUE(stays("no second key", [&] { return revision("laptop") == 1; }));
}

TEST_F(IssueTest, SuspendedFromTheStartIssuesNothing) {
  start();
  apply("fleet", {{"suspend", true}});
  ASSERT_TRUE(await_condition("fleet", "Ready", "False", "Suspended"));
  EXPECT_TRUE(stays("no key", [&] { return keys("fleet").empty(); }));
  edit("fleet", {{"suspend", false}});
  ASSERT_TRUE(await_ready("fleet"));
  ASSERT_TRUE(await_whole("fleet"));
}

}  // namespace
}  // namespace nbkeys::behaviour
