#pragma once
// The members of what the caches keep packed, and of what is compared whole.

#include "base/pack.h"
#include "kube/secret.h"
#include "kube/setup_key.h"

namespace nbkeys::base {

template <>
struct Members<kube::ObjectRef> {
  static auto of(auto& value) {
    auto& [name_space, name] = value;
    return std::tie(name_space, name);
  }
};
template <>
struct Members<kube::Meta> {
  static auto of(auto& value) {
    auto& [ref, uid, resource_version, generation, created, deleting, finalizers] = value;
    return std::tie(ref, uid, resource_version, generation, created, deleting, finalizers);
  }
};
template <>
struct Members<kube::GroupRef> {
  static auto of(auto& value) {
    auto& [id, name] = value;
    return std::tie(id, name);
  }
};
template <>
struct Members<kube::Rotation> {
  static auto of(auto& value) {
    auto& [enabled, renew_before, renew_before_percentage, interval, usage_percent, on_overused,
           overlap] = value;
    return std::tie(enabled, renew_before, renew_before_percentage, interval, usage_percent,
                    on_overused, overlap);
  }
};
template <>
struct Members<kube::SecretTemplate> {
  static auto of(auto& value) {
    auto& [labels, annotations, data, type] = value;
    return std::tie(labels, annotations, data, type);
  }
};
template <>
struct Members<kube::KeySettings> {
  static auto of(auto& value) {
    auto& [display_name, type, usage_limit, expires_in, ephemeral, allow_extra_dns_labels] = value;
    return std::tie(display_name, type, usage_limit, expires_in, ephemeral, allow_extra_dns_labels);
  }
};
template <>
struct Members<kube::Spec> {
  static auto of(auto& value) {
    auto& [settings, auto_groups, revoked, secret_name, secret_key, secret_template, rotation,
           revision_history_limit, deletion_policy, suspend] = value;
    return std::tie(settings, auto_groups, revoked, secret_name, secret_key, secret_template,
                    rotation, revision_history_limit, deletion_policy, suspend);
  }
};
template <>
struct Members<kube::Condition> {
  static auto of(auto& value) {
    auto& [type, status, reason, message, last_transition, observed_generation] = value;
    return std::tie(type, status, reason, message, last_transition, observed_generation);
  }
};
template <>
struct Members<kube::Claim> {
  static auto of(auto& value) {
    auto& [revision, since, reason, rotate] = value;
    return std::tie(revision, since, reason, rotate);
  }
};
template <>
struct Members<kube::PreviousKey> {
  static auto of(auto& value) {
    auto& [key_id, revision, retire_at] = value;
    return std::tie(key_id, revision, retire_at);
  }
};
template <>
struct Members<kube::Binding> {
  static auto of(auto& value) {
    auto& [name, uid, resource_version] = value;
    return std::tie(name, uid, resource_version);
  }
};
template <>
struct Members<kube::KeyStatus> {
  static auto of(auto& value) {
    auto& [observed_generation, conditions, state, key_id, key_prefix, key_digest, settings_digest,
           revision, last_revision, revoked_revision, claim, binding, issued_at, expires_at,
           renewal_time, used_times, last_used, last_rotation_time, last_rotation_reason,
           previous_keys, failed_issuance_attempts, last_failure_time, last_handled_rotate,
           auto_group_ids] = value;
    return std::tie(observed_generation, conditions, state, key_id, key_prefix, key_digest,
                    settings_digest, revision, last_revision, revoked_revision, claim, binding,
                    issued_at, expires_at, renewal_time, used_times, last_used, last_rotation_time,
                    last_rotation_reason, previous_keys, failed_issuance_attempts,
                    last_failure_time, last_handled_rotate, auto_group_ids);
  }
};
template <>
struct Members<kube::SetupKey> {
  static auto of(auto& value) {
    auto& [meta, spec, spec_error, status, rotate, abandon] = value;
    return std::tie(meta, spec, spec_error, status, rotate, abandon);
  }
};
template <>
struct Members<kube::SecretMeta> {
  static auto of(auto& value) {
    auto& [ref, uid, resource_version, deleting, owner_uid, label_uid, managed_by_us, key_id,
           revision, digest, settings, template_record, issued_at, expires_at, labels,
           annotations] = value;
    return std::tie(ref, uid, resource_version, deleting, owner_uid, label_uid, managed_by_us,
                    key_id, revision, digest, settings, template_record, issued_at, expires_at,
                    labels, annotations);
  }
};

}  // namespace nbkeys::base
