#pragma once
// Every metric, and every log event that the shell writes itself or that drives a metric. Other
// events come from the engine and keep the names that it gave them.

#include <string_view>

namespace nbkeys::telemetry {

// Log events.
inline constexpr std::string_view kStarting = "starting";
inline constexpr std::string_view kExiting = "exiting";
inline constexpr std::string_view kConfiguration = "configuration";
inline constexpr std::string_view kRequest = "request";
inline constexpr std::string_view kTokenReloaded = "token_reloaded";
inline constexpr std::string_view kTokenUnusable = "token_unusable";
inline constexpr std::string_view kCertificatesReloaded = "certificates_reloaded";
inline constexpr std::string_view kCertificatesUnusable = "certificates_unusable";

// Events of the engine that are counted.
inline constexpr std::string_view kKeyIssued = "key_issued";    // field: reason
inline constexpr std::string_view kKeyRotated = "key_rotated";  // field: reason
inline constexpr std::string_view kStrayDeleted = "stray_deleted";
inline constexpr std::string_view kReasonField = "reason";

// Metrics.
inline constexpr std::string_view kBuildInfo = "netbird_keys_build_info";
inline constexpr std::string_view kApiRequests = "netbird_keys_api_requests_total";
inline constexpr std::string_view kApiDuration = "netbird_keys_api_request_duration_seconds";
inline constexpr std::string_view kIssued = "netbird_keys_issued_total";
inline constexpr std::string_view kRotations = "netbird_keys_rotations_total";
inline constexpr std::string_view kStraysDeleted = "netbird_keys_strays_deleted_total";
inline constexpr std::string_view kSetupKeys = "netbird_keys_setupkeys";
inline constexpr std::string_view kAccountKeys = "netbird_keys_account_keys";
inline constexpr std::string_view kAccountReady = "netbird_keys_account_ready";
inline constexpr std::string_view kRequestsInFlight = "netbird_keys_api_requests_in_flight";
inline constexpr std::string_view kLeader = "leader_election_master_status";
inline constexpr std::string_view kQueueDepth = "workqueue_depth";
inline constexpr std::string_view kResidentMemory = "process_resident_memory_bytes";
inline constexpr std::string_view kStartTime = "process_start_time_seconds";
inline constexpr std::string_view kCpuSeconds = "process_cpu_seconds_total";
inline constexpr std::string_view kOpenFiles = "process_open_fds";

}  // namespace nbkeys::telemetry
