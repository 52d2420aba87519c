#pragma once
// One thing that goes wrong or that somebody does, with everything about it drawn beforehand, so
// that leaving one out changes no other.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"

namespace nbkeys::sim {

enum class Kind {
  // One request or a few of one class (see RequestClass) are hit.
  kDropRequest,
  kDropAnswer,
  kDelayRequest,
  kDelayAnswer,
  kRepeatAnswer,
  kResend,
  kUnreachable,
  kConflict,
  kGone,
  kTooMany,
  kServerError,
  kErrorAfterDone,
  kUnauthorized,
  kForbidden,
  kQuotingRefusal,
  kTruncated,
  kNoJson,
  kWrongTypes,
  kWrongKind,
  kKillBefore,
  kKillAfter,
  // Watches.
  kWatchEnds,
  kWatchLag,
  kWatchRepeats,
  kWatchGarbled,
  kWatchCutShort,
  kWatchFromOld,
  kCompaction,
  kKubePutBack,
  // Processes, leases, clocks, whole servers.
  kCrash,
  kCrashAtCommand,
  kPause,
  kRestart,
  kClockStep,
  kLeaseDeleted,
  kLeaseStolen,
  kTokenRevoked,
  kNetBirdDown,
  kKubeDown,
  kNetBirdLimits,
  kLastingFault,    // one kind of request fails for hours
  kAnotherAccount,  // the token is one of another account, for a while
  // What people do at NetBird.
  kGroupAdded,
  kGroupRemoved,
  kGroupRenamed,
  kGroupDoubled,
  kKeyDeleted,
  kKeyRevoked,
  kKeyExpired,
  kPeersEnrol,
  kForeignKey,
  // What users do at Kubernetes.
  kRotate,
  kEditSettings,
  kEditGroups,
  kEditTemplate,
  kEditRotation,
  kEditSecretKey,
  kRevoke,
  kUnrevoke,
  kSuspend,
  kUnsuspend,
  kDelete,
  kCreate,
  kDeletionPolicy,
  kAbandon,
  kSecretDeleted,
  kSecretAltered,
  kSecretStripped,
  kSecretForeign,
  kCount,
};

// Requests by what they are for; a fault hits those of one class.
enum class RequestClass {
  kAny,
  kCreateKey,
  kChangeKey,
  kListKeys,
  kGroups,
  kStatus,
  kFinalizers,
  kWriteSecret,
  kReadSecret,
  kReadSetupKey,
  kList,
  kWatch,
  kLease,
  kEvent,
  kCount,
};

struct Happening {
  int id = 0;
  base::Duration at{0};  // since the start, as the monotonic clock counts
  Kind kind = Kind::kCount;
  RequestClass hits = RequestClass::kAny;
  std::uint64_t a = 0, b = 0;  // what they mean depends on the kind
  base::Duration span{0};      // how long it lasts, or by how much
};

std::string_view kind_name(Kind kind);
std::string_view class_name(RequestClass hit);
bool is_request_fault(Kind kind);
// Drawn for itself, once for a seed at the most.
bool lasts(Kind kind);
std::string to_text(const Happening& happening);

}  // namespace nbkeys::sim
