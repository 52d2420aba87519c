#include "kube/secret.h"

#include <gtest/gtest.h>

#include <string>

#include "answers.h"
#include "base/hash.h"
#include "kube/names.h"

namespace nbkeys::kube {
namespace {

using base::Json;
using base::SecretText;
using testing::json;

constexpr const char* kKey = "A616097E-FCF0-48FA-9354-CA4A61142761";
constexpr const char* kSlot = "@nbkeys-key-slot@";

std::string b64(std::string_view plain) { return std::string(base::base64_encode(plain).reveal()); }

SetupKey owner() {
  SetupKey out;
  out.meta.ref = {"ns", "fleet"};
  out.meta.uid = "uid-1";
  out.meta.resource_version = "5";
  out.spec.secret_name = "fleet-secret";
  out.spec.secret_key = "setup-key";
  return out;
}

SecretKeyFacts facts() {
  return {"id1",
          3,
          "digest",
          "settings",
          {base::Duration{1'000}},
          base::WallTime{base::Duration{9'000}}};
}

SecretMeta existing() {
  SecretMeta out;
  out.ref = {"ns", "fleet-secret"};
  out.uid = "secret-uid";
  out.resource_version = "77";
  return out;
}

Json created(const SetupKey& resource) {
  return json(create_secret_body(resource, facts(), SecretText(std::string(kKey))).reveal());
}

Json patched(const SetupKey& resource, const SecretMeta& secret, bool with_key) {
  const SecretText key{std::string(kKey)};
  return json(patch_secret_body(resource, secret, facts(), with_key ? &key : nullptr).reveal());
}

std::string at(const Json& body, std::initializer_list<std::string_view> path) {
  return base::string_or(body, path, "(none)");
}

TEST(CreateSecret, CarriesKeyRecordAndOwner) {
  const Json body = created(owner());
  EXPECT_EQ(at(body, {"kind"}), "Secret");
  EXPECT_EQ(at(body, {"type"}), "Opaque");
  EXPECT_EQ(at(body, {"metadata", "name"}), "fleet-secret");
  EXPECT_EQ(at(body, {"metadata", "namespace"}), "ns");
  EXPECT_EQ(at(body, {"data", "setup-key"}), b64(kKey));
  EXPECT_EQ(body["data"].size(), 1u);
  EXPECT_EQ(at(body, {"metadata", "labels", kUidLabel}), "uid-1");
  EXPECT_EQ(at(body, {"metadata", "labels", kManagedByLabel}), "nbkeys");
  EXPECT_EQ(at(body, {"metadata", "annotations", kKeyIdAnnotation}), "id1");
  EXPECT_EQ(at(body, {"metadata", "annotations", kRevisionAnnotation}), "3");
  EXPECT_EQ(at(body, {"metadata", "annotations", kDigestAnnotation}), "digest");
  EXPECT_EQ(at(body, {"metadata", "annotations", kSettingsAnnotation}), "settings");
  EXPECT_EQ(at(body, {"metadata", "annotations", kIssuedAtAnnotation}), "1970-01-01T00:00:01Z");
  EXPECT_EQ(at(body, {"metadata", "annotations", kExpiresAtAnnotation}), "1970-01-01T00:00:09Z");
  EXPECT_EQ(at(body, {"metadata", "annotations", kTemplateAnnotation}), "(none)");
  const Json& references = body["metadata"]["ownerReferences"];
  ASSERT_EQ(references.size(), 1u);
  EXPECT_EQ(references[0],
            json(R"({"apiVersion": "keys.netbird.io/v1alpha1", "kind": "SetupKey", "name": "fleet",
                     "uid": "uid-1", "controller": true, "blockOwnerDeletion": true})"));
}

TEST(CreateSecret, TemplateEntriesAreThereAndRecorded) {
  SetupKey resource = owner();
  resource.spec.secret_template = {
      {{"team", "net"}}, {{"note", "x"}}, {{"URL", "https://nb"}}, "a/b"};
  const Json body = created(resource);
  EXPECT_EQ(at(body, {"type"}), "a/b");
  EXPECT_EQ(at(body, {"metadata", "labels", "team"}), "net");
  EXPECT_EQ(at(body, {"metadata", "annotations", "note"}), "x");
  EXPECT_EQ(at(body, {"data", "URL"}), b64("https://nb"));
  const Json record = json(at(body, {"metadata", "annotations", kTemplateAnnotation}));
  EXPECT_EQ(record["labels"], json(R"(["team"])"));
  EXPECT_EQ(record["annotations"], json(R"(["note"])"));
  EXPECT_EQ(record["data"], json(R"(["setup-key", "URL"])"));
}

TEST(CreateSecret, OurNamesWinOverTheTemplates) {
  SetupKey resource = owner();
  resource.spec.secret_template.labels[std::string(kUidLabel)] = "stolen";
  resource.spec.secret_template.annotations[std::string(kDigestAnnotation)] = "forged";
  const Json body = created(resource);
  EXPECT_EQ(at(body, {"metadata", "labels", kUidLabel}), "uid-1");
  EXPECT_EQ(at(body, {"metadata", "annotations", kDigestAnnotation}), "digest");
}

// The key stands in its own entry and nowhere else, whatever text a user writes into the template.
void expect_key_only_in_its_entry(const Json& body, const std::string& entry) {
  EXPECT_EQ(at(body, {"data", entry}), b64(kKey));
  Json rest = body;
  rest["data"].erase(entry);
  const std::string text = base::dump_json(rest);
  EXPECT_EQ(text.find(b64(kKey)), std::string::npos) << "the key leaked beside its entry";
  EXPECT_EQ(text.find(kKey), std::string::npos);
}

TEST(KeySplice, CannotBeConfusedByTemplateValues) {
  for (const std::string& hostile :
       {std::string(kSlot), "\"" + std::string(kSlot) + "\"", std::string("\"},\"data\":{\"x\":\""),
        "\\\"" + std::string(kSlot), std::string("\xff\xfe ") + kSlot, std::string("a\nb\"c\\")}) {
    SetupKey resource = owner();
    resource.spec.secret_template.annotations["note"] = hostile;
    resource.spec.secret_template.data["aaa"] = hostile;
    resource.spec.secret_template.data["zzz"] = hostile;
    SCOPED_TRACE(hostile);
    expect_key_only_in_its_entry(created(resource), "setup-key");
    expect_key_only_in_its_entry(patched(resource, existing(), true), "setup-key");
    EXPECT_EQ(at(created(resource), {"data", "zzz"}), b64(hostile));
  }
}

TEST(KeySplice, CannotBeConfusedByNames) {
  // The schema refuses such names; the splice must not depend on that.
  for (const char* name : {kSlot, "\"quoted\"", "zz@nbkeys-key-slot@"}) {
    SetupKey resource = owner();
    resource.spec.secret_key = name;
    SCOPED_TRACE(name);
    expect_key_only_in_its_entry(created(resource), name);
    resource.spec.secret_key = "setup-key";
    resource.spec.secret_template.data[name] = "value";
    resource.spec.secret_template.labels[name] = "value";
    expect_key_only_in_its_entry(created(resource), "setup-key");
    EXPECT_EQ(at(created(resource), {"data", name}), b64("value"));
  }
}

TEST(PatchSecret, HoldsToTheVersionAndObjectThatWereSeen) {
  const Json body = patched(owner(), existing(), true);
  EXPECT_EQ(at(body, {"metadata", "uid"}), "secret-uid");
  EXPECT_EQ(at(body, {"metadata", "resourceVersion"}), "77");
  EXPECT_EQ(at(body, {"data", "setup-key"}), b64(kKey));
  EXPECT_EQ(body["metadata"]["ownerReferences"].size(), 1u);
}

TEST(PatchSecret, ARepairDoesNotTouchTheKey) {
  const Json body = patched(owner(), existing(), false);
  EXPECT_EQ(base::find(body, {"data"}), nullptr);
  EXPECT_EQ(at(body, {"metadata", "annotations", kKeyIdAnnotation}), "id1");
}

TEST(PatchSecret, WhatLeftTheTemplateIsRemoved) {
  SecretMeta secret = existing();
  secret.template_record =
      R"({"labels":["gone","kept"],"annotations":["old"],"data":["setup-key","URL","PORT"]})";
  SetupKey resource = owner();
  resource.spec.secret_template.labels["kept"] = "v";
  resource.spec.secret_template.data["URL"] = "u";
  const Json body = patched(resource, secret, false);
  EXPECT_TRUE(body["metadata"]["labels"]["gone"].is_null());
  EXPECT_EQ(at(body, {"metadata", "labels", "kept"}), "v");
  EXPECT_TRUE(body["metadata"]["annotations"].contains("old"));
  EXPECT_TRUE(body["metadata"]["annotations"]["old"].is_null());
  EXPECT_TRUE(body["data"]["PORT"].is_null());
  EXPECT_EQ(at(body, {"data", "URL"}), b64("u"));
  EXPECT_FALSE(body["data"].contains("setup-key"));
}

TEST(PatchSecret, AMovedEntryLeavesNoOldKeyBehind) {
  SetupKey resource = owner();
  resource.spec.secret_key = "NB_SETUP_KEY";
  const Json body = patched(resource, existing(), true);
  EXPECT_EQ(at(body, {"data", "NB_SETUP_KEY"}), b64(kKey));
  ASSERT_TRUE(body["data"].contains("setup-key"));
  EXPECT_TRUE(body["data"]["setup-key"].is_null());
}

TEST(PatchSecret, ADamagedRecordNeverRemovesTheKey) {
  for (const char* record : {"{", "[]", "null", R"({"data":["setup-key"]})", R"({"data":"x"})",
                             R"({"labels":["keys.netbird.io/setupkey-uid"],"data":[7]})"}) {
    SecretMeta secret = existing();
    secret.template_record = record;
    const Json repair = patched(owner(), secret, false);
    EXPECT_EQ(base::find(repair, {"data", "setup-key"}), nullptr) << record;
    EXPECT_EQ(at(repair, {"metadata", "labels", kUidLabel}), "uid-1") << record;
  }
}

TEST(PatchSecret, AKeyThatNeverExpiresDropsTheOldDate) {
  SecretKeyFacts endless = facts();
  endless.expires_at.reset();
  const Json body = json(patch_secret_body(owner(), existing(), endless, nullptr).reveal());
  const Json& annotations = body["metadata"]["annotations"];
  EXPECT_TRUE(annotations.contains(kExpiresAtAnnotation));
  EXPECT_TRUE(annotations[std::string(kExpiresAtAnnotation)].is_null());
}

TEST(TemplateRecord, DefaultNeedsNone) {
  EXPECT_EQ(template_record(owner().spec), "");
  Spec other = owner().spec;
  other.secret_key = "x";
  EXPECT_NE(template_record(other), "");
}

TEST(TemplateRecord, AChangedValueShows) {
  Spec one = owner().spec, two = owner().spec;
  one.secret_template.data["URL"] = "a";
  two.secret_template.data["URL"] = "b";
  EXPECT_NE(template_record(one), template_record(two));
  EXPECT_EQ(template_record(one).find("\"a\""), std::string::npos) << "values are not recorded";
}

Json stored(const Json& created_body) {
  Json out = created_body;
  out["metadata"]["uid"] = "secret-uid";
  out["metadata"]["resourceVersion"] = "77";
  return out;
}

TEST(ParseSecretMeta, ReadsBackWhatWasWritten) {
  SetupKey resource = owner();
  resource.spec.secret_template = {{{"team", "net"}}, {{"note", "x"}}, {{"URL", "u"}}, ""};
  const auto meta = parse_secret_meta(stored(created(resource)));
  ASSERT_TRUE(meta.ok());
  EXPECT_EQ(meta->uid, "secret-uid");
  EXPECT_EQ(meta->owner_uid, "uid-1");
  EXPECT_EQ(meta->label_uid, "uid-1");
  EXPECT_EQ(meta->key_id, "id1");
  EXPECT_EQ(meta->revision, 3u);
  EXPECT_EQ(meta->digest, "digest");
  EXPECT_EQ(meta->settings, "settings");
  EXPECT_EQ(meta->issued_at, base::WallTime{base::Duration{1'000}});
  resource.status.key_id = "id1";
  resource.status.revision = 3;
  resource.status.key_digest = "digest";
  resource.status.settings_digest = "settings";
  resource.status.expires_at = base::WallTime{base::Duration{9'000}};
  EXPECT_TRUE(metadata_complete(*meta, resource));
}

TEST(ParseSecretMeta, ARevisionIsAWholeNumberOrNone) {
  for (const char* text : {"", "x", "-1", "4294967296", "3x", "3.5", " 3"}) {
    Json object = stored(created(owner()));
    object["metadata"]["annotations"][std::string(kRevisionAnnotation)] = text;
    const auto meta = parse_secret_meta(object);
    ASSERT_TRUE(meta.ok());
    EXPECT_EQ(meta->revision, 0u) << text;
  }
}

TEST(ParseSecretMeta, OnlyAControllingSetupKeyIsTheOwner) {
  const auto owner_uid = [](const char* reference) {
    Json object = stored(created(owner()));
    object["metadata"]["ownerReferences"] = Json::array({json(reference)});
    return parse_secret_meta(object)->owner_uid;
  };
  EXPECT_EQ(owner_uid(R"({"apiVersion": "keys.netbird.io/v1beta1", "kind": "SetupKey",
                          "controller": true, "uid": "x"})"),
            "x")
      << "another version of our group";
  EXPECT_EQ(owner_uid(R"({"apiVersion": "keys.netbird.io/v1alpha1", "kind": "SetupKey",
                          "uid": "x"})"),
            "");
  EXPECT_EQ(owner_uid(R"({"apiVersion": "netbird.io/v1", "kind": "SetupKey", "controller": true,
                          "uid": "x"})"),
            "")
      << "the official operator's kind of the same name";
  EXPECT_EQ(owner_uid(R"({"apiVersion": "keys.netbird.io.evil/v1", "kind": "SetupKey",
                          "controller": true, "uid": "x"})"),
            "")
      << "a group whose name begins like ours";
}

TEST(BelongsTo, TheOwnerOutranksTheLabel) {
  SecretMeta secret;
  secret.label_uid = "copied";
  EXPECT_TRUE(belongs_to(secret, "copied"));
  secret.owner_uid = "real";
  EXPECT_FALSE(belongs_to(secret, "copied"));
  EXPECT_TRUE(belongs_to(secret, "real"));
  EXPECT_FALSE(belongs_to(SecretMeta{}, "u"));
}

TEST(MetadataComplete, NoticesEachStrippedOrAlteredPart) {
  SetupKey resource = owner();
  resource.spec.secret_template.labels["team"] = "net";
  resource.status.key_id = "id1";
  resource.status.revision = 3;
  resource.status.key_digest = "digest";
  resource.status.settings_digest = "settings";
  resource.status.expires_at = base::WallTime{base::Duration{9'000}};
  const auto complete_after = [&resource](const std::string& kind, std::string_view name,
                                          const char* value) {
    Json object = stored(created(resource));
    if (value == nullptr) {
      object["metadata"][kind].erase(std::string(name));
    } else {
      object["metadata"][kind][std::string(name)] = value;
    }
    return metadata_complete(*parse_secret_meta(object), resource);
  };
  EXPECT_TRUE(complete_after("annotations", "unrelated", "x"));
  EXPECT_TRUE(complete_after("labels", "unrelated", "x"));
  EXPECT_FALSE(complete_after("labels", "team", nullptr));
  EXPECT_FALSE(complete_after("labels", "team", "other"));
  EXPECT_FALSE(complete_after("labels", kUidLabel, nullptr));
  EXPECT_FALSE(complete_after("annotations", kKeyIdAnnotation, nullptr));
  EXPECT_FALSE(complete_after("annotations", kRevisionAnnotation, "9"));
  EXPECT_FALSE(complete_after("annotations", kDigestAnnotation, nullptr));
  EXPECT_FALSE(complete_after("annotations", kTemplateAnnotation, nullptr));
}

TEST(MetadataComplete, NoticesEveryStrippedAnnotationThatStatusIsRebuiltFrom) {
  SetupKey resource = owner();
  resource.status.key_id = "id1";
  resource.status.revision = 3;
  resource.status.key_digest = "digest";
  resource.status.settings_digest = "settings";
  resource.status.issued_at = base::WallTime{base::Duration{1'000}};
  resource.status.expires_at = base::WallTime{base::Duration{9'000}};
  for (const std::string_view name :
       {kSettingsAnnotation, kIssuedAtAnnotation, kExpiresAtAnnotation}) {
    Json object = stored(created(resource));
    object["metadata"]["annotations"].erase(std::string(name));
    EXPECT_FALSE(metadata_complete(*parse_secret_meta(object), resource)) << name;
  }
  Json object = stored(created(resource));
  object["metadata"]["labels"].erase(std::string(kManagedByLabel));
  EXPECT_FALSE(metadata_complete(*parse_secret_meta(object), resource)) << kManagedByLabel;
}

std::string full(const std::string& data) {
  Json object = stored(created(owner()));
  object["data"] = json(data);
  return base::dump_json(object);
}

TEST(SecretContent, TellsDigestAndPrefixOnly) {
  const auto content =
      read_secret_content(full(R"({"setup-key": ")" + b64(kKey) + "\"}"), owner().spec);
  ASSERT_TRUE(content.ok());
  EXPECT_EQ(content->digest, base::sha256_hex(kKey));
  EXPECT_EQ(content->key_prefix, "A6160");
  EXPECT_TRUE(content->template_data_ok);
}

TEST(SecretContent, MissingEmptyOrBrokenKeysHaveNoDigest) {
  for (const char* data : {"{}", R"({"setup-key": ""})", R"({"setup-key": "%%%"})",
                           R"({"setup-key": 5})", R"({"other": "QQ=="})"}) {
    const auto content = read_secret_content(full(data), owner().spec);
    ASSERT_TRUE(content.ok()) << data;
    EXPECT_EQ(content->digest, "") << data;
  }
}

TEST(SecretContent, ComparesTemplateData) {
  Spec spec = owner().spec;
  spec.secret_template.data["URL"] = "u";
  EXPECT_FALSE(read_secret_content(full("{}"), spec)->template_data_ok);
  EXPECT_FALSE(
      read_secret_content(full(R"({"URL": ")" + b64("x") + "\"}"), spec)->template_data_ok);
  EXPECT_TRUE(read_secret_content(full(R"({"URL": ")" + b64("u") + "\"}"), spec)->template_data_ok);
}

TEST(SecretContent, GarbageIsMalformed) {
  EXPECT_EQ(read_secret_content("<html>", owner().spec).error().code, base::ErrorCode::kMalformed);
  EXPECT_EQ(read_secret_content("{}", owner().spec).error().code, base::ErrorCode::kMalformed);
}

}  // namespace
}  // namespace nbkeys::kube
