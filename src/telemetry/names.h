#pragma once
// The closed lists: every metric, every log event, every reason of an Event and of the condition
// Ready, and every label value that is a word of ours. Documentation and alerts rely on them; a
// test holds them against what the sources say.

#include <array>
#include <string_view>

namespace nbkeys::telemetry {

using Word = std::string_view;

// Log events that the shell writes itself.
inline constexpr Word kStarting = "starting";
inline constexpr Word kExiting = "exiting";
inline constexpr Word kConfiguration = "configuration";
inline constexpr Word kRequest = "request";
inline constexpr Word kTokenReloaded = "token_reloaded";
inline constexpr Word kTokenUnusable = "token_unusable";
inline constexpr Word kCertificatesReloaded = "certificates_reloaded";
inline constexpr Word kCertificatesUnusable = "certificates_unusable";
// Log events of the engine that drive metrics of their own; both have the field `reason`.
inline constexpr Word kKeyIssued = "key_issued";
inline constexpr Word kKeyRotated = "key_rotated";
inline constexpr Word kStrayDeleted = "stray_deleted";
inline constexpr Word kReasonField = "reason";

// Log events that tell of no SetupKey's Event.
inline constexpr std::array kLogEvents = {kStarting,
                                          kExiting,
                                          kConfiguration,
                                          kRequest,
                                          kTokenReloaded,
                                          kTokenUnusable,
                                          kCertificatesReloaded,
                                          kCertificatesUnusable,
                                          Word{"stopping"},
                                          Word{"leading"},
                                          Word{"not_leading"},
                                          Word{"synced"},
                                          Word{"action"},
                                          Word{"call_failed"},
                                          Word{"account_ready"},
                                          Word{"account_not_ready"},
                                          Word{"account_user"},
                                          Word{"account_known"},
                                          Word{"list_entries_skipped"},
                                          Word{"watch_relist"},
                                          Word{"watch_failed"},
                                          Word{"history_went_back"}};

// The reasons of Kubernetes Events, and under which name each stands in the log.
struct EventWord {
  Word reason;
  Word log_event;
  bool warning;
};
inline constexpr std::array kEvents = {
    EventWord{"Issued", kKeyIssued, false},
    EventWord{"Rotated", kKeyRotated, false},
    EventWord{"Revoked", "key_revoked", false},
    EventWord{"Retired", "key_retired", false},
    EventWord{"Deleted", "key_deleted", false},
    EventWord{"StrayDeleted", kStrayDeleted, false},
    EventWord{"Adopted", "key_adopted", false},
    EventWord{"GroupsUpdated", "groups_updated", false},
    EventWord{"SecretDataDrift", "secret_drift", true},
    EventWord{"StatusDrift", "status_drift", true},
    EventWord{"SecretConflict", "secret_conflict", true},
    EventWord{"RevokedExternally", "key_revoked_externally", true},
    EventWord{"DeletedExternally", "key_deleted_externally", true},
    EventWord{"Expired", "key_expired", true},
    EventWord{"Overused", "key_overused", true},
    EventWord{"InvalidSpec", "spec_invalid", true},
    EventWord{"GroupNotFound", "group_not_found", true},
    EventWord{"AccountNotReady", "setupkey_waits_for_account", true},
    EventWord{"RateLimited", "setupkey_rate_limited", true},
    EventWord{"APIError", "setupkey_api_error", true},
    EventWord{"AccountChanged", "account_changed", true},
    EventWord{"RepairLimited", "repair_limited", true},
    EventWord{"RevocationBlocked", "revocation_blocked", true},
    EventWord{"RetirementBlocked", "retirement_blocked", true},
    EventWord{"DeletionBlocked", "deletion_blocked", true},
    EventWord{"KeyLeftAlive", "key_left_alive", true},
    EventWord{"UnknownOrigin", "keys_of_unknown_origin", true},
    EventWord{"SecondInstallation", "second_installation", true},
};

// Label values.
inline constexpr std::array kReadyReasons = {Word{"Issued"},
                                             Word{"Used"},
                                             Word{"Revoked"},
                                             Word{"Progressing"},
                                             Word{"AccountNotReady"},
                                             Word{"GroupNotFound"},
                                             Word{"SecretConflict"},
                                             Word{"InvalidSpec"},
                                             Word{"RateLimited"},
                                             Word{"APIError"},
                                             Word{"Suspended"},
                                             Word{"AccountChanged"},
                                             Word{"RepairLimited"},
                                             Word{"RevocationBlocked"},
                                             Word{"RetirementBlocked"},
                                             Word{"DeletionBlocked"},
                                             Word{"Expired"},
                                             Word{"Overused"},
                                             Word{"RevokedExternally"},
                                             Word{"DeletedExternally"}};
inline constexpr std::array kKeyStates = {Word{"valid"}, Word{"overused"}, Word{"expired"},
                                          Word{"revoked"}, Word{"missing"}};
inline constexpr std::array kIssueReasons = {
    Word{"FirstIssue"},    Word{"SpecChanged"},   Word{"Requested"},  Word{"Unrevoked"},
    Word{"SecretMissing"}, Word{"SecretAltered"}, Word{"KeyMissing"}, Word{"Expiring"},
    Word{"ExpiredEarly"},  Word{"Interval"},      Word{"Usage"},      Word{"Overused"}};
inline constexpr std::array kOperations = {Word{"watch"},
                                           Word{"list_setupkeys"},
                                           Word{"list_secrets"},
                                           Word{"get_setupkey"},
                                           Word{"patch_finalizers"},
                                           Word{"patch_status"},
                                           Word{"get_secret_metadata"},
                                           Word{"get_secret"},
                                           Word{"create_secret"},
                                           Word{"dry_run_secret"},
                                           Word{"patch_secret"},
                                           Word{"get_lease"},
                                           Word{"create_lease"},
                                           Word{"update_lease"},
                                           Word{"create_event"},
                                           Word{"list_keys"},
                                           Word{"list_groups"},
                                           Word{"list_service_users"},
                                           Word{"get_current_user"},
                                           Word{"get_account"},
                                           Word{"probe_write"},
                                           Word{"create_key"},
                                           Word{"update_key"},
                                           Word{"revoke_key"},
                                           Word{"delete_key"}};
inline constexpr Word kControllerName = "setupkey";

// Metrics of ours.
inline constexpr Word kBuildInfo = "netbird_keys_build_info";
inline constexpr Word kSetupKeys = "netbird_keys_setupkeys";
inline constexpr Word kSetupKeysStatus = "netbird_keys_setupkeys_status";
inline constexpr Word kSetupKeysAttention = "netbird_keys_setupkeys_attention";
inline constexpr Word kSetupKeyReady = "netbird_keys_setupkey_ready_status";
inline constexpr Word kSetupKeyInfo = "netbird_keys_setupkey_info";
inline constexpr Word kSetupKeyExpiration = "netbird_keys_setupkey_expiration_timestamp_seconds";
inline constexpr Word kSetupKeyRenewal = "netbird_keys_setupkey_renewal_timestamp_seconds";
inline constexpr Word kSetupKeyUsed = "netbird_keys_setupkey_used_times";
inline constexpr Word kSetupKeyLimit = "netbird_keys_setupkey_usage_limit";
inline constexpr Word kPerObject = "netbird_keys_metrics_per_object";
inline constexpr Word kNamesDropped = "netbird_keys_metrics_names_dropped";
inline constexpr Word kLoopAnswers = "netbird_keys_event_loop_responsive";
inline constexpr Word kIssued = "netbird_keys_issued_total";
inline constexpr Word kRotations = "netbird_keys_rotations_total";
inline constexpr Word kStraysDeleted = "netbird_keys_strays_deleted_total";
inline constexpr Word kEventsTotal = "netbird_keys_events_total";
inline constexpr Word kAccountReady = "netbird_keys_account_ready_status";
inline constexpr Word kAccountKeys = "netbird_keys_account_keys";
inline constexpr Word kSnapshotAge = "netbird_keys_account_snapshot_age_seconds";
inline constexpr Word kResync = "netbird_keys_resync_interval_seconds";
inline constexpr Word kApiRequests = "netbird_keys_api_requests_total";
inline constexpr Word kApiDuration = "netbird_keys_api_request_duration_seconds";
inline constexpr Word kApiThrottled = "netbird_keys_api_throttled_total";
inline constexpr Word kApiPaused = "netbird_keys_api_paused_seconds";
// Metrics by the names of controller-runtime and client-go.
inline constexpr Word kReconcileTotal = "controller_runtime_reconcile_total";
inline constexpr Word kReconcileErrors = "controller_runtime_reconcile_errors_total";
inline constexpr Word kReconcileTime = "controller_runtime_reconcile_time_seconds";
inline constexpr Word kReconcileMax = "controller_runtime_max_concurrent_reconciles";
inline constexpr Word kActiveWorkers = "controller_runtime_active_workers";
inline constexpr Word kQueueDepth = "workqueue_depth";
inline constexpr Word kQueueAdds = "workqueue_adds_total";
inline constexpr Word kQueueRetries = "workqueue_retries_total";
inline constexpr Word kQueueWait = "workqueue_queue_duration_seconds";
inline constexpr Word kQueueWork = "workqueue_work_duration_seconds";
inline constexpr Word kQueueUnfinished = "workqueue_unfinished_work_seconds";
inline constexpr Word kQueueLongest = "workqueue_longest_running_processor_seconds";
inline constexpr Word kRestRequests = "rest_client_requests_total";
inline constexpr Word kLeader = "leader_election_master_status";
// Metrics by the names of the client libraries.
inline constexpr Word kResidentMemory = "process_resident_memory_bytes";
inline constexpr Word kVirtualMemory = "process_virtual_memory_bytes";
inline constexpr Word kStartTime = "process_start_time_seconds";
inline constexpr Word kCpuSeconds = "process_cpu_seconds_total";
inline constexpr Word kOpenFiles = "process_open_fds";
inline constexpr Word kOpenFilesMax = "process_max_fds";

}  // namespace nbkeys::telemetry
