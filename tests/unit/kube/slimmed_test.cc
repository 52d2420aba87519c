// What the caches keep of SetupKeys and Secrets, and that it is as good as all of it.

#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>

#include "answers.h"
#include "base/hash.h"
#include "base/pack.h"
#include "kube/members.h"
#include "kube/names.h"
#include "kube/secret.h"

namespace nbkeys::kube {
namespace {

using base::Json;
using testing::json;

const base::SecretText kKey(std::string("A616097E-FCF0-48FA-9354-CA4A61142761"));

SecretKeyFacts facts() { return {"id1", 1, "digest", "settings", {base::Duration{1'000}}, {}}; }

SetupKey owner() {
  SetupKey out;
  out.meta = {{"ns", "fleet"}, "uid-1", "5", 1, {}, {}, {}};
  out.spec.secret_name = "fleet";
  out.spec.secret_key = "setup-key";
  out.status.key_id = "id1";
  out.status.revision = 1;
  out.status.key_digest = "digest";
  out.status.settings_digest = "settings";
  return out;
}

// With values of so many bytes each.
SetupKey with_template(std::size_t bytes) {
  SetupKey out = owner();
  out.spec.secret_template.labels = {{"team", "net"}};
  out.spec.secret_template.annotations = {{"note", std::string(bytes, 'n')}};
  out.spec.secret_template.data = {{"URL", std::string(bytes, 'u')}, {"CA", "x"}};
  return out;
}

// The Secret as it was created for this SetupKey.
Json secret_of(const SetupKey& resource) {
  Json out = json(create_secret_body(resource, facts(), kKey).reveal());
  out["metadata"]["uid"] = "secret-uid";
  out["metadata"]["resourceVersion"] = "77";
  return out;
}

SecretMeta meta_of(const Json& secret) { return *parse_secret_meta(secret); }

SetupKey kept(const SetupKey& whole) {
  auto slim = slimmed(whole);
  return slim ? std::move(*slim) : whole;
}
SecretMeta kept(const SecretMeta& whole) {
  auto slim = slimmed(whole);
  return slim ? std::move(*slim) : whole;
}

template <typename T>
std::size_t packed_bytes(const T& value) {
  base::Packer packer;
  packer.put(value);
  return packer.bytes().size();
}

TEST(Slimmed, ASmallTemplateIsKeptWhole) {
  EXPECT_FALSE(slimmed(owner()));
  EXPECT_FALSE(slimmed(with_template(400)));
  EXPECT_FALSE(slimmed(meta_of(secret_of(with_template(400)))));
}

TEST(Slimmed, ABigTemplateTakesAFewBytes) {
  const SetupKey whole = with_template(256u << 10);
  const SetupKey slim = kept(whole);
  EXPECT_FALSE(slim.spec.secret_template.whole());
  EXPECT_FALSE(slim.spec.secret_template.empty());
  EXPECT_LT(packed_bytes(slim), packed_bytes(owner()) + 300);
  EXPECT_FALSE(slimmed(slim)) << "nothing more can be saved";
  EXPECT_LT(packed_bytes(meta_of(secret_of(whole))), 700u);
}

TEST(Slimmed, OfManyFinalizersOnlyOursIsKept) {
  for (const bool ours : {false, true}) {
    SetupKey whole = owner();
    if (ours) whole.meta.finalizers.emplace_back(kFinalizer);
    EXPECT_FALSE(slimmed(whole));
    EXPECT_FALSE(lacks_finalizers(whole));
    for (int i = 0; i < 1'000; ++i) {
      whole.meta.finalizers.push_back("example.com/" + std::to_string(i));
    }
    const SetupKey slim = kept(whole);
    EXPECT_TRUE(lacks_finalizers(slim));
    EXPECT_TRUE(slim.spec.secret_template.whole());
    EXPECT_EQ(std::count(slim.meta.finalizers.begin(), slim.meta.finalizers.end(), kFinalizer),
              ours ? 1 : 0);
    EXPECT_LT(packed_bytes(slim), packed_bytes(owner()) + 100);
  }
}

TEST(Slimmed, ForeignEntriesOfASecretAreNotKept) {
  Json secret = secret_of(owner());
  const std::size_t before = packed_bytes(meta_of(secret));
  secret["metadata"]["annotations"]["theirs"] = std::string(260'000, 'x');
  secret["metadata"]["labels"]["theirs"] = "x";
  EXPECT_EQ(packed_bytes(meta_of(secret)), before);
}

TEST(Slimmed, ForgedAnnotationsOfASecretAreBounded) {
  Json secret = secret_of(owner());
  for (const auto name : {kKeyIdAnnotation, kDigestAnnotation, kSettingsAnnotation,
                          kTemplateAnnotation, kRevisionAnnotation}) {
    for (const char* begin : {"", "sha256:", "{", R"({"labels":[")"}) {
      secret["metadata"]["annotations"][std::string(name)] = begin + std::string(260'000, 'x');
      EXPECT_LT(packed_bytes(kept(meta_of(secret))), 1'500u) << name << " " << begin;
    }
  }
}

// Whole and slim, on either side, say the same.
void expect_same_verdict(const SetupKey& whole, const Json& secret, bool complete,
                         bool data_right) {
  const SecretMeta meta = meta_of(secret);
  for (const SetupKey& resource : {whole, kept(whole)}) {
    EXPECT_EQ(metadata_complete(meta, resource), complete);
    EXPECT_EQ(metadata_complete(kept(meta), resource), complete);
    EXPECT_EQ(read_secret_content(secret.dump(), resource.spec)->template_data_ok, data_right);
  }
}

TEST(Slimmed, ComparesAsTheWholeDoes) {
  const SetupKey whole = with_template(10'000);
  const Json right = secret_of(whole);
  expect_same_verdict(whole, right, true, true);

  Json altered = right;
  altered["metadata"]["annotations"]["note"] = "short";
  expect_same_verdict(whole, altered, false, true);
  altered = right;
  altered["metadata"]["labels"].erase("team");
  expect_same_verdict(whole, altered, false, true);
  altered = right;
  altered["data"]["CA"] = base::base64_encode("y").reveal();
  expect_same_verdict(whole, altered, true, false);
  altered = right;
  altered["data"].erase("URL");
  expect_same_verdict(whole, altered, true, false);
  altered = right;
  altered["metadata"]["annotations"]["unrelated"] = "x";
  altered["data"]["unrelated"] = "eA==";
  expect_same_verdict(whole, altered, true, true);
}

TEST(Slimmed, AChangedTemplateIsNoticed) {
  const Json secret = secret_of(with_template(10'000));
  for (const bool data : {false, true}) {
    SetupKey changed = with_template(10'000);
    if (data) {
      changed.spec.secret_template.data["CA"] = "other";
    } else {
      changed.spec.secret_template.annotations["more"] = "x";
    }
    EXPECT_FALSE(metadata_complete(meta_of(secret), kept(changed)));
    EXPECT_FALSE(metadata_complete(kept(meta_of(secret)), kept(changed)));
  }
}

TEST(Slimmed, ADamagedRecordIsNoticed) {
  const SetupKey whole = with_template(10'000);
  Json secret = secret_of(whole);
  const std::string record = template_record(whole.spec);
  for (const std::string& forged :
       {std::string("x"), "sha256:" + base::sha256_hex(record), std::string("{}"), record + " "}) {
    secret["metadata"]["annotations"][std::string(kTemplateAnnotation)] = forged;
    for (const SetupKey& resource : {whole, kept(whole)}) {
      EXPECT_FALSE(metadata_complete(meta_of(secret), resource)) << forged;
    }
  }
}

// Thirty-two names of 250 bytes: the record alone is long.
SetupKey with_long_names() {
  SetupKey out = owner();
  for (int i = 0; i < 32; ++i) {
    out.spec.secret_template.data["n" + std::to_string(i) + std::string(240, 'x')] = "v";
  }
  return out;
}

TEST(Slimmed, ALongRecordIsADigestAndItsNamesAreWantedOnlyForARemoval) {
  const SetupKey whole = with_long_names();
  const SecretMeta meta = kept(meta_of(secret_of(whole)));
  EXPECT_LT(packed_bytes(meta), 700u);
  EXPECT_TRUE(metadata_complete(meta, whole));
  EXPECT_TRUE(metadata_complete(meta, kept(whole)));
  EXPECT_FALSE(lacks_names_to_remove(meta, whole.spec));
  EXPECT_FALSE(lacks_names_to_remove(meta, kept(whole).spec));
  EXPECT_TRUE(lacks_names_to_remove(meta, owner().spec));
  EXPECT_FALSE(lacks_names_to_remove(meta_of(secret_of(whole)), owner().spec)) << "read live";
}

TEST(Slimmed, ALongRecordOfTheSameTemplateRemovesNothing) {
  SetupKey resource = with_long_names();
  resource.spec.secret_key = "NB_SETUP_KEY";
  const SecretMeta meta = kept(meta_of(secret_of(resource)));
  const Json body = json(patch_secret_body(resource, meta, facts(), nullptr).reveal());
  EXPECT_EQ(body["data"].size(), 32u);
  for (const Json& value : body["data"]) EXPECT_FALSE(value.is_null());
}

}  // namespace
}  // namespace nbkeys::kube
