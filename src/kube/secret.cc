#include "kube/secret.h"

#include <charconv>
#include <nlohmann/json.hpp>

#include "base/hash.h"
#include "base/json.h"
#include "kube/names.h"

namespace nbkeys::kube {
namespace {

using base::Json;

constexpr std::string_view kDefaultEntry = "setup-key";

bool reserved(std::string_view name) {
  return name.starts_with("keys.netbird.io/") || name == kManagedByLabel;
}

std::map<std::string, std::string> foreign_entries(const Json& object, std::string_view kind) {
  std::map<std::string, std::string> out;
  const Json* entries = base::find(object, {"metadata", kind});
  if (entries == nullptr || !entries->is_object()) return out;
  for (auto it = entries->begin(); it != entries->end(); ++it) {
    const auto* text = it->get_ptr<const std::string*>();
    if (text != nullptr && !reserved(it.key())) out.emplace(it.key(), *text);
  }
  return out;
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

bool contains_all(const std::map<std::string, std::string>& have,
                  const std::map<std::string, std::string>& want) {
  for (const auto& [name, value] : want) {
    const auto found = have.find(name);
    if (found == have.end() || found->second != value) return false;
  }
  return true;
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
  out.owner_uid = controlling_setup_key(object);
  out.label_uid = base::string_or(object, {"metadata", "labels", kUidLabel});
  out.managed_by_us =
      base::string_or(object, {"metadata", "labels", kManagedByLabel}) == kManagedBy;
  const auto annotation = [&object](std::string_view name) {
    return base::string_or(object, {"metadata", "annotations", name});
  };
  out.key_id = annotation(kKeyIdAnnotation);
  const std::string revision = annotation(kRevisionAnnotation);
  const char* end = revision.data() + revision.size();
  const auto [at, failed] = std::from_chars(revision.data(), end, out.revision);
  if (failed != std::errc{} || at != end) out.revision = 0;
  out.digest = annotation(kDigestAnnotation);
  out.settings = annotation(kSettingsAnnotation);
  out.template_record = annotation(kTemplateAnnotation);
  out.issued_at = base::time_at(object, {"metadata", "annotations", kIssuedAtAnnotation});
  out.expires_at = base::time_at(object, {"metadata", "annotations", kExpiresAtAnnotation});
  out.labels = foreign_entries(object, "labels");
  out.annotations = foreign_entries(object, "annotations");
  return out;
}

bool belongs_to(const SecretMeta& secret, const std::string& uid) {
  // An owner reference outranks the label: a copied label must not hand one SetupKey's Secret to
  // another.
  if (!secret.owner_uid.empty()) return secret.owner_uid == uid;
  return secret.label_uid == uid;
}

bool metadata_complete(const SecretMeta& secret, const SetupKey& owner) {
  const SecretTemplate& wanted = owner.spec.secret_template;
  const KeyStatus& status = owner.status;
  const bool marked = secret.label_uid == owner.meta.uid && secret.owner_uid == owner.meta.uid &&
                      secret.managed_by_us;
  // Times are checked for being there only: the server's may differ from status by less than a
  // second.
  const bool recorded = secret.key_id == status.key_id && secret.revision == status.revision &&
                        secret.digest == status.key_digest &&
                        secret.settings == status.settings_digest && secret.issued_at &&
                        secret.expires_at.has_value() == status.expires_at.has_value();
  return marked && recorded && secret.template_record == template_record(owner.spec) &&
         contains_all(secret.labels, wanted.labels) &&
         contains_all(secret.annotations, wanted.annotations);
}

std::string template_record(const Spec& spec) {
  const SecretTemplate& t = spec.secret_template;
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
  const Json earlier = earlier_record(existing);
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
  for (const auto& [name, value] : spec.secret_template.data) {
    out.template_data_ok &= base::string_or(*object, {"data", name}) == encoded(value);
  }
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
