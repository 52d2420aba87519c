#include "kube/secret.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <nlohmann/json.hpp>

#include "base/check.h"
#include "base/hash.h"
#include "base/json.h"
#include "kube/names.h"

namespace nbkeys::kube {
namespace {

using base::Json;

using Entries = std::map<std::string, std::string>;

constexpr std::string_view kDefaultEntry = "setup-key";
// Up to here a template and a record are kept as they are; nearly all are.
constexpr std::size_t kKeptMax = 1024;
// No text that we write into one of our annotations is longer.
constexpr std::size_t kRecordedMax = 256;
// In place of finalizers that are not kept; Kubernetes takes none that is called so.
constexpr std::string_view kLeftOut;
constexpr std::string_view kDigestPrefix = "sha256:";

bool reserved(std::string_view name) {
  return name.starts_with("keys.netbird.io/") || name == kManagedByLabel;
}

std::string controlling_setup_key(const Json& object) {
  const Json* owners = base::find(object, {"metadata", "ownerReferences"});
  if (owners == nullptr || !owners->is_array()) return "";
  for (const Json& owner : *owners) {
    if (base::string_or(owner, {"kind"}) == kKind &&
        base::string_or(owner, {"apiVersion"}).starts_with(std::string(kGroup) + "/") &&
        base::bool_or(owner, {"controller"}, false)) {
      return base::string_or(owner, {"uid"});
    }
  }
  return "";
}

std::string encoded(std::string_view plain) {
  return std::string(base::base64_encode(plain).reveal());
}

Json owner_reference(const SetupKey& owner) {
  return {{"apiVersion", kApiVersion}, {"kind", kKind},      {"name", owner.meta.ref.name},
          {"uid", owner.meta.uid},     {"controller", true}, {"blockOwnerDeletion", true}};
}

Json annotations_json(const Spec& spec, const SecretKeyFacts& facts) {
  Json out = Json::object();
  for (const auto& [name, value] : spec.secret_template.annotations) out[name] = value;
  out[kKeyIdAnnotation] = facts.key_id;
  out[kRevisionAnnotation] = std::to_string(facts.revision);
  if (!facts.ticket.empty()) out[kTicketAnnotation] = facts.ticket.text();
  out[kDigestAnnotation] = facts.digest;
  out[kSettingsAnnotation] = facts.settings;
  out[kIssuedAtAnnotation] = base::format_rfc3339(facts.issued_at);
  if (facts.expires_at) out[kExpiresAtAnnotation] = base::format_rfc3339(*facts.expires_at);
  const std::string record = template_record(spec);
  if (!record.empty()) out[kTemplateAnnotation] = record;
  return out;
}

Json labels_json(const SetupKey& owner) {
  Json out = Json::object();
  for (const auto& [name, value] : owner.spec.secret_template.labels) out[name] = value;
  out[kUidLabel] = owner.meta.uid;
  out[kManagedByLabel] = kManagedBy;
  return out;
}

Json data_json(const SecretTemplate& secret_template) {
  Json out = Json::object();
  for (const auto& [name, value] : secret_template.data) out[name] = encoded(value);
  return out;
}

// Names that an earlier template put in and the present one does not: set to null in a merge patch.
void remove_left_entries(Json& target, const Json& record, std::string_view kind) {
  const Json* names = base::find(record, {kind});
  if (names == nullptr || !names->is_array()) return;
  for (const Json& name : *names) {
    const auto* text = name.get_ptr<const std::string*>();
    if (text != nullptr && !target.contains(*text)) target[*text] = nullptr;
  }
}

// The record that an existing Secret carries; damaged or missing, it is taken for the default's.
Json earlier_record(const SecretMeta& existing) {
  if (!existing.template_record.empty()) {
    if (auto record = base::parse_json(existing.template_record, "read template record")) {
      return std::move(*record);
    }
  }
  return {{"data", {kDefaultEntry}}};
}

bool is_digest(std::string_view text) { return text.starts_with(kDigestPrefix); }

std::string digest_of(std::string_view text) {
  if (text.empty() || is_digest(text)) return std::string(text);
  return std::string(kDigestPrefix) + base::sha256_hex(text);
}

std::string bounded(std::string text) {
  if (text.size() <= kRecordedMax) return text;
  return std::string(kDigestPrefix) + base::sha256_hex(text);
}

std::string entries_digest(const Entries& labels, const Entries& annotations) {
  if (labels.empty() && annotations.empty()) return "";
  return digest_of(base::dump_json({labels, annotations}));
}

// `encoded_data`: as the Secret carries it.
std::string data_digest(const Entries& encoded_data) {
  if (encoded_data.empty()) return "";
  return digest_of(base::dump_json(encoded_data));
}

TemplateDigests digests_of(const Spec& spec) {
  const SecretTemplate& t = spec.secret_template;
  if (t.digests) return *t.digests;
  Entries data;
  for (const auto& [name, value] : t.data) data.emplace(name, encoded(value));
  return {digest_of(template_record(spec)), entries_digest(t.labels, t.annotations),
          data_digest(data)};
}

// Those of the object's entries whose names the record has under `kind`, but none of our own.
Entries recorded_entries(const Json& record, std::string_view kind, const Json* found) {
  Entries out;
  const Json* names = base::find(record, {kind});
  if (names == nullptr || !names->is_array() || found == nullptr || !found->is_object()) return out;
  for (const Json& name : *names) {
    const auto* text = name.get_ptr<const std::string*>();
    if (text == nullptr || reserved(*text)) continue;
    const auto value = base::string_at(*found, {*text});
    if (value) out.emplace(*text, *value);
  }
  return out;
}

// Reads the record annotation and what of the Secret it speaks of.
void read_template(const Json& object, SecretMeta& out) {
  out.template_record = base::string_or(object, {"metadata", "annotations", kTemplateAnnotation});
  if (out.template_record.empty()) return;
  const auto record = base::parse_json(out.template_record, "read template record");
  if (!record || !record->is_object()) {
    // Never equal to a record or to a digest of one.
    out.template_record = "damaged";
    return;
  }
  out.template_entries = entries_digest(
      recorded_entries(*record, "labels", base::find(object, {"metadata", "labels"})),
      recorded_entries(*record, "annotations", base::find(object, {"metadata", "annotations"})));
}

bool same_record(const std::string& found, const Spec& spec) {
  if (spec.secret_template.digests) {
    return digest_of(found) == spec.secret_template.digests->record;
  }
  const std::string wanted = template_record(spec);
  return found == wanted || (is_digest(found) && found == digest_of(wanted));
}

// Whether the Secret's data has the template's entries. Their names are the record's where the
// template is not whole.
bool data_in_place(const Json& object, const SecretMeta& meta, const Spec& spec) {
  if (spec.secret_template.whole()) {
    for (const auto& [name, value] : spec.secret_template.data) {
      if (base::string_or(object, {"data", name}) != encoded(value)) return false;
    }
    return true;
  }
  if (!same_record(meta.template_record, spec)) return false;
  Entries data = recorded_entries(earlier_record(meta), "data", base::find(object, {"data"}));
  data.erase(spec.secret_key);
  return data_digest(data) == spec.secret_template.digests->data;
}

std::size_t size_of(const Entries& entries) {
  std::size_t out = 0;
  for (const auto& [name, value] : entries) out += name.size() + value.size();
  return out;
}

// Writes the document with the key as the last entry of its data. The entry is put in by structure,
// never by searching text that users may have written, and no JSON tree ever holds the key.
base::SecretText with_key(Json document, const std::string& secret_key,
                          const base::SecretText& key) {
  Json data = Json::object();
  if (const auto found = document.find("data"); found != document.end()) data = *found;
  document.erase("data");
  std::string data_text = base::dump_json(data);
  data_text.pop_back();
  if (!data.empty()) data_text += ',';
  base::SecretText out;
  out.append("{\"data\":");
  out.append(data_text);
  out.append(base::dump_json(secret_key));
  out.append(":\"");
  out.append(base::base64_encode(key.reveal()).reveal());
  out.append("\"},");
  // The rest of the document is never empty: it has metadata.
  out.append(std::string_view(base::dump_json(document)).substr(1));
  return out;
}

}  // namespace

base::Result<SecretMeta> parse_secret_meta(const nlohmann::json& object) {
  auto meta = parse_meta(object);
  if (!meta) return meta.error();
  SecretMeta out;
  out.ref = std::move(meta->ref);
  out.uid = std::move(meta->uid);
  out.resource_version = std::move(meta->resource_version);
  out.deleting = meta->deleting.has_value();
  out.owner_uid = bounded(controlling_setup_key(object));
  out.label_uid = base::string_or(object, {"metadata", "labels", kUidLabel});
  out.managed_by_us =
      base::string_or(object, {"metadata", "labels", kManagedByLabel}) == kManagedBy;
  const auto annotation = [&object](std::string_view name) {
    return bounded(base::string_or(object, {"metadata", "annotations", name}));
  };
  out.key_id = annotation(kKeyIdAnnotation);
  const std::string revision = annotation(kRevisionAnnotation);
  const char* end = revision.data() + revision.size();
  const auto [at, failed] = std::from_chars(revision.data(), end, out.revision);
  // Beyond any count of keys that could be: somebody else wrote it.
  constexpr std::uint32_t kRevisionMax = 2'000'000'000;
  if (failed != std::errc{} || at != end || out.revision > kRevisionMax) out.revision = 0;
  out.ticket = annotation(kTicketAnnotation);
  out.digest = annotation(kDigestAnnotation);
  out.settings = annotation(kSettingsAnnotation);
  out.issued_at = base::time_at(object, {"metadata", "annotations", kIssuedAtAnnotation});
  out.expires_at = base::time_at(object, {"metadata", "annotations", kExpiresAtAnnotation});
  read_template(object, out);
  return out;
}

std::optional<SetupKey> slimmed(const SetupKey& object) {
  const SecretTemplate& t = object.spec.secret_template;
  const std::size_t entries = size_of(t.labels) + size_of(t.annotations) + size_of(t.data);
  std::size_t finalizers = 0;
  for (const std::string& name : object.meta.finalizers) finalizers += name.size();
  if (entries <= kKeptMax && finalizers <= kKeptMax) return std::nullopt;
  SetupKey out = object;
  if (entries > kKeptMax) {
    out.spec.secret_template = {{}, {}, {}, t.type, digests_of(object.spec)};
  }
  if (finalizers > kKeptMax) {
    std::erase_if(out.meta.finalizers, [](const std::string& name) { return name != kFinalizer; });
    out.meta.finalizers.emplace_back(kLeftOut);
    out.meta.finalizers.shrink_to_fit();
  }
  return out;
}

bool lacks_finalizers(const SetupKey& object) {
  const auto& all = object.meta.finalizers;
  return std::find(all.begin(), all.end(), kLeftOut) != all.end();
}

std::optional<SecretMeta> slimmed(const SecretMeta& object) {
  if (object.template_record.size() <= kKeptMax) return std::nullopt;
  SecretMeta out = object;
  out.template_record = digest_of(object.template_record);
  return out;
}

bool lacks_names_to_remove(const SecretMeta& secret, const Spec& spec) {
  return is_digest(secret.template_record) && !same_record(secret.template_record, spec);
}

bool belongs_to(const SecretMeta& secret, const std::string& uid) {
  // An owner reference outranks the label: a copied label must not hand one SetupKey's Secret to
  // another.
  if (!secret.owner_uid.empty()) return secret.owner_uid == uid;
  return secret.label_uid == uid;
}

bool metadata_complete(const SecretMeta& secret, const SetupKey& owner) {
  const KeyStatus& status = owner.status;
  const bool marked = secret.label_uid == owner.meta.uid && secret.owner_uid == owner.meta.uid &&
                      secret.managed_by_us;
  // Times are checked for being there only: the server's may differ from status by less than a
  // second.
  const bool recorded = secret.key_id == status.key_id && secret.revision == status.revision &&
                        secret.digest == status.key_digest &&
                        secret.settings == status.settings_digest && secret.issued_at &&
                        secret.expires_at.has_value() == status.expires_at.has_value();
  if (!marked || !recorded || !same_record(secret.template_record, owner.spec)) return false;
  // The record names the same entries as the template, so that their digests can be compared.
  const SecretTemplate& t = owner.spec.secret_template;
  return secret.template_entries ==
         (t.digests ? t.digests->entries : entries_digest(t.labels, t.annotations));
}

std::string template_record(const Spec& spec) {
  const SecretTemplate& t = spec.secret_template;
  CHECK(t.whole());
  if (t.empty() && spec.secret_key == kDefaultEntry) return "";
  Json record = {
      {"labels", Json::array()}, {"annotations", Json::array()}, {"data", Json::array()}};
  for (const auto& entry : t.labels) record["labels"].push_back(entry.first);
  for (const auto& entry : t.annotations) record["annotations"].push_back(entry.first);
  record["data"].push_back(spec.secret_key);
  Json values = Json::object();
  for (const auto& [name, value] : t.data) {
    record["data"].push_back(name);
    values[name] = value;
  }
  if (!t.data.empty()) record["digest"] = base::sha256_hex(base::dump_json(values)).substr(0, 16);
  return base::dump_json(record);
}

base::SecretText create_secret_body(const SetupKey& owner, const SecretKeyFacts& facts,
                                    const base::SecretText& key) {
  const SecretTemplate& wanted = owner.spec.secret_template;
  Json body = {{"apiVersion", "v1"},
               {"kind", "Secret"},
               {"type", wanted.type.empty() ? "Opaque" : wanted.type},
               {"metadata",
                {{"name", owner.spec.secret_name},
                 {"namespace", owner.meta.ref.name_space},
                 {"labels", labels_json(owner)},
                 {"annotations", annotations_json(owner.spec, facts)},
                 {"ownerReferences", Json::array({owner_reference(owner)})}}},
               {"data", data_json(wanted)}};
  return with_key(std::move(body), owner.spec.secret_key, key);
}

base::SecretText patch_secret_body(const SetupKey& owner, const SecretMeta& existing,
                                   const SecretKeyFacts& facts, const base::SecretText* key) {
  Json labels = labels_json(owner);
  Json annotations = annotations_json(owner.spec, facts);
  Json data = data_json(owner.spec.secret_template);
  if (!facts.expires_at) annotations[kExpiresAtAnnotation] = nullptr;
  if (template_record(owner.spec).empty()) annotations[kTemplateAnnotation] = nullptr;
  // A record of which a digest is left is this template's own, and nothing of that leaves.
  const Json earlier = is_digest(existing.template_record) ? Json() : earlier_record(existing);
  remove_left_entries(labels, earlier, "labels");
  remove_left_entries(annotations, earlier, "annotations");
  remove_left_entries(data, earlier, "data");
  // The record may be damaged by whoever edits the Secret; it must never remove the key itself.
  data.erase(owner.spec.secret_key);
  Json body = {{"metadata",
                {{"uid", existing.uid},
                 {"resourceVersion", existing.resource_version},
                 {"labels", std::move(labels)},
                 {"annotations", std::move(annotations)},
                 {"ownerReferences", Json::array({owner_reference(owner)})}}}};
  if (!data.empty()) body["data"] = std::move(data);
  if (key != nullptr) return with_key(std::move(body), owner.spec.secret_key, *key);
  return base::SecretText(base::dump_json(body));
}

base::Result<SecretContent> read_secret_content(std::string_view body, const Spec& spec) {
  auto object = parse_object(body, "read Secret");
  if (!object) return object.error();
  auto meta = parse_secret_meta(*object);
  if (!meta) return meta.error();
  SecretContent out;
  out.meta = std::move(*meta);
  out.template_data_ok = data_in_place(*object, out.meta, spec);
  Json* data = const_cast<Json*>(base::find(*object, {"data", spec.secret_key}));
  if (data != nullptr && data->is_string()) {
    std::string& text = *data->get_ptr<std::string*>();
    if (const auto plain = base::base64_decode(text); plain && !plain->empty()) {
      out.digest = base::sha256_hex(plain->reveal());
      out.key_prefix = std::string(plain->reveal().substr(0, 5));
    }
    base::wipe(text);
  }
  return out;
}

}  // namespace nbkeys::kube
