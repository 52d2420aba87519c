#include "status/conditions.h"

#include <algorithm>

namespace nbkeys::status {
namespace {

class ConditionList {
 public:
  ConditionList(const std::vector<kube::Condition>& before, std::int64_t generation,
                base::WallTime now)
      : before_(before), generation_(generation), now_(now) {}

  void add(std::string type, bool status, Reason reason, const std::string& message) {
    const auto old = std::find_if(before_.begin(), before_.end(),
                                  [&type](const kube::Condition& c) { return c.type == type; });
    const bool same = old != before_.end() && old->status == status;
    list_.push_back({std::move(type), status, std::string(reason_name(reason)), message,
                     same ? old->last_transition : now_, generation_});
  }
  // One that another part of the report is about.
  void keep(std::string_view type) {
    for (const kube::Condition& c : before_) {
      if (c.type == type) list_.push_back(c);
    }
  }
  std::vector<kube::Condition> take() { return std::move(list_); }

 private:
  const std::vector<kube::Condition>& before_;
  std::int64_t generation_;
  base::WallTime now_;
  std::vector<kube::Condition> list_;
};

}  // namespace

std::string_view reason_name(Reason reason) {
  switch (reason) {
    case Reason::kIssued: return "Issued";
    case Reason::kUsed: return "Used";
    case Reason::kRevoked: return "Revoked";
    case Reason::kProgressing: return "Progressing";
    case Reason::kAccountNotReady: return "AccountNotReady";
    case Reason::kGroupNotFound: return "GroupNotFound";
    case Reason::kSecretConflict: return "SecretConflict";
    case Reason::kInvalidSpec: return "InvalidSpec";
    case Reason::kRateLimited: return "RateLimited";
    case Reason::kApiError: return "APIError";
    case Reason::kSuspended: return "Suspended";
    case Reason::kAccountChanged: return "AccountChanged";
    case Reason::kRepairLimited: return "RepairLimited";
    case Reason::kRevocationBlocked: return "RevocationBlocked";
    case Reason::kRetirementBlocked: return "RetirementBlocked";
    case Reason::kDeletionBlocked: return "DeletionBlocked";
    case Reason::kUnknownOrigin: return "UnknownOrigin";
    case Reason::kSecondInstallation: return "SecondInstallation";
    case Reason::kExpired: return "Expired";
    case Reason::kOverused: return "Overused";
    case Reason::kRevokedExternally: return "RevokedExternally";
    case Reason::kDeletedExternally: return "DeletedExternally";
    case Reason::kValid: return "Valid";
    case Reason::kNoKey: return "NoKey";
  }
  return "Progressing";
}

void apply_report(const Report& report, std::int64_t generation, base::WallTime now,
                  kube::KeyStatus& next) {
  if (report.observed) next.observed_generation = generation;
  const std::int64_t judged = std::max<std::int64_t>(next.observed_generation, 0);
  ConditionList list(next.conditions, judged, now);
  list.add("Ready", report.ready, report.ready_reason, report.message);
  list.add("KeyValid", report.key_valid, report.key_reason, report.key_message);
  if (report.progress == Progress::kReconciling) {
    list.add("Reconciling", true, report.ready_reason, report.message);
  }
  if (report.progress == Progress::kStalled) {
    list.add("Stalled", true, report.ready_reason, report.message);
  }
  if (report.rotating) list.add("Rotating", true, Reason::kProgressing, *report.rotating);
  list.keep(kUnknownKeys);
  next.conditions = list.take();
}

void tell_unknown_keys(Reason reason, const std::string& message, base::WallTime now,
                       kube::KeyStatus& next) {
  const std::int64_t judged = std::max<std::int64_t>(next.observed_generation, 0);
  ConditionList list(next.conditions, judged, now);
  for (const kube::Condition& c : next.conditions) {
    if (c.type != kUnknownKeys) list.keep(c.type);
  }
  list.add(std::string(kUnknownKeys), true, reason, message);
  next.conditions = list.take();
}

void clear_unknown_keys(kube::KeyStatus& next) {
  std::erase_if(next.conditions, [](const kube::Condition& c) { return c.type == kUnknownKeys; });
}

}  // namespace nbkeys::status
