#pragma once
// What decide has found out about one SetupKey, in plain words; conditions.cc turns it into
// conditions.

#include <optional>
#include <string>

namespace nbkeys::status {

// The closed list of reasons that users see (README documents each with its remedy).
enum class Reason {
  kIssued,
  kUsed,
  kRevoked,
  kProgressing,
  kAccountNotReady,
  kGroupNotFound,
  kSecretConflict,
  kInvalidSpec,
  kRateLimited,
  kApiError,
  kSuspended,
  kAccountChanged,
  kRepairLimited,
  kRevocationBlocked,
  kRetirementBlocked,
  kDeletionBlocked,
  kUnknownOrigin,
  kSecondInstallation,
  kExpired,
  kOverused,
  kRevokedExternally,
  kDeletedExternally,
  kValid,
  kNoKey,
};
std::string_view reason_name(Reason reason);

// Whether things move by themselves (kReconciling), wait for a person (kStalled), or rest.
enum class Progress { kResting, kReconciling, kStalled };

struct Report {
  bool ready = false;
  Reason ready_reason = Reason::kProgressing;
  std::string message;
  Progress progress = Progress::kReconciling;
  bool key_valid = false;
  Reason key_reason = Reason::kNoKey;
  std::string key_message;
  std::optional<std::string>
      rotating;  // why a new key is being issued while the old one still works
  // The spec of the current generation has been judged; false while a key of the old spec still
  // stands in.
  bool observed = true;
};

}  // namespace nbkeys::status
