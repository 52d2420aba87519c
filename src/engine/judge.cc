#include "engine/judge.h"

#include <algorithm>
#include <utility>

#include "engine/rotate.h"

namespace nbkeys::engine {
namespace {

using status::Progress;
using status::Reason;
using status::Report;

std::string named(const kube::KeyStatus& s) {
  return "key " + s.key_id + " (revision " + std::to_string(s.revision) + ")";
}

Report unusable(Reason reason, std::string message) {
  Report r;
  r.ready = false;
  r.ready_reason = reason;
  r.message = std::move(message);
  r.progress = Progress::kStalled;
  r.key_reason = reason;
  r.key_message = r.message;
  return r;
}

Report done_its_work(Reason reason, std::string message) {
  Report r = unusable(reason, std::move(message));
  r.ready = true;
  r.progress = Progress::kResting;
  return r;
}

constexpr const char* kAskAnew =
    "; set the annotation keys.netbird.io/rotate to a new value to issue another one";

Report judge_state(const Observed& o, const cache::MarkedKey& key) {
  const kube::KeyStatus& s = o.resource.status;
  if (key.key.revoked || key.key.state == netbird::KeyState::kRevoked) {
    if (s.revoked_revision == s.revision) {
      return done_its_work(Reason::kRevoked, named(s) + " is revoked, as spec.revoked asks");
    }
    return unusable(Reason::kRevokedExternally,
                    named(s) + " was revoked at NetBird, which is not undone" + kAskAnew);
  }
  if (spent(o, key)) {
    return done_its_work(Reason::kUsed, named(s) + " is a one-off key and has enrolled its peer");
  }
  const bool expired = key.key.state == netbird::KeyState::kExpired ||
                       (key.key.expires && *key.key.expires <= o.now.wall);
  if (expired) {
    return unusable(Reason::kExpired,
                    named(s) + " has expired and no rotation rule covers that" + kAskAnew);
  }
  if (key.key.state == netbird::KeyState::kOverused) {
    return unusable(Reason::kOverused, named(s) +
                                           " has reached its usage limit and no rotation rule "
                                           "covers that" +
                                           kAskAnew);
  }
  Report r;
  r.ready = true;
  r.ready_reason = Reason::kIssued;
  r.message = named(s) + " is in Secret " + o.resource.spec.secret_name;
  r.progress = Progress::kResting;
  r.key_valid = true;
  r.key_reason = Reason::kValid;
  r.key_message = key.key.expires ? "valid until " + base::format_rfc3339(*key.key.expires)
                                  : std::string("valid, never expires");
  return r;
}

// What the stored conditions say of the key, for when there is no list to judge by.
Report remembered(const Observed& o) {
  Report r;
  for (const kube::Condition& c : o.resource.status.conditions) {
    if (c.type != "KeyValid") continue;
    r.key_valid = c.status;
    r.key_message = c.message;
    for (int i = 0; i <= static_cast<int>(Reason::kNoKey); ++i) {
      const auto reason = static_cast<Reason>(i);
      if (status::reason_name(reason) == c.reason) r.key_reason = reason;
    }
  }
  r.ready = r.key_valid;
  r.ready_reason = r.key_valid ? Reason::kIssued : r.key_reason;
  r.message = named(o.resource.status) + " is in Secret " + o.resource.spec.secret_name;
  r.progress = r.key_valid ? Progress::kResting : Progress::kStalled;
  if (r.key_reason == Reason::kNoKey) {  // found in the Secret and not confirmed yet: see finish
    r.ready_reason = Reason::kProgressing;
    r.message = r.key_message;
    r.progress = Progress::kReconciling;
  }
  const bool work_done = r.key_reason == Reason::kUsed || r.key_reason == Reason::kRevoked;
  if (work_done) {
    r.ready = true;
    r.message = r.key_message;
    r.progress = Progress::kResting;
  }
  return r;
}

bool told_ready(const Observed& o) {
  const auto& told = o.resource.status.conditions;
  return std::any_of(told.begin(), told.end(),
                     [](const kube::Condition& c) { return c.type == "Ready" && c.status; });
}

Report no_key() {
  Report r;
  r.message = "no key has been issued yet";
  r.key_message = "no key has been issued yet";
  return r;
}

// `reason` as status.claim.reason has it.
std::string in_words(const std::string& reason) {
  constexpr std::pair<IssueReason, const char*> kWords[] = {
      {IssueReason::kFirstIssue, "the first one"},
      {IssueReason::kSpecChanged, "the spec asks for another one"},
      {IssueReason::kRequested, "a rotation was asked for"},
      {IssueReason::kUnrevoked, "spec.revoked is false again"},
      {IssueReason::kSecretMissing, "the Secret was deleted"},
      {IssueReason::kSecretAltered, "the Secret's key was changed"},
      {IssueReason::kKeyMissing, "the one before was deleted at NetBird"},
      {IssueReason::kExpiring, "the one before comes to its end"},
      {IssueReason::kInterval, "spec.rotation.interval has passed"},
      {IssueReason::kUsage, "spec.rotation.usagePercent is reached"},
      {IssueReason::kOverused, "the one before is used up"},
  };
  for (const auto& [known, words] : kWords) {
    if (reason == reason_name(known)) return words;
  }
  return reason;
}

}  // namespace

bool spent(const Observed& o, const cache::MarkedKey& key) {
  return o.resource.spec.settings.type == kube::KeyType::kOneOff && key.key.used_times > 0;
}

Report judge(const Observed& o) {
  const kube::KeyStatus& s = o.resource.status;
  if (s.revision == 0) {
    if (!o.resource.spec.revoked) return no_key();
    Report r = done_its_work(Reason::kRevoked, "spec.revoked is true, so no key is issued");
    r.key_reason = Reason::kNoKey;
    return r;
  }
  const cache::MarkedKey* key = active_key(o);
  if (key != nullptr) return judge_state(o, *key);
  if (!o.account.snapshot || !list_is_proof(o)) return remembered(o);
  if (o.resource.spec.revoked) {
    return done_its_work(Reason::kRevoked, named(s) + " no longer exists at NetBird");
  }
  return unusable(Reason::kDeletedExternally,
                  named(s) + " no longer exists at NetBird; a new key is issued");
}

bool key_usable(const Observed& o) {
  const Report r = judge(o);
  const bool secret_right = o.secret.state == SecretState::kOurs && o.secret.meta != nullptr &&
                            o.secret.meta->revision == o.resource.status.revision &&
                            o.secret.content != ContentState::kKeyAltered;
  return r.key_valid && secret_right;
}

Report held_up(const Observed& o, Reason reason, std::string message, Progress progress) {
  Report r = judge(o);
  const bool transient = reason == Reason::kApiError || reason == Reason::kRateLimited ||
                         reason == Reason::kAccountNotReady;
  // NetBird's silence makes nothing that was not Ready so: what held it up may still be there.
  if (transient && r.ready && told_ready(o) && !o.account.stale) {
    // The spec of this generation may not be met yet; until it is, only the generation tells.
    r.observed = o.resource.status.observed_generation == o.resource.meta.generation;
    return r;
  }
  r.ready = false;
  r.ready_reason = reason;
  r.message = std::move(message);
  r.progress = progress;
  return r;
}

Report held_up_by_account(const Observed& o) {
  const std::string& problem = o.account.problem;
  switch (o.account.state) {
    case AccountState::kRefused:
      return held_up(o, Reason::kAccountNotReady, problem, Progress::kStalled);
    case AccountState::kRateLimited:
      return held_up(o, Reason::kRateLimited, problem, Progress::kReconciling);
    case AccountState::kFailing:
      return held_up(o, Reason::kApiError, problem, Progress::kReconciling);
    case AccountState::kUnknown:
    case AccountState::kReady: break;
  }
  return held_up(o, Reason::kProgressing, "waiting for the list of keys from NetBird",
                 Progress::kReconciling);
}

Report issuing(const Observed& o, const std::string& reason) {
  Report r = judge(o);
  if (key_usable(o)) {
    r.rotating = "issuing a new key: " + in_words(reason);
    r.observed = o.resource.status.observed_generation == o.resource.meta.generation;
    return r;
  }
  r.ready = false;
  r.ready_reason = Reason::kProgressing;
  r.message = "issuing a key: " + in_words(reason);
  r.progress = Progress::kReconciling;
  return r;
}

}  // namespace nbkeys::engine
