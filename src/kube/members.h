#pragma once
// The members of what the caches keep packed, and of what is compared whole.

#include "base/pack.h"
#include "kube/secret.h"
#include "kube/setup_key.h"

namespace nbkeys::base {

// A macro, so that each name stands once and a struct that grows still does not compile.
#define MEMBERS(Type, ...)          \
  template <>                       \
  struct Members<Type> {            \
    static auto of(auto& value) {   \
      auto& [__VA_ARGS__] = value;  \
      return std::tie(__VA_ARGS__); \
    }                               \
  };

MEMBERS(kube::ObjectRef, name_space, name)
MEMBERS(kube::Meta, ref, uid, resource_version, generation, created, deleting, finalizers)
MEMBERS(kube::GroupRef, id, name)
MEMBERS(kube::Rotation, enabled, renew_before, renew_before_percentage, interval, usage_percent,
        on_overused, overlap)
MEMBERS(kube::TemplateDigests, record, entries, data)
MEMBERS(kube::SecretTemplate, labels, annotations, data, type, digests)
MEMBERS(kube::KeySettings, display_name, type, usage_limit, expires_in, ephemeral,
        allow_extra_dns_labels)
MEMBERS(kube::Spec, settings, auto_groups, revoked, secret_name, secret_key, secret_template,
        rotation, revision_history_limit, deletion_policy, suspend)
MEMBERS(kube::Condition, type, status, reason, message, last_transition, observed_generation)
MEMBERS(kube::TicketWord, number)
MEMBERS(kube::Ticket, revision, word)
MEMBERS(kube::Claim, revision, since, reason, rotate, ticket)
MEMBERS(kube::PreviousKey, key_id, revision, retire_at)
MEMBERS(kube::Repairs, count, last_time)
MEMBERS(kube::AccountInUse, name, id)
MEMBERS(kube::Binding, name, uid, resource_version)
MEMBERS(kube::KeyStatus, observed_generation, conditions, state, key_id, key_prefix, key_digest,
        settings_digest, revision, last_revision, tickets, last_without_ticket, revoked_revision,
        claim, binding, issued_at, expires_at, renewal_time, used_times, last_used,
        last_rotation_time, last_rotation_reason, previous_keys, failed_issuance_attempts,
        last_failure_time, repairs, account, last_handled_rotate, auto_group_ids)
MEMBERS(kube::SetupKey, meta, spec, spec_error, status, rotate, abandon, accept_account, end_keys,
        leave_keys)
MEMBERS(kube::SecretMeta, ref, uid, resource_version, deleting, owner_uid, label_uid, managed_by_us,
        key_id, revision, ticket, digest, settings, template_record, template_entries, issued_at,
        expires_at)

#undef MEMBERS

}  // namespace nbkeys::base
