#include "plugin/progress.h"

namespace nbkeys::plugin {
namespace {

const kube::Condition* true_condition(const kube::SetupKey& resource, std::string_view type) {
  const kube::Condition* found = condition_of(resource.status, type);
  return found != nullptr && found->status ? found : nullptr;
}

}  // namespace

Progress progress_of(const kube::SetupKey& resource, const std::string& asked) {
  const kube::KeyStatus& status = resource.status;
  if (resource.meta.deleting) return {Stage::kGone, "is being deleted"};
  if (status.last_handled_rotate == asked && !status.claim) {
    return {Stage::kDone, "done: key " + status.key_id + " (revision " +
                              std::to_string(status.revision) + ") is in Secret " +
                              resource.spec.secret_name};
  }
  if (status.claim) {
    return {Stage::kIssuing, "issuing revision " + std::to_string(status.claim->revision)};
  }
  if (const kube::Condition* stalled = true_condition(resource, "Stalled")) {
    // A worn-out key is stalled until it is rotated, which is under way.
    const bool worn = stalled->reason == "Expired" || stalled->reason == "Overused" ||
                      stalled->reason == "RevokedExternally" ||
                      stalled->reason == "DeletedExternally";
    if (!worn) return {Stage::kStuck, stalled->reason + ": " + stalled->message};
  }
  return {Stage::kAsked, "waiting for the operator"};
}

std::string why_not_rotate(const kube::SetupKey& resource) {
  if (resource.meta.deleting) return "it is being deleted";
  if (resource.spec.suspend) return "spec.suspend is true: set it to false first";
  if (resource.spec.revoked) return "spec.revoked is true: set it to false, which issues a new key";
  return "";
}

}  // namespace nbkeys::plugin
