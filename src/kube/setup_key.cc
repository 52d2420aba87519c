#include "kube/setup_key.h"

#include <cctype>
#include <limits>
#include <nlohmann/json.hpp>

#include "base/hash.h"
#include "base/json.h"
#include "kube/names.h"
#include "kube/refused.h"

namespace nbkeys::kube {
namespace {

using base::Json;

constexpr std::size_t kRotateMax = 128;
constexpr std::size_t kAccountIdMax = 64;
constexpr std::size_t kIdMax = 64, kIdsMax = 64;

std::map<std::string, std::string> string_map(const Json* value) {
  std::map<std::string, std::string> out;
  if (value == nullptr || !value->is_object()) return out;
  for (auto it = value->begin(); it != value->end(); ++it) {
    if (const auto* text = it->get_ptr<const std::string*>()) out.emplace(it.key(), *text);
  }
  return out;
}

// Reads a duration into `out`; appends to `error` where the text is none.
void read_duration(const Json& spec, std::initializer_list<std::string_view> path,
                   std::string_view label, std::optional<base::Duration>& out, std::string& error) {
  const auto text = base::string_at(spec, path);
  if (!text) return;
  out = base::parse_duration(*text);
  if (!out) error = std::string(label) + " is not a duration such as 30d, 12h or 90s";
}

std::optional<int> small_int(const Json& value, std::initializer_list<std::string_view> path) {
  const auto found = base::int_at(value, path);
  if (!found || *found < 0 || *found > std::numeric_limits<int>::max()) return std::nullopt;
  return static_cast<int>(*found);
}

std::uint32_t revision_at(const Json& value, std::initializer_list<std::string_view> path) {
  const auto found = base::int_at(value, path);
  if (!found || *found < 0 || *found > std::numeric_limits<std::uint32_t>::max()) return 0;
  return static_cast<std::uint32_t>(*found);
}

KeySettings read_settings(const Json& spec, const ObjectRef& ref, std::string& error) {
  KeySettings out;
  out.display_name = base::string_or(spec, {"name"}, ref.name);
  const std::string type = base::string_or(spec, {"type"}, "reusable");
  if (type != "reusable" && type != "one-off") error = "spec.type must be one-off or reusable";
  out.type = type == "one-off" ? KeyType::kOneOff : KeyType::kReusable;
  out.usage_limit = base::int_at(spec, {"usageLimit"}).value_or(0);
  if (out.usage_limit < 0) error = "spec.usageLimit must not be negative";
  if (out.type == KeyType::kOneOff && out.usage_limit > 1) {
    error = "a one-off key can be used once: leave usageLimit out or set it to 1";
  }
  std::optional<base::Duration> expires_in = base::parse_duration("30d");
  read_duration(spec, {"expiresIn"}, "spec.expiresIn", expires_in, error);
  out.expires_in = expires_in.value_or(base::Duration{0});
  out.ephemeral = base::bool_or(spec, {"ephemeral"}, false);
  out.allow_extra_dns_labels = base::bool_or(spec, {"allowExtraDnsLabels"}, false);
  return out;
}

Rotation read_rotation(const Json& spec, std::string& error) {
  Rotation out;
  out.enabled = base::string_or(spec, {"rotation", "policy"}, "RenewBefore") != "Disabled";
  read_duration(spec, {"rotation", "renewBefore"}, "spec.rotation.renewBefore", out.renew_before,
                error);
  out.renew_before_percentage = small_int(spec, {"rotation", "renewBeforePercentage"});
  read_duration(spec, {"rotation", "interval"}, "spec.rotation.interval", out.interval, error);
  out.usage_percent = small_int(spec, {"rotation", "usagePercent"});
  out.on_overused = base::bool_or(spec, {"rotation", "onOverused"}, false);
  std::optional<base::Duration> overlap = out.overlap;
  read_duration(spec, {"rotation", "overlap"}, "spec.rotation.overlap", overlap, error);
  out.overlap = overlap.value_or(out.overlap);
  return out;
}

// Takes refused entries out, so that nothing that writes a Secret can meet them.
void sift(Part part, std::string_view field, const std::vector<std::string>& also,
          std::map<std::string, std::string>& entries, std::string& error) {
  std::erase_if(entries, [&](const auto& entry) {
    const auto why = why_refused(part, entry.first, entry.second, also);
    if (!why) return false;
    error = "spec.secretTemplate." + std::string(field) + " may not hold " + *why + "; remove it";
    return true;
  });
}

SecretTemplate read_template(const Json& spec, const std::vector<std::string>& also,
                             std::string& error) {
  SecretTemplate out = {string_map(base::find(spec, {"secretTemplate", "labels"})),
                        string_map(base::find(spec, {"secretTemplate", "annotations"})),
                        string_map(base::find(spec, {"secretTemplate", "data"})),
                        base::string_or(spec, {"secretTemplate", "type"})};
  sift(Part::kLabel, "labels", also, out.labels, error);
  sift(Part::kAnnotation, "annotations", also, out.annotations, error);
  if (const auto why = why_refused(Part::kType, out.type, "", also)) {
    error = "spec.secretTemplate.type may not be " + *why +
            "; make a new SetupKey without it and delete this one";
    out.type.clear();
  }
  return out;
}

std::vector<GroupRef> read_groups(const Json& spec) {
  std::vector<GroupRef> out;
  const Json* groups = base::find(spec, {"autoGroups"});
  if (groups == nullptr || !groups->is_array()) return out;
  for (const Json& entry : *groups) {
    out.push_back({base::string_or(entry, {"id"}), base::string_or(entry, {"name"})});
  }
  return out;
}

Spec read_spec(const Json& object, const ObjectRef& ref, const std::vector<std::string>& also,
               std::string& error) {
  static const Json kEmpty = Json::object();
  const Json* found = base::find(object, {"spec"});
  const Json& spec = found != nullptr ? *found : kEmpty;
  Spec out;
  out.settings = read_settings(spec, ref, error);
  out.rotation = read_rotation(spec, error);
  out.auto_groups = read_groups(spec);
  out.revoked = base::bool_or(spec, {"revoked"}, false);
  out.secret_name = base::string_or(spec, {"secretName"}, ref.name);
  out.secret_key = base::string_or(spec, {"secretKey"}, "setup-key");
  out.secret_template = read_template(spec, also, error);
  out.revision_history_limit = small_int(spec, {"revisionHistoryLimit"}).value_or(3);
  const std::string policy = base::string_or(spec, {"deletionPolicy"}, "Delete");
  out.deletion_policy = policy == "Retain"   ? DeletionPolicy::kRetain
                        : policy == "Revoke" ? DeletionPolicy::kRevoke
                                             : DeletionPolicy::kDelete;
  out.suspend = base::bool_or(spec, {"suspend"}, false);
  return out;
}

std::vector<Condition> read_conditions(const Json& status) {
  std::vector<Condition> out;
  const Json* conditions = base::find(status, {"conditions"});
  if (conditions == nullptr || !conditions->is_array()) return out;
  for (const Json& entry : *conditions) {
    out.push_back({base::string_or(entry, {"type"}), base::string_or(entry, {"status"}) == "True",
                   base::string_or(entry, {"reason"}), base::string_or(entry, {"message"}),
                   base::time_at(entry, {"lastTransitionTime"}).value_or(base::WallTime{}),
                   base::int_at(entry, {"observedGeneration"}).value_or(0)});
  }
  return out;
}

std::vector<PreviousKey> read_previous(const Json& status) {
  std::vector<PreviousKey> out;
  const Json* previous = base::find(status, {"previousKeys"});
  if (previous == nullptr || !previous->is_array()) return out;
  for (const Json& entry : *previous) {
    out.push_back({base::string_or(entry, {"keyID"}), revision_at(entry, {"revision"}),
                   base::time_at(entry, {"retireAt"}).value_or(base::WallTime{})});
  }
  return out;
}

std::vector<Ticket> read_tickets(const Json& status) {
  std::vector<Ticket> out;
  const Json* tickets = base::find(status, {"tickets"});
  if (tickets == nullptr || !tickets->is_array()) return out;
  for (const Json& entry : *tickets) {
    Ticket ticket{revision_at(entry, {"revision"}), base::string_or(entry, {"ticket"})};
    if (ticket.revision != 0 && !ticket.word.empty()) out.push_back(ticket);
  }
  return out;
}

// Ids, with anything that no id has between them.
std::vector<std::string> ids_in(const Json& object, std::string_view annotation) {
  std::vector<std::string> out;
  const std::string text = base::string_or(object, {"metadata", "annotations", annotation});
  if (text.empty()) return out;
  std::string id;
  for (const char c : text + ' ') {
    if (std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '_') {
      id += c;
    } else if (!id.empty()) {
      if (id.size() <= kIdMax && out.size() < kIdsMax) out.push_back(id);
      id.clear();
    }
  }
  return out;
}

KeyStatus read_status(const Json& object) {
  KeyStatus out;
  const Json* found = base::find(object, {"status"});
  if (found == nullptr || !found->is_object()) return out;
  const Json& s = *found;
  out.observed_generation = base::int_at(s, {"observedGeneration"}).value_or(-1);
  out.conditions = read_conditions(s);
  out.state = base::string_or(s, {"state"});
  out.key_id = base::string_or(s, {"keyID"});
  out.key_prefix = base::string_or(s, {"keyPrefix"});
  out.key_digest = base::string_or(s, {"keyDigest"});
  out.settings_digest = base::string_or(s, {"settingsDigest"});
  out.revision = revision_at(s, {"revision"});
  out.last_revision = revision_at(s, {"lastRevision"});
  out.tickets = read_tickets(s);
  out.last_without_ticket = revision_at(s, {"lastRevisionWithoutTicket"});
  out.revoked_revision = revision_at(s, {"revokedRevision"});
  if (const std::uint32_t claimed = revision_at(s, {"claim", "revision"}); claimed > 0) {
    out.claim =
        Claim{claimed, base::time_at(s, {"claim", "since"}).value_or(base::WallTime{}),
              base::string_or(s, {"claim", "reason"}), base::string_or(s, {"claim", "rotate"}),
              base::string_or(s, {"claim", "ticket"})};
  }
  out.binding = {base::string_or(s, {"binding", "name"}), base::string_or(s, {"binding", "uid"}),
                 base::string_or(s, {"binding", "resourceVersion"})};
  out.issued_at = base::time_at(s, {"issuedAt"});
  out.expires_at = base::time_at(s, {"expiresAt"});
  out.renewal_time = base::time_at(s, {"renewalTime"});
  out.used_times = base::int_at(s, {"usedTimes"});
  out.last_used = base::time_at(s, {"lastUsed"});
  out.last_rotation_time = base::time_at(s, {"lastRotationTime"});
  out.last_rotation_reason = base::string_or(s, {"lastRotationReason"});
  out.previous_keys = read_previous(s);
  out.failed_issuance_attempts = small_int(s, {"failedIssuanceAttempts"}).value_or(0);
  out.last_failure_time = base::time_at(s, {"lastFailureTime"});
  out.repairs = {small_int(s, {"repairs", "count"}).value_or(0),
                 base::time_at(s, {"repairs", "lastTime"})};
  out.account = {base::string_or(s, {"account", "name"}), base::string_or(s, {"account", "id"})};
  out.last_handled_rotate = base::string_or(s, {"lastHandledRotate"});
  if (const Json* ids = base::find(s, {"autoGroupIDs"}); ids != nullptr && ids->is_array()) {
    for (const Json& id : *ids) {
      if (const auto* text = id.get_ptr<const std::string*>()) out.auto_group_ids.push_back(*text);
    }
  }
  return out;
}

void put(Json& out, const char* key, const std::string& value) {
  if (!value.empty()) out[key] = value;
}
void put(Json& out, const char* key, const std::optional<base::WallTime>& value) {
  if (value) out[key] = base::format_rfc3339(*value);
}
void put(Json& out, const char* key, std::int64_t value) {
  if (value != 0) out[key] = value;
}

Json conditions_json(const std::vector<Condition>& conditions) {
  Json out = Json::array();
  for (const Condition& c : conditions) {
    out.push_back({{"type", c.type},
                   {"status", c.status ? "True" : "False"},
                   {"reason", c.reason},
                   {"message", c.message},
                   {"lastTransitionTime", base::format_rfc3339(c.last_transition)},
                   {"observedGeneration", c.observed_generation}});
  }
  return out;
}

}  // namespace

std::string_view key_type_name(KeyType type) {
  return type == KeyType::kOneOff ? "one-off" : "reusable";
}

std::string settings_digest(const Spec& spec) {
  const KeySettings& s = spec.settings;
  // Compact JSON, so that no two settings have the same text; piece by piece, because every turn of
  // every SetupKey comes through here.
  const auto text = [](bool value) { return value ? ",true" : ",false"; };
  std::string canonical = "[" + base::dump_json(s.display_name);
  canonical.append(",\"").append(key_type_name(s.type)).append("\",");
  canonical += std::to_string(s.usage_limit) + "," + std::to_string(s.expires_in.count());
  canonical.append(text(s.ephemeral)).append(text(s.allow_extra_dns_labels)).append(",");
  canonical += base::dump_json(spec.secret_key) + "]";
  return base::sha256_hex(canonical).substr(0, 16);
}

base::Result<SetupKey> parse_setup_key(const nlohmann::json& object,
                                       const std::vector<std::string>& also_refused) {
  auto meta = parse_meta(object);
  if (!meta) return meta.error();
  SetupKey out;
  out.meta = std::move(*meta);
  out.spec = read_spec(object, out.meta.ref, also_refused, out.spec_error);
  // The schema refuses it; an object that came from before the schema is not worked on.
  if (out.spec.secret_name.empty() || !is_object_name(out.spec.secret_name)) {
    out.spec_error = "spec.secretName is not the name of a Secret";
    out.spec.secret_name = out.meta.ref.name;
  }
  if (const auto why = why_refused(Part::kName, out.spec.secret_name, "", also_refused)) {
    out.spec_error = "the Secret's name may not be " + *why +
                     "; make a new SetupKey with another secretName and delete this one";
  }
  out.status = read_status(object);
  out.rotate = base::string_or(object, {"metadata", "annotations", kRotateAnnotation});
  // Only equality matters; the schema bounds what status may record of it.
  if (out.rotate.size() > kRotateMax) out.rotate = "sha256:" + base::sha256_hex(out.rotate);
  out.abandon = base::string_or(object, {"metadata", "annotations", kAbandonAnnotation}) == "true";
  out.accept_account =
      base::string_or(object, {"metadata", "annotations", kAcceptAccountAnnotation});
  if (out.accept_account.size() > kAccountIdMax) out.accept_account.clear();
  out.end_keys = ids_in(object, kEndKeysAnnotation);
  out.leave_keys = ids_in(object, kLeaveKeysAnnotation);
  return out;
}

nlohmann::json status_json(const KeyStatus& s) {
  Json out = {{"observedGeneration", s.observed_generation},
              {"conditions", conditions_json(s.conditions)}};
  put(out, "state", s.state);
  put(out, "keyID", s.key_id);
  put(out, "keyPrefix", s.key_prefix);
  put(out, "keyDigest", s.key_digest);
  put(out, "settingsDigest", s.settings_digest);
  put(out, "revision", s.revision);
  put(out, "lastRevision", s.last_revision);
  if (!s.tickets.empty()) {
    Json tickets = Json::array();
    for (const Ticket& t : s.tickets) {
      tickets.push_back({{"revision", t.revision}, {"ticket", t.word.text()}});
    }
    out["tickets"] = std::move(tickets);
  }
  put(out, "lastRevisionWithoutTicket", s.last_without_ticket);
  put(out, "revokedRevision", s.revoked_revision);
  if (s.claim) {
    Json claim = {{"revision", s.claim->revision}, {"since", base::format_rfc3339(s.claim->since)}};
    put(claim, "reason", s.claim->reason);
    put(claim, "rotate", s.claim->rotate);
    put(claim, "ticket", s.claim->ticket.text());
    out["claim"] = std::move(claim);
  }
  if (!s.binding.name.empty()) {
    Json binding = {{"name", s.binding.name}};
    put(binding, "uid", s.binding.uid);
    put(binding, "resourceVersion", s.binding.resource_version);
    out["binding"] = std::move(binding);
  }
  put(out, "issuedAt", s.issued_at);
  put(out, "expiresAt", s.expires_at);
  put(out, "renewalTime", s.renewal_time);
  if (s.used_times) out["usedTimes"] = *s.used_times;
  put(out, "lastUsed", s.last_used);
  put(out, "lastRotationTime", s.last_rotation_time);
  put(out, "lastRotationReason", s.last_rotation_reason);
  if (!s.previous_keys.empty()) {
    Json previous = Json::array();
    for (const PreviousKey& p : s.previous_keys) {
      previous.push_back({{"keyID", p.key_id},
                          {"revision", p.revision},
                          {"retireAt", base::format_rfc3339(p.retire_at)}});
    }
    out["previousKeys"] = std::move(previous);
  }
  put(out, "failedIssuanceAttempts", s.failed_issuance_attempts);
  put(out, "lastFailureTime", s.last_failure_time);
  if (s.repairs.count > 0 && s.repairs.last_time) {
    out["repairs"] = {{"count", s.repairs.count},
                      {"lastTime", base::format_rfc3339(*s.repairs.last_time)}};
  }
  if (!s.account.id.empty()) out["account"] = {{"name", s.account.name}, {"id", s.account.id}};
  put(out, "lastHandledRotate", s.last_handled_rotate);
  if (!s.auto_group_ids.empty()) out["autoGroupIDs"] = s.auto_group_ids;
  return out;
}

const Condition* condition_of(const KeyStatus& status, std::string_view type) {
  for (const Condition& c : status.conditions) {
    if (c.type == type) return &c;
  }
  return nullptr;
}

}  // namespace nbkeys::kube
