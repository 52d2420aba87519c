#pragma once
// The Secret of a SetupKey: read as metadata only, written as a whole or by merge patch.

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>

#include "base/result.h"
#include "base/secret_text.h"
#include "kube/meta.h"
#include "kube/setup_key.h"

namespace nbkeys::kube {

struct SecretMeta {
  ObjectRef ref;
  std::string uid;
  std::string resource_version;
  bool deleting = false;
  std::string owner_uid;       // of the controlling owner, where that is a SetupKey
  std::string label_uid;       // our label
  bool managed_by_us = false;  // the other one
  std::string key_id;
  std::uint32_t revision = 0;
  TicketWord ticket;  // of the claim that it was written for; empty: an earlier release's
  std::string digest;
  std::string settings;
  std::string template_record;   // see template_record(); a digest of it where it is long
  std::string template_entries;  // digest of the labels and annotations that the record names
  std::optional<base::WallTime> issued_at;
  std::optional<base::WallTime> expires_at;
};

base::Result<SecretMeta> parse_secret_meta(const nlohmann::json& object);

// True where label or owner reference says that this Secret belongs to the SetupKey of this UID.
bool belongs_to(const SecretMeta& secret, const std::string& uid);

// True where label, owner and record annotations are all there and the template's entries are in
// place.
bool metadata_complete(const SecretMeta& secret, const SetupKey& owner);

// What is worth keeping of an object: a long template and a long record as digests only, and of
// many finalizers only ours, so that a tenant's big objects take no memory. Nothing where that is
// all of it. A write wants what it replaces as a whole; until then they are as good.
std::optional<SetupKey> slimmed(const SetupKey& object);
std::optional<SecretMeta> slimmed(const SecretMeta& object);

// Whether finalizers other than ours were left out.
bool lacks_finalizers(const SetupKey& object);

// Whether a patch of this Secret would have to remove entries whose names are not kept.
bool lacks_names_to_remove(const SecretMeta& secret, const Spec& spec);

// The part of a new key that the Secret carries.
struct SecretKeyFacts {
  std::string key_id;
  std::uint32_t revision = 0;
  std::string digest;
  std::string settings;
  base::WallTime issued_at;
  std::optional<base::WallTime> expires_at;
  TicketWord ticket = {};  // empty: that of a key in use, which the Secret has already
};

// What we put into a Secret besides our own metadata, so that an entry that leaves the spec can be
// removed: compact JSON {"labels": [names], "annotations": [names], "data": [names], "digest": of
// the data's values}. Empty for the default: no template, and the key in the entry "setup-key".
// REQUIRES here and below: the template is whole
std::string template_record(const Spec& spec);

// A new Secret with the key. The body holds key material.
base::SecretText create_secret_body(const SetupKey& owner, const SecretKeyFacts& facts,
                                    const base::SecretText& key);
// A merge patch of an existing Secret of ours, under the precondition of its UID and
// resourceVersion. With `key` its material is replaced; without, only metadata and template entries
// are put right.
base::SecretText patch_secret_body(const SetupKey& owner, const SecretMeta& existing,
                                   const SecretKeyFacts& facts, const base::SecretText* key);

// What a full Secret holds: the digest of its key, and whether the template's data entries are in
// place. Nothing else of the body is kept.
struct SecretContent {
  SecretMeta meta;
  std::string digest;      // empty where the key is missing
  std::string key_prefix;  // the first 5 characters, as NetBird shows them
  bool template_data_ok = true;
};
base::Result<SecretContent> read_secret_content(std::string_view body, const Spec& spec);

}  // namespace nbkeys::kube
