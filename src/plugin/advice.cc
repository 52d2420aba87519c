#include "plugin/advice.h"

#include <iterator>

#include "plugin/style.h"
#include "status/conditions.h"

namespace nbkeys::plugin {
namespace {

struct Advice {
  std::string_view reason;
  std::string_view words;  // NAME and NS are filled in
};

constexpr Advice kAdvice[] = {
    {"Issued", ""},
    {"Valid", ""},
    {"Used",
     "Nothing: the one-off key has enrolled its peer. For another one: nbkeys rotate NAME -n NS"},
    {"Revoked",
     "Nothing: the key is revoked, as spec.revoked asks. Set spec.revoked to false for a new one."},
    {"Progressing", "Wait a moment. If it stays so, look at the operator's log."},
    {"NoKey", "Wait a moment. If it stays so, look at the operator's log."},
    {"AccountNotReady",
     "Replace the operator's NetBird token (Secret netbird-token); it is read again at once. "
     "nbkeys check tells more."},
    {"GroupNotFound",
     "Create the group at NetBird, or correct spec.autoGroups; it goes on by itself then."},
    {"SecretConflict",
     "Delete or rename the Secret that is in the way, or make a new SetupKey with another "
     "secretName."},
    {"InvalidSpec",
     "Correct the spec as the message says; nbkeys render checks a manifest offline."},
    {"RateLimited",
     "Wait: NetBird asks for fewer calls. To stay below its limit set "
     "--netbird-requests-per-minute of the operator."},
    {"APIError", "Wait, it is tried again. If it stays so: nbkeys check, and the operator's log."},
    {"Suspended", "Set spec.suspend to false when work should go on."},
    {"AccountChanged",
     "Give the operator a token of the account in which the key lives. If the change is meant, set "
     "the annotation keys.netbird.io/accept-account to the new account's id."},
    {"UnknownOrigin",
     "See nbkeys strays, and find out whether a copy of this cluster uses those keys. Name what is "
     "to be ended in the annotation keys.netbird.io/end-keys, and the rest in "
     "keys.netbird.io/leave-keys."},
    {"SecondInstallation",
     "Find the second installation, such as a copy of this cluster, and give one of the two "
     "another identity. Then name what is to be ended in the annotation keys.netbird.io/end-keys."},
    {"RepairLimited",
     "Find out who breaks the key or its Secret. For a new key at once: nbkeys rotate NAME -n NS"},
    {"RevocationBlocked",
     "Ask whoever runs NetBird, or the proxy before it, what refuses the revocation; until then "
     "peers can enrol with the key."},
    {"RetirementBlocked",
     "Ask whoever runs NetBird, or the proxy before it, what refuses the deletion; until then "
     "peers can enrol with the replaced key."},
    {"DeletionBlocked",
     "Restore the access to NetBird, or let go and leave the key there: kubectl annotate nbsk NAME "
     "-n NS keys.netbird.io/abandon=true"},
    {"Expired",
     "Issue a new key: nbkeys rotate NAME -n NS. To have that done by itself, set "
     "spec.rotation.policy to RenewBefore."},
    {"Overused",
     "Issue a new key: nbkeys rotate NAME -n NS. To have that done by itself, set "
     "spec.rotation.onOverused or usagePercent."},
    {"RevokedExternally",
     "Find out who revoked it at NetBird and why; when you want another key: nbkeys rotate NAME -n "
     "NS"},
    {"DeletedExternally", "Nothing: a new key is issued. Find out who deletes keys at NetBird."},
};

void replace_all(std::string& text, std::string_view mark, const std::string& value) {
  for (std::size_t at = text.find(mark); at != std::string::npos;
       at = text.find(mark, at + value.size())) {
    text.replace(at, mark.size(), value);
  }
}

std::string filled(std::string_view words, const kube::ObjectRef& ref) {
  std::string out(words);
  replace_all(out, "NAME", ref.name);
  replace_all(out, "-n NS", "-n " + ref.name_space);
  return out;
}

bool stale(const kube::SetupKey& resource) {
  return resource.status.observed_generation != resource.meta.generation;
}

void add_warnings(const kube::SetupKey& resource, base::WallTime now,
                  std::vector<std::string>& out) {
  const kube::KeyStatus& s = resource.status;
  if (s.renewal_time && *s.renewal_time + base::Duration{600'000} < now && !s.claim) {
    out.push_back("The rotation is overdue since " + rough(now - *s.renewal_time) +
                  ": is the operator running? nbkeys check tells.");
  }
  const std::int64_t limit = resource.spec.settings.usage_limit;
  if (limit > 1 && s.used_times.value_or(0) * 10 >= limit * 9 && s.state == "valid") {
    out.push_back("Nine of ten uses are gone: raise usageLimit, or set rotation.usagePercent.");
  }
  if (!s.expires_at && s.revision > 0 && resource.spec.settings.expires_in.count() == 0 &&
      !resource.spec.rotation.interval) {
    out.push_back(
        "The key never expires and is never replaced: set expiresIn, or rotation.interval.");
  }
}

}  // namespace

std::vector<std::string> advice_for(const kube::SetupKey& resource, base::WallTime now) {
  std::vector<std::string> out;
  const kube::Condition* ready = condition_of(resource.status, "Ready");
  if (ready == nullptr) {
    return {
        "The operator has not looked at it yet. If it stays so, see whether it runs: nbkeys check"};
  }
  if (stale(resource)) {
    out.push_back("The operator has not judged the present spec yet: wait a moment.");
  }
  const kube::Condition* unknown = condition_of(resource.status, status::kUnknownKeys);
  for (const Advice& each : kAdvice) {
    const bool told =
        each.reason == ready->reason || (unknown != nullptr && each.reason == unknown->reason);
    if (told && !each.words.empty()) out.push_back(filled(each.words, resource.meta.ref));
  }
  add_warnings(resource, now, out);
  if (out.empty()) {
    out.push_back(ready->status ? "Nothing: all is well." : "See the message of Ready above.");
  }
  return out;
}

}  // namespace nbkeys::plugin
