// Changes of the spec of a SetupKey that has its key.

#include "behaviour/suite.h"

namespace nbkeys::behaviour {
namespace {

using testing::SizeIs;

class EditTest : public BehaviourTest {};

TEST_F(EditTest, GroupsChangeInPlace) {
  const std::string first = add_group("first");
  const std::string second = add_group("second");
  start();
  apply("fleet", {{"autoGroups", {{{"id", first}}}}});
  ASSERT_TRUE(await_ready("fleet"));
  const std::string id = active_key("fleet");
  const std::string digest = secret_digest("fleet");
  if (world().has_faults()) world().forget_requests();
  edit("fleet", {{"autoGroups", {{{"name", group_name("second")}}}}});
  ASSERT_TRUE(await("the groups are changed",
                    [&] { return key("fleet", id).at("auto_groups") == Json::array({second}); }));
  ASSERT_TRUE(await_ready("fleet"));
  EXPECT_EQ(active_key("fleet"), id);
  EXPECT_EQ(secret_digest("fleet"), digest);
  EXPECT_EQ(status("fleet").at("autoGroupIDs"), Json::array({second}));
  EXPECT_EQ(condition("fleet", "Ready").reason, "Issued");
  if (world().has_faults()) {
    EXPECT_EQ(requests_like("^PUT /api/setup-keys/"), 1);
    EXPECT_EQ(posts(), 0);
    EXPECT_EQ(requests_like("^(PATCH|POST) /api/v1/namespaces/.*/secrets"), 0);
  }
  edit("fleet", {{"autoGroups", nullptr}});
  EXPECT_TRUE(
      await("the groups are cleared", [&] { return key("fleet", id).at("auto_groups").empty(); }));
}

struct SettingsEdit {
  const char* name;
  Json before;
  Json change;
  const char* netbird_field;
  Json netbird_value;
};

void PrintTo(const SettingsEdit& edit, std::ostream* out) { *out << edit.name; }

class SettingsEditTest : public BehaviourTest, public testing::WithParamInterface<SettingsEdit> {};

TEST_P(SettingsEditTest, IssuesANewKeyAndRetiresTheOld) {
  start();
  Json spec = GetParam().before;
  spec["rotation"]["overlap"] = "3s";
  apply("fleet", spec);
  ASSERT_TRUE(await_ready("fleet"));
  const std::string old_id = active_key("fleet");
  const std::string old_digest = secret_digest("fleet");
  edit("fleet", GetParam().change);
  ASSERT_TRUE(await_revision("fleet", 2));
  const std::string new_id = active_key("fleet");
  EXPECT_NE(new_id, old_id);
  EXPECT_NE(secret_digest("fleet"), old_digest);
  EXPECT_EQ(key("fleet", new_id).at(GetParam().netbird_field), GetParam().netbird_value);
  ASSERT_TRUE(await_whole("fleet")) << "the old key goes after the overlap";
  EXPECT_EQ(active_key("fleet"), new_id);
  EXPECT_TRUE(stays("one key for one change", [&] { return revision("fleet") == 2; }));
}

INSTANTIATE_TEST_SUITE_P(
    All, SettingsEditTest,
    testing::Values(
        SettingsEdit{"type", Json::object(), {{"type", "one-off"}}, "type", "one-off"},
        SettingsEdit{"usageLimit", {{"usageLimit", 5}}, {{"usageLimit", 9}}, "usage_limit", 9},
        SettingsEdit{"ephemeral", Json::object(), {{"ephemeral", true}}, "ephemeral", true},
        SettingsEdit{"allowExtraDnsLabels",
                     Json::object(),
                     {{"allowExtraDnsLabels", true}},
                     "allow_extra_dns_labels",
                     true},
        SettingsEdit{
            "expiresIn", Json::object(), {{"expiresIn", "0"}}, "expires", "0001-01-01T00:00:00Z"}),
    [](const auto& param) { return std::string(param.param.name); });

TEST_F(EditTest, NewDisplayNameIssuesAKeyOfThatName) {
  start();
  apply("fleet", {{"rotation", {{"overlap", "0"}}}});
  ASSERT_TRUE(await_ready("fleet"));
  edit("fleet", {{"name", "Renamed"}});
  ASSERT_TRUE(await_revision("fleet", 2));
  ASSERT_TRUE(await_whole("fleet"));
  EXPECT_EQ(keys("fleet").at(0).at("name").get<std::string>().find("Renamed ~"), 0U);
}

TEST_F(EditTest, OldKeyLivesThroughTheOverlap) {
  start();
  apply("fleet", {{"usageLimit", 5}, {"rotation", {{"overlap", "1h"}}}});
  ASSERT_TRUE(await_ready("fleet"));
  const std::string old_id = active_key("fleet");
  const std::string old_plain = secret_value("fleet");
  edit("fleet", {{"usageLimit", 6}});
  ASSERT_TRUE(await_revision("fleet", 2));
  EXPECT_TRUE(stays("the old key is there", [&] {
    return !key("fleet", old_id).is_null() && key("fleet", old_id).at("state") == "valid";
  }));
  const Json previous = status("fleet").at("previousKeys");
  ASSERT_THAT(previous, SizeIs(1));
  EXPECT_EQ(previous[0].at("keyID"), old_id);
  EXPECT_EQ(previous[0].at("revision"), 1);
  if (world().can_enrol()) {
    EXPECT_TRUE(world().enrol(old_plain));
  }
}

TEST_F(EditTest, RevokeAndTakeItBack) {
  start();
  apply("fleet", {{"rotation", {{"overlap", "2s"}}}});
  ASSERT_TRUE(await_ready("fleet"));
  const std::string id = active_key("fleet");
  edit("fleet", {{"revoked", true}});
  ASSERT_TRUE(await_condition("fleet", "KeyValid", "False", "Revoked"));
  EXPECT_EQ(key("fleet", id).at("revoked"), true);
  ASSERT_TRUE(await_condition("fleet", "Ready", "True", "Revoked"));
  EXPECT_EQ(condition("fleet", "Stalled").status, "");
  EXPECT_TRUE(stays("it stays revoked", [&] {
    return revision("fleet") == 1 && status("fleet").at("state") == "revoked";
  }));
  edit("fleet", {{"revoked", false}});
  ASSERT_TRUE(await_revision("fleet", 2));
  ASSERT_TRUE(await_condition("fleet", "KeyValid", "True", "Valid"));
  ASSERT_TRUE(await_whole("fleet"));
  EXPECT_EQ(condition("fleet", "Ready").reason, "Issued");
}

TEST_F(EditTest, SuspendStopsTheWorkButNotTheDeletion) {
  start();
  apply("fleet", {{"usageLimit", 5}, {"rotation", {{"overlap", "0"}}}});
  ASSERT_TRUE(await_ready("fleet"));
  edit("fleet", {{"suspend", true}});
  ASSERT_TRUE(await("Ready says Suspended",
                    [&] { return condition("fleet", "Ready").reason == "Suspended"; }));
  edit("fleet", {{"usageLimit", 6}});
  rotate("fleet", "now");
  EXPECT_TRUE(stays("nothing is issued",
                    [&] { return revision("fleet") == 1 && keys("fleet").size() == 1; }));
  remove("fleet");
  ASSERT_TRUE(await_gone("fleet"));
  EXPECT_TRUE(keys("fleet").empty());
}

TEST_F(EditTest, RotationRulesAloneIssueNothing) {
  start();
  apply("fleet");
  ASSERT_TRUE(await_ready("fleet"));
  const std::string before = status("fleet").at("renewalTime");
  edit("fleet", {{"rotation", {{"renewBefore", "5d"}, {"overlap", "2h"}}}});
  ASSERT_TRUE(
      await("the renewal moves", [&] { return status("fleet").at("renewalTime") > before; }));
  EXPECT_TRUE(stays("the same key", [&] { return revision("fleet") == 1; }));
}

}  // namespace
}  // namespace nbkeys::behaviour
