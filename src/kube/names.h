#pragma once
// Every name of ours that users and other programs see at Kubernetes, in one place.

#include <string_view>

namespace nbkeys::kube {

inline constexpr std::string_view kGroup = "keys.netbird.io";
inline constexpr std::string_view kApiVersion = "keys.netbird.io/v1alpha1";
inline constexpr std::string_view kKind = "SetupKey";
inline constexpr std::string_view kFinalizer = "keys.netbird.io/setup-key";

// On a SetupKey.
inline constexpr std::string_view kRotateAnnotation = "keys.netbird.io/rotate";
inline constexpr std::string_view kAbandonAnnotation = "keys.netbird.io/abandon";
inline constexpr std::string_view kAcceptAccountAnnotation = "keys.netbird.io/accept-account";
inline constexpr std::string_view kEndKeysAnnotation = "keys.netbird.io/end-keys";
inline constexpr std::string_view kLeaveKeysAnnotation = "keys.netbird.io/leave-keys";

// On a Secret of ours.
inline constexpr std::string_view kUidLabel = "keys.netbird.io/setupkey-uid";
inline constexpr std::string_view kManagedByLabel = "app.kubernetes.io/managed-by";
inline constexpr std::string_view kManagedBy = "nbkeys";
inline constexpr std::string_view kKeyIdAnnotation = "keys.netbird.io/key-id";
inline constexpr std::string_view kRevisionAnnotation = "keys.netbird.io/revision";
inline constexpr std::string_view kTicketAnnotation = "keys.netbird.io/ticket";
inline constexpr std::string_view kDigestAnnotation = "keys.netbird.io/digest";
inline constexpr std::string_view kSettingsAnnotation = "keys.netbird.io/settings";
inline constexpr std::string_view kIssuedAtAnnotation = "keys.netbird.io/issued-at";
inline constexpr std::string_view kExpiresAtAnnotation = "keys.netbird.io/expires-at";
inline constexpr std::string_view kTemplateAnnotation = "keys.netbird.io/template";

}  // namespace nbkeys::kube
