#include "kube/setup_key.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "answers.h"
#include "base/hash.h"
#include "full_status.h"
#include "kube/secret.h"

namespace nbkeys::kube {
namespace {

using base::Duration;
using testing::full_status;
using testing::json;

SetupKey read(const std::string& spec, const std::string& status = "{}",
              const std::string& annotations = "{}") {
  auto parsed = parse_setup_key(json(R"({"metadata": {"namespace": "ns", "name": "fleet",
      "uid": "u1", "resourceVersion": "5", "generation": 2, "annotations": )" +
                                     annotations + R"(}, "spec": )" + spec + R"(, "status": )" +
                                     status + "}"));
  EXPECT_TRUE(parsed.ok());
  return parsed ? std::move(*parsed) : SetupKey{};
}

TEST(ParseSetupKey, DefaultsAreThoseOfTheCrd) {
  const SetupKey key = read("{}");
  EXPECT_EQ(key.spec_error, "");
  const Spec& s = key.spec;
  EXPECT_EQ(s.settings.display_name, "fleet");
  EXPECT_EQ(s.settings.type, KeyType::kReusable);
  EXPECT_EQ(s.settings.usage_limit, 0);
  EXPECT_EQ(s.settings.expires_in, Duration{30LL * 86'400'000});
  EXPECT_FALSE(s.settings.ephemeral);
  EXPECT_FALSE(s.settings.allow_extra_dns_labels);
  EXPECT_EQ(s.secret_name, "fleet");
  EXPECT_EQ(s.secret_key, "setup-key");
  EXPECT_TRUE(s.secret_template.empty());
  EXPECT_TRUE(s.rotation.enabled);
  EXPECT_FALSE(s.rotation.renew_before);
  EXPECT_FALSE(s.rotation.interval);
  EXPECT_EQ(s.rotation.overlap, Duration{3'600'000});
  EXPECT_EQ(s.revision_history_limit, 3);
  EXPECT_EQ(s.deletion_policy, DeletionPolicy::kDelete);
  EXPECT_FALSE(s.suspend);
  EXPECT_FALSE(s.revoked);
}

TEST(ParseSetupKey, ReadsEveryField) {
  const SetupKey key = read(R"({
    "name": "Fleet", "type": "one-off", "usageLimit": 1, "expiresIn": "0", "ephemeral": true,
    "allowExtraDnsLabels": true, "autoGroups": [{"id": "g1"}, {"name": "servers"}],
    "revoked": true, "secretName": "other", "secretKey": "NB_SETUP_KEY",
    "secretTemplate": {"labels": {"a": "1"}, "annotations": {"b": "2"}, "data": {"c": "3"},
                       "type": "example.com/t"},
    "rotation": {"policy": "Disabled", "renewBefore": "36h", "interval": "7d",
                 "usagePercent": 80, "onOverused": true, "overlap": "0s"},
    "revisionHistoryLimit": 1, "deletionPolicy": "Revoke", "suspend": true})");
  EXPECT_EQ(key.spec_error, "");
  const Spec& s = key.spec;
  EXPECT_EQ(s.settings.display_name, "Fleet");
  EXPECT_EQ(s.settings.type, KeyType::kOneOff);
  EXPECT_EQ(s.settings.usage_limit, 1);
  EXPECT_EQ(s.settings.expires_in, Duration{0});
  EXPECT_TRUE(s.settings.ephemeral);
  EXPECT_TRUE(s.settings.allow_extra_dns_labels);
  EXPECT_EQ(s.auto_groups, (std::vector<GroupRef>{{"g1", ""}, {"", "servers"}}));
  EXPECT_TRUE(s.revoked);
  EXPECT_EQ(s.secret_name, "other");
  EXPECT_EQ(s.secret_key, "NB_SETUP_KEY");
  EXPECT_EQ(s.secret_template.labels.at("a"), "1");
  EXPECT_EQ(s.secret_template.annotations.at("b"), "2");
  EXPECT_EQ(s.secret_template.data.at("c"), "3");
  EXPECT_EQ(s.secret_template.type, "example.com/t");
  EXPECT_FALSE(s.rotation.enabled);
  EXPECT_EQ(s.rotation.renew_before, Duration{36LL * 3'600'000});
  EXPECT_EQ(s.rotation.interval, Duration{7LL * 86'400'000});
  EXPECT_EQ(s.rotation.usage_percent, 80);
  EXPECT_TRUE(s.rotation.on_overused);
  EXPECT_EQ(s.rotation.overlap, Duration{0});
  EXPECT_EQ(s.revision_history_limit, 1);
  EXPECT_EQ(s.deletion_policy, DeletionPolicy::kRevoke);
  EXPECT_TRUE(s.suspend);
}

TEST(ParseSetupKey, ABadSpecIsToldInWords) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {R"({"expiresIn": "soon"})", "spec.expiresIn"},
      {R"({"expiresIn": "99999999999d"})", "spec.expiresIn"},
      {R"({"type": "forever"})", "spec.type"},
      {R"({"usageLimit": -1})", "spec.usageLimit"},
      {R"({"type": "one-off", "usageLimit": 2})", "usageLimit"},
      {R"({"rotation": {"renewBefore": "x"}})", "spec.rotation.renewBefore"},
      {R"({"rotation": {"interval": "1w"}})", "spec.rotation.interval"},
      {R"({"rotation": {"overlap": ""}})", "spec.rotation.overlap"},
  };
  for (const auto& [spec, word] : cases) {
    EXPECT_NE(read(spec).spec_error.find(word), std::string::npos)
        << spec << ": " << read(spec).spec_error;
  }
}

constexpr const char* kHeldBefore = R"({"secretTemplate": {
    "labels": {"owner": "helm", "name": "web", "team": "a"},
    "annotations": {"replicator.v1.mittwald.de/replicate-to": "x", "note": "b"},
    "data": {"release": "c"}, "type": "helm.sh/release.v1"}})";

TEST(ParseSetupKey, WhatOtherSoftwareTakesForItsOwnIsToldWithCauseAndRemedy) {
  EXPECT_EQ(read(R"({"secretTemplate": {"labels": {"owner": "helm"}}})").spec_error,
            "spec.secretTemplate.labels may not hold owner=helm: Helm takes the Secret for a "
            "release and uninstalls what it lists; remove it");
  EXPECT_NE(read(R"({"secretTemplate": {"annotations": {"a.emberstack.com/b": ""}}})")
                .spec_error.find("annotations may not hold emberstack.com/"),
            std::string::npos);
  EXPECT_NE(read(R"({"secretTemplate": {"type": "helm.sh/release.v1"}})")
                .spec_error.find("make a new SetupKey without it"),
            std::string::npos);
  EXPECT_EQ(read(R"({"secretTemplate": {"labels": {"owner": "me"},
      "annotations": {"reloader.stakater.com/match": "true"}}})")
                .spec_error,
            "");
}

TEST(ParseSetupKey, ANameThatOtherSoftwareReadsIsToldByWhateverFieldItIsGiven) {
  EXPECT_EQ(read(R"({"secretName": "timoni.web"})").spec_error,
            "the Secret's name may not be timoni.: Timoni takes the Secret for an instance and "
            "deletes what it lists; make a new SetupKey with another secretName and delete this "
            "one");
  const auto named = json(R"({"metadata": {"namespace": "ns", "name": "sh.helm.release.v1.web.v1",
      "uid": "u1", "resourceVersion": "5"}, "spec": {}})");
  EXPECT_NE(parse_setup_key(named)->spec_error, "");
}

TEST(ParseSetupKey, RefusedEntriesNeverReachASecret) {
  const SetupKey key = read(kHeldBefore);
  EXPECT_NE(key.spec_error, "");
  const base::SecretText material(std::string("material"));
  const SecretKeyFacts facts{"id", 1, "digest", "settings", base::WallTime{}, std::nullopt};
  SecretMeta before;
  before.template_record =
      R"({"labels":["name","owner","team"],"annotations":["note"],"data":["setup-key","release"]})";
  const auto created = json(create_secret_body(key, facts, material).reveal());
  EXPECT_EQ(created["type"], "Opaque");
  EXPECT_FALSE(created["metadata"]["labels"].contains("owner"));
  EXPECT_EQ(created["metadata"]["labels"]["team"], "a");
  const auto patched = json(patch_secret_body(key, before, facts, nullptr).reveal());
  EXPECT_TRUE(patched["metadata"]["labels"]["owner"].is_null()) << "and it is taken away again";
  for (const auto& body : {created, patched}) {
    EXPECT_FALSE(
        body["metadata"]["annotations"].contains("replicator.v1.mittwald.de/replicate-to"));
    EXPECT_EQ(body["metadata"]["annotations"]["note"], "b");
  }
}

TEST(ParseSetupKey, AnInstallationsOwnEntriesAreRefusedToo) {
  const auto object = json(R"({"metadata": {"namespace": "ns", "name": "fleet", "uid": "u1",
      "resourceVersion": "5"},
      "spec": {"secretTemplate": {"labels": {"tier": "gold", "team": "a"}}}})");
  EXPECT_EQ(parse_setup_key(object)->spec_error, "");
  const auto key = parse_setup_key(object, {"tier=gold"});
  EXPECT_NE(key->spec_error.find("tier=gold"), std::string::npos) << key->spec_error;
  EXPECT_EQ(key->spec.secret_template.labels, (std::map<std::string, std::string>{{"team", "a"}}));
}

TEST(ParseSetupKey, ASecretNameThatIsNoneLeadsNoRequestAstray) {
  for (const char* name : {"a/../../secrets/b", "fle%t", "", "Fleet", ".hidden"}) {
    const SetupKey key = read(std::string(R"({"secretName": ")") + name + "\"}");
    EXPECT_NE(key.spec_error, "") << name;
    EXPECT_EQ(key.spec.secret_name, "fleet") << name;
  }
}

TEST(ParseSetupKey, WrongTypesInSpecAndStatusDoNotCrash) {
  const SetupKey key = read(
      R"({"name": 5, "usageLimit": "x", "autoGroups": {"a": 1}, "secretTemplate": [1],
          "rotation": 7, "revisionHistoryLimit": -3, "revoked": "yes"})",
      R"({"conditions": 1, "claim": "x", "previousKeys": {"a": 1}, "autoGroupIDs": "x",
          "revision": -1, "lastRevision": 4294967296, "usedTimes": "x"})");
  EXPECT_EQ(key.spec.settings.display_name, "fleet");
  EXPECT_EQ(key.spec.revision_history_limit, 3);
  EXPECT_EQ(key.status.revision, 0u);
  EXPECT_EQ(key.status.last_revision, 0u);
  EXPECT_FALSE(key.status.claim);
  EXPECT_FALSE(key.status.used_times);
}

TEST(ParseSetupKey, WithoutMetadataThereIsNoResource) {
  EXPECT_FALSE(parse_setup_key(json("{}")).ok());
  EXPECT_FALSE(parse_setup_key(json("[]")).ok());
}

TEST(ParseSetupKey, Annotations) {
  const SetupKey key =
      read("{}", "{}", R"({"keys.netbird.io/rotate": "2", "keys.netbird.io/abandon": "true"})");
  EXPECT_EQ(key.rotate, "2");
  EXPECT_TRUE(key.abandon);
  EXPECT_FALSE(read("{}", "{}", R"({"keys.netbird.io/abandon": "yes"})").abandon);
}

TEST(ParseSetupKey, AnotherAccountIsAcceptedByItsId) {
  const auto accepted = [](const std::string& value) {
    const std::string annotation = R"({"keys.netbird.io/accept-account": ")" + value + "\"}";
    return read("{}", "{}", annotation).accept_account;
  };
  EXPECT_EQ(accepted("cr3u5ltd0h2s73c8a1b0"), "cr3u5ltd0h2s73c8a1b0");
  EXPECT_EQ(accepted(std::string(65, 'x')), "") << "no id is so long";
  EXPECT_EQ(read("{}").accept_account, "");
}

TEST(ParseSetupKey, ALongRotateValueIsRecordedByItsDigest) {
  const std::string bound(128, 'x'), longer(129, 'x'), other(128, 'x');
  const auto rotate = [](const std::string& value) {
    return read("{}", "{}", R"({"keys.netbird.io/rotate": ")" + value + "\"}").rotate;
  };
  EXPECT_EQ(rotate(bound), bound);
  EXPECT_TRUE(rotate(longer).starts_with("sha256:"));
  EXPECT_LE(rotate(longer).size(), 128u);
  EXPECT_NE(rotate(longer), rotate(other + "y"));
}

TEST(ParseSetupKey, MissingStatusIsNotObserved) {
  EXPECT_EQ(read("{}").status.observed_generation, -1);
  EXPECT_EQ(read("{}", "null").status.observed_generation, -1);
}

TEST(StatusJson, EveryFieldComesBack) {
  const base::Json written = status_json(full_status());
  const SetupKey key = read("{}", base::dump_json(written));
  EXPECT_EQ(status_json(key.status), written);
  const KeyStatus& s = key.status;
  EXPECT_EQ(s.claim->rotate, "now");
  EXPECT_EQ(s.claim->reason, "Requested");
  EXPECT_EQ(s.previous_keys.size(), 2u);
  EXPECT_EQ(s.conditions[1].observed_generation, 3);
  EXPECT_EQ(s.used_times, 0);
  EXPECT_EQ(s.binding.resource_version, "88");
  EXPECT_EQ(s.repairs.count, 3);
  EXPECT_EQ(s.account.name, "default");
}

// What is stored was made of this text: another one would give every key a new revision.
TEST(SettingsDigest, IsThatOfTheCompactJson) {
  Spec spec;
  spec.settings = {"a \"name\" \x01", KeyType::kOneOff, 7, Duration{86'400'000}, true, false};
  spec.secret_key = "entry";
  const base::Json canonical = {
      spec.settings.display_name, "one-off", 7, 86'400'000, true, false, "entry"};
  EXPECT_EQ(settings_digest(spec), base::sha256_hex(base::dump_json(canonical)).substr(0, 16));
}

TEST(StatusJson, FieldsHaveTheNamesOfTheCrd) {
  const base::Json written = status_json(full_status());
  for (const char* name : {"observedGeneration",
                           "conditions",
                           "state",
                           "keyID",
                           "keyPrefix",
                           "keyDigest",
                           "settingsDigest",
                           "revision",
                           "lastRevision",
                           "tickets",
                           "lastRevisionWithoutTicket",
                           "revokedRevision",
                           "claim",
                           "binding",
                           "issuedAt",
                           "expiresAt",
                           "renewalTime",
                           "usedTimes",
                           "lastUsed",
                           "lastRotationTime",
                           "lastRotationReason",
                           "previousKeys",
                           "failedIssuanceAttempts",
                           "lastFailureTime",
                           "repairs",
                           "account",
                           "lastHandledRotate",
                           "autoGroupIDs"}) {
    EXPECT_TRUE(written.contains(name)) << name;
  }
  EXPECT_EQ(written.size(), 28u) << written;
}

TEST(StatusJson, EmptyMeansLeftOut) {
  const base::Json written = status_json(KeyStatus{});
  EXPECT_EQ(written, json(R"({"observedGeneration": -1, "conditions": []})"));
}

TEST(StatusJson, EveryFieldCanBeRemovedByAMergePatch) {
  base::Json stored = status_json(full_status());
  const base::Json wanted = status_json(KeyStatus{});
  stored.merge_patch(base::merge_patch(stored, wanted));
  EXPECT_EQ(stored, wanted);
}

TEST(SettingsDigest, ChangesWithExactlyWhatOnlyANewKeyCanChange) {
  const std::string base_digest = settings_digest(read("{}").spec);
  EXPECT_EQ(base_digest.size(), 16u);
  for (const char* spec : {R"({"name": "x"})", R"({"type": "one-off"})", R"({"usageLimit": 5})",
                           R"({"expiresIn": "29d"})", R"({"ephemeral": true})",
                           R"({"allowExtraDnsLabels": true})", R"({"secretKey": "x"})"}) {
    EXPECT_NE(settings_digest(read(spec).spec), base_digest) << spec;
  }
  for (const char* spec :
       {R"({"autoGroups": [{"id": "g"}]})", R"({"revoked": true})", R"({"suspend": true})",
        R"({"rotation": {"overlap": "2h"}})", R"({"deletionPolicy": "Retain"})",
        R"({"secretTemplate": {"labels": {"a": "b"}}})", R"({"revisionHistoryLimit": 9})",
        R"({"expiresIn": "720h"})", R"({"name": "fleet", "type": "reusable", "usageLimit": 0})"}) {
    EXPECT_EQ(settings_digest(read(spec).spec), base_digest) << spec;
  }
}

TEST(SettingsDigest, FieldsDoNotRunIntoEachOther) {
  EXPECT_NE(settings_digest(read(R"({"name": "a", "secretKey": "bc"})").spec),
            settings_digest(read(R"({"name": "ab", "secretKey": "c"})").spec));
}

TEST(KeyType, SpelledAsNetBirdSpellsIt) {
  EXPECT_EQ(key_type_name(KeyType::kOneOff), "one-off");
  EXPECT_EQ(key_type_name(KeyType::kReusable), "reusable");
}

}  // namespace
}  // namespace nbkeys::kube
