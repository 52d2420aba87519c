// A Secret that others may have edited, and what we write into it.

#include <nlohmann/json.hpp>

#include "base/hash.h"
#include "base/json.h"
#include "fuzz/target.h"
#include "kube/secret.h"

namespace nbkeys::fuzz {
namespace {

kube::SecretKeyFacts facts() {
  return {"cr3u5ltd0h2s73c8a1b0",
          3,
          base::sha256_hex(kPlantedKey),
          "0123456789abcdef",
          base::WallTime{base::Duration{1'800'000'000'000}},
          std::nullopt};
}

std::size_t count(std::string_view text, std::string_view part) {
  std::size_t found = 0;
  for (std::size_t at = text.find(part); at != std::string_view::npos; at = text.find(part, at + 1))
    ++found;
  return found;
}

base::Result<kube::SecretContent> as_stored(base::Json secret, const kube::Spec& spec) {
  secret["metadata"]["uid"] = "2c3d";
  secret["metadata"]["resourceVersion"] = "8";
  return kube::read_secret_content(base::dump_json(secret), spec);
}

// The key is where it belongs and is read back as the one that was put in.
void written_anew(const kube::SetupKey& owner, const base::SecretText& key) {
  const base::SecretText body = kube::create_secret_body(owner, facts(), key);
  const std::string packed(base::base64_encode(kPlantedKey).reveal());
  PROMISE(count(body.reveal(), packed) == 1);
  PROMISE(count(body.reveal(), kPlantedKey) == 0);
  const auto object = base::parse_json(body.reveal(), "test");
  PROMISE(object.ok());
  if (!object) return;
  const auto content = as_stored(*object, owner.spec);
  PROMISE(content.ok());
  if (!content) return;
  PROMISE(content->digest == facts().digest && content->template_data_ok);
  PROMISE(content->meta.revision == 3 && content->meta.key_id == facts().key_id);
  PROMISE(kube::belongs_to(content->meta, owner.meta.uid));
  PROMISE(kube::metadata_complete(content->meta, owner));
}

// Whatever others made of the Secret, a repair leaves all that we want in it.
void repaired(const kube::SetupKey& owner, const base::Json& there, const base::SecretText& key) {
  const auto meta = kube::parse_secret_meta(there);
  if (!meta) return;
  const auto patch =
      base::parse_json(kube::patch_secret_body(owner, *meta, facts(), &key).reveal(), "test");
  PROMISE(patch.ok());
  if (!patch) return;
  base::Json after = there;
  after.merge_patch(*patch);
  const auto content = as_stored(after, owner.spec);
  PROMISE(content.ok());
  if (!content) return;
  PROMISE(content->digest == facts().digest && content->template_data_ok);
  PROMISE(kube::metadata_complete(content->meta, owner));
  // Without a key to write, the one that is there stays.
  const auto touch_up =
      base::parse_json(kube::patch_secret_body(owner, *meta, facts(), nullptr).reveal(), "test");
  PROMISE(touch_up.ok());
  if (!touch_up) return;
  after.merge_patch(*touch_up);
  const auto kept = as_stored(after, owner.spec);
  PROMISE(kept.ok() && kept->digest == facts().digest);
}

}  // namespace

// A SetupKey, a zero byte, then a Secret.
FUZZ_TARGET(secret) {
  Script script(bytes);
  constexpr std::string_view kPlain =
      R"({"metadata":{"name":"fleet","namespace":"team-a","uid":"1a2b","resourceVersion":"4"}})";
  const auto resource = base::parse_json(script.text_until('\0'), "test");
  const std::string_view body = script.rest();
  const auto there = base::parse_json(body, "test");
  auto owner = kube::parse_setup_key(resource ? *resource : base::Json());
  if (!owner) owner = kube::parse_setup_key(*base::parse_json(kPlain, "test"));
  if (const auto content = kube::read_secret_content(body, owner->spec)) {
    PROMISE(content->key_prefix.size() <= 5);
    PROMISE(content->digest.empty() || content->digest.size() == 64);
  }
  owner->status.key_id = facts().key_id;
  owner->status.revision = facts().revision;
  owner->status.key_digest = facts().digest;
  owner->status.settings_digest = facts().settings;
  owner->status.expires_at.reset();
  base::SecretText key;
  key.append(kPlantedKey);
  written_anew(*owner, key);
  if (there) repaired(*owner, *there, key);
}

}  // namespace nbkeys::fuzz
