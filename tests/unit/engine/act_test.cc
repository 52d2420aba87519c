#include "engine/act.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/json.h"
#include "scene.h"
#include "world_fixture.h"

namespace nbkeys::engine {
namespace {

using testing::json;
using testing::Scene;

constexpr const char* kOwner = "0123456789abcdef";

io::HttpRequest request(const Scene& s, const Action& action) {
  return request_for(action, s.observed(), kOwner);
}
base::Json body(const io::HttpRequest& r) { return json(r.body.reveal()); }

TEST(RequestFor, EachActionIsOneRequestToItsServer) {
  Scene s;
  s.hold(4);
  const std::pair<Action, const char*> cases[] = {
      {ReadSetupKey{}, "get_setupkey"},
      {AddFinalizer{}, "patch_finalizers"},
      {RemoveFinalizer{}, "patch_finalizers"},
      {WriteStatus{}, "patch_status"},
      {RestoreStatus{}, "patch_status"},
      {Claim{4, {}, "default"}, "patch_status"},
      {CreateKey{4, "default"}, "create_key"},
      {LookForSecret{}, "get_secret_metadata"},
      {ReadSecret{}, "get_secret"},
      {TryWritingSecret{}, "dry_run_secret"},
      {WriteSecret{}, "patch_secret"},
      {RepairSecret{}, "patch_secret"},
      {UpdateGroups{"id3", "default"}, "update_key"},
      {RevokeKey{"id3", false, "default"}, "revoke_key"},
      {DeleteKey{"id3", "default"}, "delete_key"},
  };
  for (const auto& [action, operation] : cases) {
    const io::HttpRequest r = request(s, action);
    EXPECT_EQ(r.operation, operation);
    const bool netbird = r.path.starts_with("/api/setup-keys");
    EXPECT_EQ(r.server, netbird ? io::Server::kNetBird : io::Server::kKube) << operation;
  }
}

TEST(RequestFor, StatusIsPatchedWithTheDifferenceOnly) {
  const Scene s;
  kube::KeyStatus next = s.resource.status;
  next.used_times = 9;
  const io::HttpRequest r = request(s, WriteStatus{next});
  EXPECT_EQ(body(r)["status"], json(R"({"usedTimes": 9})"));
  EXPECT_EQ(body(r)["metadata"]["resourceVersion"], "50");
}

TEST(RequestFor, FinalizersOfOthersStay) {
  Scene s;
  s.resource.meta.finalizers = {"other"};
  EXPECT_EQ(body(request(s, AddFinalizer{}))["metadata"]["finalizers"],
            json(R"(["other", "keys.netbird.io/setup-key"])"));
  s.resource.meta.finalizers = {"keys.netbird.io/setup-key", "other"};
  EXPECT_EQ(body(request(s, RemoveFinalizer{}))["metadata"]["finalizers"], json(R"(["other"])"));
}

TEST(RequestFor, ThePostCarriesTheMarkAndEndsWithinTheWait) {
  Scene s;
  s.groups.ids = {"g1"};
  s.resource.spec.settings.usage_limit = 5;
  const io::HttpRequest r = request(s, CreateKey{4, "default"});
  EXPECT_TRUE(r.once);
  EXPECT_LT(r.timeout, s.observed().request_timeout);
  EXPECT_EQ(body(r), json(R"({"name": "fleet [k8s-0123456789abcdef-r4]", "type": "reusable",
      "expires_in": 2592000, "auto_groups": ["g1"], "usage_limit": 5, "ephemeral": false,
      "allow_extra_dns_labels": false})"));
}

TEST(RequestFor, ANewSecretIsCreatedAnExistingOnePatched) {
  Scene s;
  s.hold(4);
  s.secret_state = SecretState::kAbsent;
  EXPECT_EQ(request(s, WriteSecret{}).method, io::Method::kPost);
  s.secret_state = SecretState::kOurs;
  const io::HttpRequest r = request(s, WriteSecret{});
  EXPECT_EQ(r.method, io::Method::kPatch);
  EXPECT_EQ(body(r)["metadata"]["resourceVersion"], "60");
  EXPECT_EQ(body(r)["metadata"]["annotations"]["keys.netbird.io/revision"], "4");
}

TEST(RequestFor, ADryRunCarriesNoKey) {
  Scene s = Scene::fresh();
  s.hold(4);
  const io::HttpRequest r = request(s, TryWritingSecret{});
  EXPECT_NE(r.path.find("dryRun=All"), std::string::npos);
  EXPECT_EQ(r.body.reveal().find(base::base64_encode(testing::kKey).reveal()),
            std::string_view::npos);
}

TEST(RequestFor, ARepairDoesNotTouchTheKey) {
  const Scene s;
  EXPECT_FALSE(body(request(s, RepairSecret{})).contains("data"));
}

TEST(RequestFor, RevokingKeepsTheGroupsUnlessTheyAreToBeFreed) {
  Scene s;
  s.active().key.auto_groups = {"g1"};
  EXPECT_EQ(body(request(s, RevokeKey{"id3", false, "default"})),
            json(R"({"revoked": true, "auto_groups": ["g1"]})"));
  EXPECT_EQ(body(request(s, RevokeKey{"id3", true, "default"})),
            json(R"({"revoked": true, "auto_groups": []})"));
  s.groups.ids = {"g2"};
  EXPECT_EQ(body(request(s, UpdateGroups{"id3", "default"})),
            json(R"({"revoked": false, "auto_groups": ["g2"]})"));
}

TEST(RequestForDeathTest, AForeignSecretIsNeverWritten) {
  Scene s;
  s.hold(4);
  s.secret_state = SecretState::kForeign;
  EXPECT_DEATH(request(s, WriteSecret{}), "invariant broken");
}

using PutAndErase = testing::WorldTest;

TEST_F(PutAndErase, TheIndexFollows) {
  const kube::ObjectRef other{"ns", "other"};
  store(testing::setup_key_text(11, "{}", testing::kUid, R"({"secretName": "other"})"));
  EXPECT_EQ(owners_of(world, other), std::vector{ref});
  EXPECT_EQ(owners_of(world, ref), std::vector{ref}) << "one of the Secret's own name is asked";
  erase_setup_key(world, ref, "12");
  EXPECT_EQ(resource(), nullptr);
  EXPECT_TRUE(owners_of(world, other).empty());
  EXPECT_TRUE(world.by_secret.empty());
  EXPECT_FALSE(world.flights.contains(ref));
}

TEST_F(PutAndErase, AnOldDeletionErasesNothing) {
  flight().claimed = 4;
  erase_setup_key(world, ref, "9");
  EXPECT_NE(resource(), nullptr);
  EXPECT_EQ(flight().claimed, 4u);
}

}  // namespace
}  // namespace nbkeys::engine
