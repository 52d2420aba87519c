#include "sim/happening.h"

#include <array>

namespace nbkeys::sim {
namespace {

constexpr std::array<std::string_view, static_cast<std::size_t>(Kind::kCount)> kKinds = {
    "drop-request",
    "drop-answer",
    "delay-request",
    "delay-answer",
    "repeat-answer",
    "resend",
    "unreachable",
    "409",
    "410",
    "429",
    "5xx",
    "5xx-after-done",
    "401",
    "403",
    "quoting-refusal",
    "truncated",
    "no-json",
    "wrong-types",
    "wrong-kind",
    "kill-before",
    "kill-after",
    "watch-ends",
    "watch-lag",
    "watch-repeats",
    "watch-garbled",
    "watch-cut",
    "watch-from-old",
    "compaction",
    "kube-put-back",
    "crash",
    "crash-at-command",
    "pause",
    "restart",
    "clock-step",
    "lease-deleted",
    "lease-stolen",
    "token-revoked",
    "netbird-down",
    "kube-down",
    "netbird-limits",
    "lasting-fault",
    "another-account",
    "group-added",
    "group-removed",
    "group-renamed",
    "group-doubled",
    "key-deleted",
    "key-revoked",
    "key-expired",
    "peers-enrol",
    "foreign-key",
    "rotate",
    "edit-settings",
    "edit-groups",
    "edit-template",
    "edit-rotation",
    "edit-secretkey",
    "revoke",
    "unrevoke",
    "suspend",
    "unsuspend",
    "delete",
    "create",
    "deletionpolicy",
    "abandon",
    "secret-deleted",
    "secret-altered",
    "secret-stripped",
    "secret-foreign"};

constexpr std::array<std::string_view, static_cast<std::size_t>(RequestClass::kCount)> kClasses = {
    "any",          "create-key",  "change-key",    "list-keys", "groups", "status", "finalizers",
    "write-secret", "read-secret", "read-setupkey", "list",      "watch",  "lease",  "event"};

}  // namespace

std::string_view kind_name(Kind kind) { return kKinds[static_cast<std::size_t>(kind)]; }
std::string_view class_name(RequestClass hit) { return kClasses[static_cast<std::size_t>(hit)]; }

bool is_request_fault(Kind kind) { return kind <= Kind::kKillAfter; }
bool lasts(Kind kind) { return kind == Kind::kLastingFault || kind == Kind::kAnotherAccount; }

std::string to_text(const Happening& h) {
  std::string out = "#" + std::to_string(h.id) + " +" + std::to_string(h.at.count()) + "ms " +
                    std::string(kind_name(h.kind));
  if (is_request_fault(h.kind) || h.kind == Kind::kLastingFault)
    out += " of " + std::string(class_name(h.hits));
  out += " a=" + std::to_string(h.a % 1000) + " b=" + std::to_string(h.b % 1000);
  if (h.span.count() != 0) out += " span=" + std::to_string(h.span.count()) + "ms";
  return out;
}

}  // namespace nbkeys::sim
