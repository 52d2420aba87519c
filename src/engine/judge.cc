#include "engine/judge.h"

#include <algorithm>
#include <utility>

#include "engine/outcome.h"
#include "engine/rotate.h"
#include "engine/trouble_words.h"

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
    if (s.revoked_revision == s.revision || o.resource.spec.revoked) {
      return done_its_work(Reason::kRevoked, named(s) + " is revoked, as spec.revoked asks");
    }
    return unusable(Reason::kRevokedExternally,
                    named(s) + " was revoked at NetBird, which is not undone" + kAskAnew);
  }
  if (spent(o, key)) {
    return done_its_work(Reason::kUsed, named(s) + " is a one-off key and has enrolled its peer");
  }
  const bool expired = key.key.state == netbird::KeyState::kExpired ||
                       (key.key.expires && *key.key.expires <= o.netbird_now());
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
  if (o.resource.spec.revoked) {
    r.message = named(s) + " is being revoked, as spec.revoked asks";
    r.key_valid = true;
    r.key_reason = Reason::kValid;
    r.key_message = "valid until it is revoked";
    return r;
  }
  r.ready = true;
  r.ready_reason = Reason::kIssued;
  r.message = named(s) + " is in Secret " + o.resource.spec.secret_name;
  if (interval_too_short(o.resource.spec.rotation)) {
    r.message += "; spec.rotation.interval counts as 1h, the least there is";
  }
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
  const kube::Condition* ready = condition_of(o.resource.status, "Ready");
  return ready != nullptr && ready->status;
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
      {IssueReason::kExpiredEarly, "the one before ends sooner than the spec plans"},
      {IssueReason::kInterval, "spec.rotation.interval has passed"},
      {IssueReason::kUsage, "spec.rotation.usagePercent is reached"},
      {IssueReason::kOverused, "the one before is used up"},
  };
  for (const auto& [known, words] : kWords) {
    if (reason == reason_name(known)) return words;
  }
  return reason;
}

// Nobody can enrol with a key whose one copy is gone.
Report without_secret(const Observed& o, Report r) {
  r.ready = false;
  r.ready_reason = Reason::kProgressing;
  r.message =
      "Secret " + o.resource.spec.secret_name + " is gone, and with it " + named(o.resource.status);
  r.progress = Progress::kReconciling;
  r.key_valid = false;
  r.key_reason = Reason::kNoKey;
  r.key_message = r.message;
  return r;
}

}  // namespace

bool spent(const Observed& o, const cache::MarkedKey& key) {
  return o.resource.spec.settings.type == kube::KeyType::kOneOff && key.key.used_times > 0;
}

namespace {

Report judge_key(const Observed& o) {
  const kube::KeyStatus& s = o.resource.status;
  if (s.revision == 0) {
    if (!o.resource.spec.revoked) return no_key();
    Report r = done_its_work(Reason::kRevoked, "spec.revoked is true, so no key is issued");
    r.key_reason = Reason::kNoKey;
    return r;
  }
  const cache::MarkedKey* key = active_key(o);
  if (key != nullptr) return judge_state(o, *key);
  if (!o.account.snapshot || !key_is_missing(o)) {
    Report r = remembered(o);
    if (r.ready && r.ready_reason == Reason::kIssued && o.resource.spec.revoked) {
      r.ready = false;
      r.ready_reason = Reason::kProgressing;
      r.message = named(s) + " is being revoked, as spec.revoked asks";
      r.progress = Progress::kReconciling;
    }
    // A list without it makes nothing Ready that was not; nor, alone, anything that is not so.
    if (r.ready && !told_ready(o) && !o.resource.spec.revoked) {
      r.ready = false;
      r.ready_reason = Reason::kProgressing;
      r.message = named(s) + " is not in NetBird's list, which is asked again";
      r.progress = Progress::kReconciling;
    }
    return r;
  }
  if (o.resource.spec.revoked) {
    return done_its_work(Reason::kRevoked, named(s) + " no longer exists at NetBird");
  }
  return unusable(Reason::kDeletedExternally,
                  named(s) + " no longer exists at NetBird; a new key is issued");
}

}  // namespace

Report judge(const Observed& o) {
  Report r = judge_key(o);
  const bool gone = o.secret.state == SecretState::kAbsent;
  return gone && r.key_valid ? without_secret(o, std::move(r)) : r;
}

bool key_usable(const Observed& o) {
  const Report r = judge(o);
  const bool secret_right = o.secret.state == SecretState::kOurs && o.secret.meta != nullptr &&
                            o.secret.meta->revision == o.resource.status.revision &&
                            o.secret.content != ContentState::kKeyAltered;
  return r.key_valid && secret_right;
}

namespace {

// What passes by itself makes nothing that is Ready not so; but neither Ready what was not: what
// held it up may still be there.
Report held(const Observed& o, Reason reason, std::string message, Progress progress, bool passes) {
  Report r = judge(o);
  if (passes && r.ready && told_ready(o) && !o.account.stale) {
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

}  // namespace

Report held_up(const Observed& o, Reason reason, std::string message, Progress progress) {
  return held(o, reason, std::move(message), progress, progress == Progress::kReconciling);
}

bool worth_telling(const Trouble& trouble) {
  constexpr int kTries = 3;
  if (trouble.error.message.empty()) return false;  // it works, and somebody undoes it
  const Outcome outcome = outcome_of(trouble.error, trouble.what->server);
  const bool refused = outcome == Outcome::kRefusedForGood || outcome == Outcome::kRefusedForNow;
  return refused || trouble.backoff.failures >= kTries;
}

Report held_up_by(const Observed& o, const Trouble& trouble) {
  constexpr int kTries = 5;
  const Words words = words_for(o, trouble);
  const Outcome outcome = outcome_of(trouble.error, trouble.what->server);
  const bool refused = outcome == Outcome::kRefusedForGood || outcome == Outcome::kRefusedForNow;
  // Without an answer again and again an edit that is not carried out must not look as if it were.
  const bool edited = o.resource.status.observed_generation != o.resource.meta.generation;
  const bool stalled = refused || words.loud || (edited && trouble.backoff.failures >= kTries);
  return held_up(o, words.reason, words.message,
                 stalled ? Progress::kStalled : Progress::kReconciling);
}

Report held_up_by_account(const Observed& o) {
  if (account_answers(o) && !o.account.right_missing.empty()) {
    // Only a person gives a right.
    return held(o, Reason::kAccountNotReady, o.account.right_missing, Progress::kStalled, false);
  }
  const std::string& problem = o.account.problem;
  switch (o.account.state) {
    case AccountState::kRefused: {
      // NetBird refuses tokens while its database is down, too: a key that works stays Ready for a
      // while. An edit that cannot be carried out is told at once.
      const bool edited = o.resource.status.observed_generation != o.resource.meta.generation;
      return held(o, Reason::kAccountNotReady, problem, Progress::kStalled, !edited);
    }
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
  // Calls go one by one, and this one stands in line.
  if (o.account.state == AccountState::kRateLimited) return held_up_by_account(o);
  r.ready = false;
  r.ready_reason = Reason::kProgressing;
  r.message = "issuing a key: " + in_words(reason);
  r.progress = Progress::kReconciling;
  return r;
}

}  // namespace nbkeys::engine
