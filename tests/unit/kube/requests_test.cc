#include "kube/requests.h"

#include <gtest/gtest.h>

#include <string>

#include "answers.h"

namespace nbkeys::kube {
namespace {

using testing::body_of;
using testing::json;

const ObjectRef kRef{"ns", "fleet"};

Meta meta() {
  Meta out;
  out.ref = kRef;
  out.uid = "u1";
  out.resource_version = "42";
  return out;
}

Collection keys(const std::string& scope) { return {Collection::Resource::kSetupKeys, scope}; }
Collection secrets(const std::string& scope) { return {Collection::Resource::kSecrets, scope}; }

TEST(ListRequest, SetupKeysEverywhereOrInOneNamespace) {
  EXPECT_EQ(list_request(keys(""), 500, "").path,
            "/apis/keys.netbird.io/v1alpha1/setupkeys?limit=500");
  EXPECT_EQ(list_request(keys("ns"), 10, "a/b=").path,
            "/apis/keys.netbird.io/v1alpha1/namespaces/ns/setupkeys?limit=10&continue=a%2Fb%3D");
  EXPECT_EQ(list_request(keys(""), 1, "").method, io::Method::kGet);
}

TEST(ListRequest, SecretsByOurLabelAndAsMetadataOnly) {
  const auto list = list_request(secrets("ns"), 500, "");
  EXPECT_EQ(list.path,
            "/api/v1/namespaces/ns/secrets?labelSelector=keys.netbird.io%2Fsetupkey-uid&limit=500");
  EXPECT_NE(list.accept.find("as=PartialObjectMetadataList"), std::string::npos);
  EXPECT_EQ(list.accept.find(","), std::string::npos) << "no fallback to whole Secrets";
}

TEST(WatchPath, ResumesWithBookmarksAndAServerSideEnd) {
  const std::string path = watch_path(secrets(""), "12", 250);
  EXPECT_EQ(path,
            "/api/v1/secrets?labelSelector=keys.netbird.io%2Fsetupkey-uid&watch=true"
            "&allowWatchBookmarks=true&timeoutSeconds=250&resourceVersion=12");
  EXPECT_EQ(collection_accept(secrets("")), kMetadataOnly);
  EXPECT_EQ(collection_accept(keys("")), "application/json");
}

TEST(StatusPatch, GoesToTheSubresourceUnderThePrecondition) {
  const auto patch = patch_status(meta(), json(R"({"state": "valid", "claim": null})"));
  EXPECT_EQ(patch.method, io::Method::kPatch);
  EXPECT_EQ(patch.path, "/apis/keys.netbird.io/v1alpha1/namespaces/ns/setupkeys/fleet/status");
  EXPECT_EQ(patch.content_type, "application/merge-patch+json");
  EXPECT_EQ(body_of(patch), json(R"({"metadata": {"uid": "u1", "resourceVersion": "42"},
                                     "status": {"state": "valid", "claim": null}})"));
}

TEST(FinalizerPatch, CarriesTheWholeListUnderThePrecondition) {
  const auto patch = patch_finalizers(meta(), {"a", "b"});
  EXPECT_EQ(patch.path, "/apis/keys.netbird.io/v1alpha1/namespaces/ns/setupkeys/fleet");
  EXPECT_EQ(
      body_of(patch),
      json(R"({"metadata": {"uid": "u1", "resourceVersion": "42", "finalizers": ["a", "b"]}})"));
  EXPECT_EQ(body_of(patch_finalizers(meta(), {}))["metadata"]["finalizers"], json("[]"));
}

TEST(SecretRequests, PathsAndAnswersWithoutContent) {
  const auto look = get_secret_meta(kRef);
  EXPECT_EQ(look.path, "/api/v1/namespaces/ns/secrets/fleet");
  EXPECT_EQ(look.accept, kMetadataOnly);
  EXPECT_EQ(get_secret(kRef).accept, "application/json");
  const auto create = create_secret(kRef, base::SecretText(std::string("{}")), false);
  EXPECT_EQ(create.method, io::Method::kPost);
  EXPECT_EQ(create.path, "/api/v1/namespaces/ns/secrets");
  EXPECT_EQ(create.accept, kMetadataOnly) << "the key must not come back";
  const auto patch = patch_secret(kRef, base::SecretText(std::string("{}")), false);
  EXPECT_EQ(patch.method, io::Method::kPatch);
  EXPECT_EQ(patch.accept, kMetadataOnly);
  EXPECT_EQ(patch.content_type, "application/merge-patch+json");
}

TEST(SecretRequests, ADryRunSaysSoToTheServer) {
  const auto dry = create_secret(kRef, base::SecretText(std::string("{}")), true);
  EXPECT_EQ(dry.path, "/api/v1/namespaces/ns/secrets?dryRun=All");
  EXPECT_EQ(dry.operation, "dry_run_secret");
  const auto patch = patch_secret(kRef, base::SecretText(std::string("{}")), true);
  EXPECT_EQ(patch.path, "/api/v1/namespaces/ns/secrets/fleet?dryRun=All");
  EXPECT_EQ(patch.operation, "dry_run_secret");
  EXPECT_EQ(patch.method, io::Method::kPatch);
}

TEST(LeaseRequests, PathsAndAShortTimeout) {
  EXPECT_EQ(get_lease(kRef).path, "/apis/coordination.k8s.io/v1/namespaces/ns/leases/fleet");
  EXPECT_EQ(create_lease(kRef, json("{}")).path,
            "/apis/coordination.k8s.io/v1/namespaces/ns/leases");
  EXPECT_EQ(create_lease(kRef, json("{}")).method, io::Method::kPost);
  EXPECT_EQ(replace_lease(kRef, json("{}")).method, io::Method::kPut);
  EXPECT_LT(get_lease(kRef).timeout, base::Duration{10'000}) << "well below the renew deadline";
}

TEST(EventRequest, IsAboutTheSetupKey) {
  const auto request =
      create_event(meta(), {true, "SecretConflict", "text"}, {base::Duration{1'000}}, "abc");
  EXPECT_EQ(request.path, "/api/v1/namespaces/ns/events");
  const auto body = body_of(request);
  EXPECT_EQ(base::string_or(body, {"metadata", "name"}), "fleet.abc");
  EXPECT_EQ(base::string_or(body, {"involvedObject", "kind"}), "SetupKey");
  EXPECT_EQ(base::string_or(body, {"involvedObject", "uid"}), "u1");
  EXPECT_EQ(base::string_or(body, {"type"}), "Warning");
  EXPECT_EQ(base::string_or(body, {"reason"}), "SecretConflict");
  EXPECT_EQ(base::string_or(body, {"firstTimestamp"}), "1970-01-01T00:00:01Z");
  EXPECT_EQ(base::int_at(body, {"count"}), 1);
}

TEST(EventRequest, LongTextsAreCut) {
  const auto body = body_of(create_event(meta(), {false, "R", std::string(5'000, 'm')}, {}, "abc"));
  EXPECT_EQ(base::string_or(body, {"message"}).size(), 1'024u);
}

TEST(EventRequest, ACutNameIsStillAName) {
  // A label of a DNS name must not end with a dash or a dot.
  for (const char last : {'-', '.'}) {
    Meta involved = meta();
    involved.ref.name = std::string(199, 'a') + last + std::string(40, 'b');
    const auto body = body_of(create_event(involved, {false, "R", "m"}, {}, "abc"));
    const std::string name = base::string_or(body, {"metadata", "name"});
    EXPECT_EQ(name.find("-."), std::string::npos) << name;
    EXPECT_EQ(name.find(".."), std::string::npos) << name;
  }
}

}  // namespace
}  // namespace nbkeys::kube
