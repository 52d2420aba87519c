// The fakes themselves: what the behaviour suite takes for granted about the API server and
// NetBird.

#include <gtest/gtest.h>

#include "base/hash.h"
#include "fakes/fake_kube.h"
#include "fakes/fake_netbird.h"
#include "fakes/faults.h"

namespace nbkeys::fakes {
namespace {

constexpr char kKeys[] = "/apis/keys.netbird.io/v1alpha1/namespaces/default/setupkeys";
constexpr char kSecrets[] = "/api/v1/namespaces/default/secrets";
constexpr char kMerge[] = "application/merge-patch+json";
constexpr char kMetadata[] = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1";

struct Answer {
  int status = 0;
  Json body;
};

io::HttpRequest make_request(io::Method method, const std::string& path, const Json& body,
                             const std::string& content_type) {
  io::HttpRequest out;
  out.method = method;
  out.path = path;
  out.content_type = content_type;
  if (!body.is_null()) out.body = base::SecretText(body.dump());
  return out;
}

base::Now at(std::int64_t seconds) {
  return {{base::Duration{seconds * 1000}}, {base::Duration{1'767'225'600'000 + seconds * 1000}}};
}

class KubeTest : public testing::Test {
 protected:
  Answer call(io::Method method, const std::string& path, const Json& body = nullptr,
              const std::string& content_type = "application/json",
              const std::string& accept = "application/json") {
    io::HttpRequest request = make_request(method, path, body, content_type);
    request.accept = accept;
    const auto response = kube.handle(request, at(0));
    return {response.status, Json::parse(response.body.reveal())};
  }
  Answer create_key(const std::string& name, const Json& spec = Json::object()) {
    return call(io::Method::kPost, kKeys,
                {{"apiVersion", "keys.netbird.io/v1alpha1"},
                 {"kind", "SetupKey"},
                 {"metadata", {{"name", name}}},
                 {"spec", spec}});
  }
  Answer create_secret(const std::string& name, Json metadata = Json::object()) {
    metadata["name"] = name;
    return call(io::Method::kPost, kSecrets,
                {{"apiVersion", "v1"},
                 {"kind", "Secret"},
                 {"metadata", metadata},
                 {"stringData", {{"a", "b"}}}});
  }
  Answer patch(const std::string& path, const Json& body) {
    return call(io::Method::kPatch, path, body, kMerge);
  }
  KubeWatchId watch(const std::string& path, const std::string& accept = "application/json") {
    const auto start = kube.open_watch(path, accept, at(0));
    EXPECT_TRUE(start.id) << start.body;
    return start.id.value_or(0);
  }
  std::vector<Json> take(KubeWatchId id, std::int64_t seconds = 0) {
    std::vector<Json> out;
    std::istringstream lines(kube.store().take_lines(id, at(seconds).mono));
    for (std::string line; std::getline(lines, line);) out.push_back(Json::parse(line));
    return out;
  }

  FakeKube kube;
};

TEST_F(KubeTest, CreationAppliesDefaultsAndDropsWhatTheSchemaDoesNotKnow) {
  const Answer made = create_key("fleet", {{"rotation", Json::object()}, {"unknown", 1}});
  ASSERT_EQ(made.status, 201) << made.body;
  EXPECT_EQ(made.body["spec"]["type"], "reusable");
  EXPECT_EQ(made.body["spec"]["rotation"]["overlap"], "1h");
  EXPECT_FALSE(made.body["spec"].contains("unknown"));
  EXPECT_EQ(made.body["status"]["observedGeneration"], -1);
  EXPECT_EQ(made.body["metadata"]["generation"], 1);
  EXPECT_EQ(create_key("fleet").body["reason"], "AlreadyExists");
}

TEST_F(KubeTest, BadSpecsAreRefusedWithTheFieldsName) {
  const Answer refused = create_key("fleet", {{"type", "many"}, {"expiresIn", "soon"}});
  EXPECT_EQ(refused.status, 422);
  const std::string message = refused.body["message"];
  EXPECT_NE(message.find("spec.type: Unsupported value"), std::string::npos) << message;
  EXPECT_NE(message.find("spec.expiresIn: Invalid value"), std::string::npos) << message;
}

TEST_F(KubeTest, StatusAndSpecAreWrittenApart) {
  create_key("fleet");
  const std::string path = std::string(kKeys) + "/fleet";
  const Json both = {{"spec", {{"suspend", true}}}, {"status", {{"state", "valid"}}}};
  const Answer status = patch(path + "/status", both);
  EXPECT_EQ(status.body["spec"]["suspend"], false);
  EXPECT_EQ(status.body["status"]["state"], "valid");
  EXPECT_EQ(status.body["metadata"]["generation"], 1);
  const Answer spec =
      patch(path, {{"spec", {{"suspend", true}}}, {"status", {{"state", "expired"}}}});
  EXPECT_EQ(spec.body["spec"]["suspend"], true);
  EXPECT_EQ(spec.body["status"]["state"], "valid");
  EXPECT_EQ(spec.body["metadata"]["generation"], 2);
}

TEST_F(KubeTest, PreconditionsHold) {
  const Answer made = create_key("fleet");
  const std::string path = std::string(kKeys) + "/fleet/status";
  const Json version = made.body["metadata"]["resourceVersion"];
  const Json good = {
      {"metadata", {{"resourceVersion", version}, {"uid", made.body["metadata"]["uid"]}}},
      {"status", {{"revision", 1}}}};
  EXPECT_EQ(patch(path, good).status, 200);
  EXPECT_EQ(patch(path, good).status, 409);
  EXPECT_EQ(patch(path, {{"metadata", {{"uid", "another"}}}, {"status", {{"revision", 2}}}}).status,
            409);
}

TEST_F(KubeTest, AWriteWithoutAChangeMakesNoNewVersion) {
  const Answer made = create_key("fleet");
  const KubeWatchId id = watch(std::string(kKeys) + "?watch=true&resourceVersion=" +
                               made.body["metadata"]["resourceVersion"].get<std::string>());
  const Answer same = patch(std::string(kKeys) + "/fleet", {{"spec", {{"suspend", false}}}});
  EXPECT_EQ(same.body["metadata"]["resourceVersion"], made.body["metadata"]["resourceVersion"]);
  EXPECT_TRUE(take(id).empty());
}

TEST_F(KubeTest, AFinalizerHoldsTheObjectUntilItIsTakenOff) {
  create_key("fleet");
  const std::string path = std::string(kKeys) + "/fleet";
  patch(path, {{"metadata", {{"finalizers", {"keys.netbird.io/setup-key"}}}}});
  const Answer asked = call(io::Method::kDelete, path);
  EXPECT_TRUE(asked.body["metadata"]["deletionTimestamp"].is_string());
  EXPECT_EQ(asked.body["metadata"]["generation"], 2);
  EXPECT_EQ(patch(path, {{"metadata", {{"finalizers", {"a.b/c"}}}}}).status, 422);
  EXPECT_EQ(patch(path, {{"metadata", {{"finalizers", Json::array()}}}}).status, 200);
  EXPECT_EQ(call(io::Method::kGet, path).status, 404);
}

TEST_F(KubeTest, OwnedSecretsGoWithTheirOwner) {
  const Answer owner = create_key("fleet");
  const Json owners = {{{"apiVersion", "keys.netbird.io/v1alpha1"},
                        {"kind", "SetupKey"},
                        {"name", "fleet"},
                        {"controller", true},
                        {"uid", owner.body["metadata"]["uid"]}}};
  create_secret("owned", {{"ownerReferences", owners}});
  create_secret("free");
  call(io::Method::kDelete, std::string(kKeys) + "/fleet");
  EXPECT_EQ(call(io::Method::kGet, std::string(kSecrets) + "/owned").status, 404);
  EXPECT_EQ(call(io::Method::kGet, std::string(kSecrets) + "/free").status, 200);
}

TEST_F(KubeTest, SecretsAreEncodedAndTheirTypeIsFixed) {
  const Answer made = create_secret("plain");
  EXPECT_EQ(made.body["data"]["a"], "Yg==");
  EXPECT_EQ(made.body["type"], "Opaque");
  EXPECT_EQ(patch(std::string(kSecrets) + "/plain", {{"type", "other"}}).status, 422);
  EXPECT_EQ(patch(std::string(kSecrets) + "/plain", {{"data", {{"a", "!"}}}}).status, 400);
  EXPECT_EQ(patch(std::string(kSecrets) + "/plain", {{"data", {{"a", nullptr}}}}).status, 200);
  EXPECT_FALSE(call(io::Method::kGet, std::string(kSecrets) + "/plain").body.contains("data"));
}

TEST_F(KubeTest, ADryRunLeavesNothingBehind) {
  const Json body = {{"apiVersion", "v1"}, {"kind", "Secret"}, {"metadata", {{"name", "dry"}}}};
  EXPECT_EQ(call(io::Method::kPost, std::string(kSecrets) + "?dryRun=All", body).status, 201);
  EXPECT_EQ(call(io::Method::kGet, std::string(kSecrets) + "/dry").status, 404);
}

TEST_F(KubeTest, MetadataViewsShowNoData) {
  create_secret("plain");
  const Answer one =
      call(io::Method::kGet, std::string(kSecrets) + "/plain", nullptr, "", kMetadata);
  EXPECT_EQ(one.body["kind"], "PartialObjectMetadata");
  EXPECT_FALSE(one.body.contains("data"));
  EXPECT_EQ(call(io::Method::kGet, kSecrets, nullptr, "", kMetadata).status, 406);
  std::string list_accept = kMetadata;
  list_accept.insert(list_accept.find(";g="), "List");
  const Answer all = call(io::Method::kGet, kSecrets, nullptr, "", list_accept);
  EXPECT_EQ(all.body["kind"], "PartialObjectMetadataList");
  EXPECT_FALSE(all.body["items"][0].contains("data"));
}

TEST_F(KubeTest, PagesShowOneMoment) {
  for (const char* name : {"a", "b", "c"}) create_key(name);
  const Answer first = call(io::Method::kGet, std::string(kKeys) + "?limit=2");
  ASSERT_EQ(first.body["items"].size(), 2U);
  create_key("d");
  const std::string more = std::string(kKeys) + "?limit=2&continue=" +
                           first.body["metadata"]["continue"].get<std::string>();
  const Answer second = call(io::Method::kGet, more);
  EXPECT_EQ(second.body["items"].size(), 1U);
  EXPECT_EQ(second.body["metadata"]["resourceVersion"], first.body["metadata"]["resourceVersion"]);
  kube.compact();
  EXPECT_EQ(call(io::Method::kGet, more).status, 410);
}

TEST_F(KubeTest, AWatchBySelectorSeesLabelsComeAndGo) {
  const KubeWatchId id = watch(
      "/api/v1/secrets?labelSelector=keys.netbird.io%2Fsetupkey-uid&watch=true&resourceVersion=0",
      kMetadata);
  create_secret("plain");
  EXPECT_TRUE(take(id).empty());
  const std::string path = std::string(kSecrets) + "/plain";
  const auto label = [](const Json& value) {
    return Json{{"metadata", {{"labels", {{"keys.netbird.io/setupkey-uid", value}}}}}};
  };
  patch(path, label("u"));
  patch(path, {{"metadata", {{"annotations", {{"x", "y"}}}}}});
  const Answer gone = patch(path, label(nullptr));
  const std::vector<Json> events = take(id);
  ASSERT_EQ(events.size(), 3U);
  EXPECT_EQ(events[0]["type"], "ADDED");
  EXPECT_EQ(events[1]["type"], "MODIFIED");
  EXPECT_EQ(events[2]["type"], "DELETED");
  EXPECT_EQ(events[2]["object"]["kind"], "PartialObjectMetadata");
  EXPECT_EQ(events[2]["object"]["metadata"]["resourceVersion"],
            gone.body["metadata"]["resourceVersion"]);
}

TEST_F(KubeTest, AWatchResumesBookmarksAndEndsWhereHistoryIsGone) {
  const std::string version = create_key("a").body["metadata"]["resourceVersion"];
  create_key("b");
  const std::string path = std::string(kKeys) + "?watch=true&allowWatchBookmarks=true" +
                           "&timeoutSeconds=240&resourceVersion=" + version;
  const KubeWatchId id = watch(path);
  ASSERT_EQ(take(id).size(), 1U);
  const std::vector<Json> later = take(id, 61);
  ASSERT_EQ(later.size(), 1U);
  EXPECT_EQ(later[0]["type"], "BOOKMARK");
  EXPECT_FALSE(kube.store().ended(id, at(239).mono));
  EXPECT_TRUE(kube.store().ended(id, at(240).mono));
  kube.compact();
  const auto refused = kube.open_watch(path, "application/json", at(0));
  EXPECT_FALSE(refused.id);
  EXPECT_EQ(Json::parse(refused.body)["object"]["code"], 410);
  kube.set_gone(FakeKube::Gone::kHttpStatus);
  EXPECT_EQ(kube.open_watch(path, "application/json", at(0)).status, 410);
}

TEST_F(KubeTest, LeasesNeedTheVersionThatTheyReplace) {
  const std::string path = "/apis/coordination.k8s.io/v1/namespaces/nbkeys-system/leases";
  Json lease = {{"apiVersion", "coordination.k8s.io/v1"},
                {"kind", "Lease"},
                {"metadata", {{"name", "nbkeys"}}},
                {"spec", {{"holderIdentity", "a"}}}};
  const Answer made = call(io::Method::kPost, path, lease);
  ASSERT_EQ(made.status, 201);
  EXPECT_EQ(call(io::Method::kPut, path + "/nbkeys", lease).status, 422);
  lease["metadata"]["resourceVersion"] = made.body["metadata"]["resourceVersion"];
  lease["spec"]["holderIdentity"] = "b";
  EXPECT_EQ(call(io::Method::kPut, path + "/nbkeys", lease).status, 200);
  EXPECT_EQ(call(io::Method::kPut, path + "/nbkeys", lease).status, 409);
}

TEST_F(KubeTest, ANamespaceTakesItsObjectsAlong) {
  call(io::Method::kPost, "/api/v1/namespaces",
       {{"apiVersion", "v1"}, {"kind", "Namespace"}, {"metadata", {{"name", "team"}}}});
  const std::string path = "/api/v1/namespaces/team/secrets";
  const Json secret = {{"apiVersion", "v1"}, {"kind", "Secret"}, {"metadata", {{"name", "s"}}}};
  EXPECT_EQ(call(io::Method::kPost, path, secret).status, 201);
  EXPECT_EQ(call(io::Method::kDelete, "/api/v1/namespaces/team").status, 200);
  EXPECT_EQ(call(io::Method::kGet, path + "/s").status, 404);
  EXPECT_EQ(call(io::Method::kPost, path, secret).status, 404);
}

TEST_F(KubeTest, AppliesYamlAsCreationOrMerge) {
  io::HttpRequest request = make_request(io::Method::kPatch, std::string(kKeys) + "/fleet", nullptr,
                                         "application/apply-patch+yaml");
  const std::string yaml =
      "apiVersion: keys.netbird.io/v1alpha1\nkind: SetupKey\nmetadata:\n  name: fleet\n"
      "spec:\n  usageLimit: 5\n  expiresIn: \"0\"\n";
  request.body = base::SecretText(std::string(yaml));
  EXPECT_EQ(kube.handle(request, at(0)).status, 201);
  request.body = base::SecretText(std::string(yaml));
  EXPECT_EQ(kube.handle(request, at(0)).status, 200);
  const Answer made = call(io::Method::kGet, std::string(kKeys) + "/fleet");
  EXPECT_EQ(made.body["spec"]["usageLimit"], 5);
  EXPECT_EQ(made.body["spec"]["expiresIn"], "0");
  EXPECT_EQ(made.body["metadata"]["generation"], 1);
}

class NetBirdTest : public testing::Test {
 protected:
  Answer call(io::Method method, const std::string& path, const Json& body = nullptr,
              std::int64_t seconds = 0) {
    const auto response =
        netbird.handle(make_request(method, path, body, "application/json"), at(seconds));
    return {response.status, Json::parse(response.body.reveal())};
  }
  Json new_key(const Json& changes = Json::object()) {
    Json body = {{"name", "k"},
                 {"type", "reusable"},
                 {"expires_in", 86400},
                 {"usage_limit", 0},
                 {"ephemeral", false},
                 {"allow_extra_dns_labels", false},
                 {"auto_groups", Json::array()}};
    body.merge_patch(changes);
    return body;
  }
  std::string state(std::int64_t seconds = 0) { return netbird.keys(at(seconds))[0]["state"]; }

  FakeNetBird netbird;
};

TEST_F(NetBirdTest, ShowsAKeyOnce) {
  const Answer made = call(io::Method::kPost, "/api/setup-keys", new_key());
  ASSERT_EQ(made.status, 200);
  const std::string plaintext = made.body["key"];
  EXPECT_EQ(plaintext.size(), 36U);
  EXPECT_EQ(made.body["id"].get<std::string>().size(), 20U);
  const Answer list = call(io::Method::kGet, "/api/setup-keys");
  EXPECT_EQ(list.body[0]["key"], plaintext.substr(0, 5) + "****");
  EXPECT_EQ(list.body[0]["last_used"], "0001-01-01T00:00:00Z");
}

TEST_F(NetBirdTest, StatesFollowUseAndTime) {
  const Answer made = call(io::Method::kPost, "/api/setup-keys", new_key({{"type", "one-off"}}));
  EXPECT_EQ(made.body["usage_limit"], 1);
  EXPECT_TRUE(netbird.enrol(made.body["key"].get<std::string>(), at(10)));
  EXPECT_FALSE(netbird.enrol(made.body["key"].get<std::string>(), at(11)));
  EXPECT_EQ(state(), "overused");
  EXPECT_EQ(state(86400), "expired");
}

TEST_F(NetBirdTest, RefusesWhatTheServerRefuses) {
  const std::string path = "/api/setup-keys";
  EXPECT_EQ(call(io::Method::kPost, path, new_key({{"name", ""}})).status, 422);
  EXPECT_EQ(call(io::Method::kPost, path, new_key({{"expires_in", -1}})).status, 422);
  EXPECT_EQ(call(io::Method::kPost, path, new_key({{"auto_groups", {"none"}}})).status, 422);
  EXPECT_EQ(
      call(io::Method::kPost, path, new_key({{"type", "one-off"}, {"usage_limit", 2}})).status,
      422);
  EXPECT_TRUE(netbird.keys(at(0)).empty());
}

TEST_F(NetBirdTest, RevokingCannotBeUndone) {
  const std::string id = call(io::Method::kPost, "/api/setup-keys", new_key()).body["id"];
  const std::string path = "/api/setup-keys/" + id;
  const Json groups = Json::array();
  EXPECT_EQ(call(io::Method::kPut, path, {{"revoked", true}, {"auto_groups", nullptr}}).status,
            422);
  EXPECT_EQ(call(io::Method::kPut, path, {{"revoked", true}, {"auto_groups", groups}}).status, 200);
  EXPECT_EQ(state(), "revoked");
  EXPECT_EQ(call(io::Method::kPut, path, {{"revoked", false}, {"auto_groups", groups}}).status,
            422);
  EXPECT_EQ(call(io::Method::kDelete, path).status, 200);
  EXPECT_EQ(call(io::Method::kDelete, path).status, 404);
}

TEST_F(NetBirdTest, LimitsTheRateWhenAsked) {
  netbird.set_limiter(6, 2);
  EXPECT_EQ(call(io::Method::kGet, "/api/groups").status, 200);
  EXPECT_EQ(call(io::Method::kGet, "/api/groups").status, 200);
  EXPECT_EQ(call(io::Method::kGet, "/api/groups").status, 429);
  EXPECT_EQ(call(io::Method::kGet, "/api/groups", nullptr, 10).status, 200);
}

TEST(ArmedFaultsTest, HitsTheNthMatchOnly) {
  Faults faults;
  Fault fault;
  fault.pattern = "^POST /api/setup-keys$";
  fault.first = 2;
  faults.add(fault);
  const auto post = make_request(io::Method::kPost, "/api/setup-keys", nullptr, "");
  const auto get = make_request(io::Method::kGet, "/api/setup-keys", nullptr, "");
  EXPECT_FALSE(faults.strike(post));
  EXPECT_FALSE(faults.strike(get));
  EXPECT_TRUE(faults.strike(post));
  EXPECT_FALSE(faults.strike(post));
  EXPECT_EQ(faults.hits(), 1U);
}

TEST(ArmedFaultsTest, SurvivesItsOwnJson) {
  Fault fault;
  fault.kind = FaultKind::kKillAfter;
  fault.pattern = "x";
  fault.times = 0;
  fault.retry_after = base::Duration{5000};
  fault.server = io::Server::kNetBird;
  const auto back = fault_from_json(fault_to_json(fault));
  ASSERT_TRUE(back);
  EXPECT_EQ(fault_to_json(*back), fault_to_json(fault));
  EXPECT_FALSE(fault_from_json({{"kind", "nonsense"}, {"pattern", "x"}}));
}

}  // namespace
}  // namespace nbkeys::fakes
