#include <algorithm>

#include "base/backoff.h"
#include "base/mutation.h"
#include "engine/judge.h"
#include "engine/repair_rung.h"
#include "engine/rungs.h"
#include "kube/ticket.h"
#include "status/conditions.h"

namespace nbkeys::engine {
namespace {

using status::Progress;
using status::Reason;

constexpr base::Duration kSecretTerminating{2'000};
// A claim is used at once or not at all: whoever deletes the resource counts from its time to the
// last moment at which its POST may have an effect. With the POST's own timeout this stays below
// Options::request_timeout.
constexpr base::Duration kClaimFresh{10'000};
// A Secret or a key may be newer than status, but not by this many keys: then somebody made it up.
constexpr std::uint32_t kRevisionsAhead = 1'000;

Priority issue_priority(const Observed& o, const std::string& reason) {
  if (o.resource.status.revision == 0) return Priority::kFirstIssue;
  if (is_repair(reason)) return Priority::kRepair;
  return is_asked_for(reason) ? Priority::kAskedRotation : Priority::kPlannedRotation;
}

bool edited(const Observed& o) {
  return o.resource.status.observed_generation != o.resource.meta.generation;
}

// The last that was told of the present spec.
bool told(const Observed& o, std::string_view type, Reason reason) {
  const kube::Condition* c = condition_of(o.resource.status, type);
  return c != nullptr && c->reason == status::reason_name(reason) && !edited(o);
}

// A retry of what NetBird refused changes nothing for the user until it succeeds: no flapping
// between the two.
Decision claiming(const Observed& o, kube::KeyStatus next, std::uint32_t revision,
                  const std::string& reason) {
  const Trouble* create = o.flight.troubles.with(CreateKey{});
  const bool keep =
      told(o, "Stalled", Reason::kInvalidSpec) || (create != nullptr && worth_telling(*create));
  if (!keep) {
    status::apply_report(issuing(o, reason), o.resource.meta.generation, o.now.wall, next);
  }
  Claim claim;
  claim.revision = revision;
  claim.next = std::move(next);
  Action action = std::move(claim);
  if (MUTATION(post_before_claim)) action = CreateKey{revision, ""};
  return act(o, std::move(action), issue_priority(o, reason));
}

Decision claim(const Observed& o, std::string reason, std::string rotate, bool after_failure) {
  kube::KeyStatus next = o.resource.status;
  const std::uint32_t revision = highest_revision(o) + 1;
  next.claim = kube::Claim{revision, o.now.wall, reason, std::move(rotate), ""};
  next.last_revision = revision;
  // Somebody with a token of another account sees at once that a key may live in this one.
  if (o.account.id && next.account.id.empty()) next.account = {o.account.name, *o.account.id};
  if (MUTATION(rotate_handled_at_once)) next.last_handled_rotate = o.resource.rotate;
  if (after_failure) {
    ++next.failed_issuance_attempts;
    next.last_failure_time = o.now.wall;
  }
  if (is_repair(reason)) next.repairs = {repairs_so_far(o) + 1, o.now.wall};
  return claiming(o, std::move(next), revision, reason);
}

// The revision is ours and was never asked for: its claim is made young again, as whoever deletes
// the resource counts from its age.
Decision renew_claim(const Observed& o) {
  kube::KeyStatus next = o.resource.status;
  next.claim->since = o.now.wall;
  return claiming(o, std::move(next), next.claim->revision, o.resource.status.claim->reason);
}

Decision conflict(const Observed& o) {
  Decision out = settle(
      o, held_up(o, Reason::kSecretConflict,
                 "Secret " + o.resource.spec.secret_name +
                     " exists and does not belong to this SetupKey; delete or rename it, or set "
                     "another spec.secretName",
                 Progress::kStalled));
  out.wake_at = o.now.mono + kLookAgain + base::Duration{1};
  return out;
}

Decision suspended(const Observed& o) {
  return settle(
      o, held_up(o, Reason::kSuspended, "spec.suspend is true; set it to false to issue a key",
                 Progress::kStalled));
}

// The next attempt waits, and why the last one failed is told meanwhile.
Decision stand_by(const Observed& o, const std::string& reason, base::Instant due) {
  const Trouble* create = o.flight.troubles.with(CreateKey{});
  const bool told = create != nullptr && worth_telling(*create);
  Decision out = settle(o, told ? held_up_by(o, *create) : issuing(o, reason));
  wake_by(due, out);
  return out;
}

// A POST that failed has a back-off of its own.
base::Instant not_before(const Observed& o, base::Instant due) {
  return std::max(due, o.flight.troubles.hold(CreateKey{}, o.now.mono).value_or(due));
}

// What failed without this process knowing of it waits as long as what it saw fail.
base::BackoffBounds retries() { return traits_of(CreateKey{}).backoff; }

// Why a new attempt has to wait; nothing where it may start.
std::optional<Decision> wait_for_backoff(const Observed& o, IssueReason reason) {
  const kube::KeyStatus& s = o.resource.status;
  if (s.failed_issuance_attempts > 0 && s.last_failure_time && !edited(o)) {
    const base::Instant due =
        not_before(o, wait_over(o, *s.last_failure_time,
                                base::backoff_wait(s.failed_issuance_attempts, retries())));
    if (o.now.mono < due) return wait_until(due);
  }
  return wait_for_repair(o, reason_name(reason));
}

// Before a claim that replaces a burnt one, where the Secret is gone, and where writes of Secrets
// are refused, of this one or of others in the namespace, a dry run tells whether the next key
// would have a place. What was refused before a restart is in status alone.
bool trial_needed(const Observed& o, bool in_doubt) {
  if (o.flight.dry_run_passed) return false;
  return in_doubt || o.secret_writes_fail || told(o, "Ready", Reason::kApiError) ||
         o.flight.troubles.with(WriteSecret{}) != nullptr ||
         o.flight.troubles.with(TryWritingSecret{}) != nullptr;
}

bool was_absent(const Observed& o) {
  return o.flight.look && o.flight.look->found == SecretLook::Found::kAbsent;
}

// The Secret's place must be free or ours before NetBird is asked for a key.
std::optional<Decision> clear_the_place(const Observed& o, bool in_doubt) {
  const bool trial = trial_needed(o, in_doubt);
  switch (o.secret.state) {
    case SecretState::kUnknown:
      // A trial tells as well whether somebody has taken the place that was free.
      if (trial && was_absent(o)) break;
      return act(o, LookForSecret{});
    case SecretState::kForeign: return conflict(o);
    case SecretState::kAbsent: break;
    case SecretState::kOurs:
      if (o.secret.meta != nullptr && o.secret.meta->deleting) {
        return wait_until(o.now.mono + kSecretTerminating);
      }
      break;
  }
  if (trial) return act(o, TryWritingSecret{}, Priority::kRepair);
  return std::nullopt;
}

// status.previousKeys is bounded: the oldest retires early, before there is one more.
std::optional<Decision> make_room(const Observed& o) {
  const kube::KeyStatus& s = o.resource.status;
  const auto limit = static_cast<std::size_t>(std::max(1, o.resource.spec.revision_history_limit));
  if (s.revision == 0 || s.previous_keys.size() < limit) return std::nullopt;
  if (awaits_list(o)) return wait_for_list(Priority::kAskedRotation);
  const kube::PreviousKey& oldest = s.previous_keys.front();
  for (const cache::MarkedKey& key : o.keys) {
    if (key.key.id != oldest.key_id) continue;
    Decision out = act(o, DeleteKey{oldest.key_id, ""}, Priority::kAskedRotation);
    out.event =
        kube::Event{false, "Retired",
                    "key " + oldest.key_id + " (revision " + std::to_string(oldest.revision) +
                        ") is deleted at NetBird before its overlap is over, to make room "
                        "under spec.revisionHistoryLimit"};
    return out;
  }
  kube::KeyStatus next = s;
  next.previous_keys.erase(next.previous_keys.begin());
  return note_status(std::move(next));
}

Decision finish(const Observed& o) {
  const kube::KeyStatus& s = o.resource.status;
  const kube::SecretMeta& secret = *o.secret.meta;
  kube::KeyStatus next = s;
  if (s.revision != 0) {
    // Whatever a list says of it now, it keeps its overlap.
    if (!MUTATION(forget_previous)) {
      next.previous_keys.push_back(
          {s.key_id, s.revision, o.now.wall + o.resource.spec.rotation.overlap});
    }
    next.last_rotation_time = o.now.wall;
    next.last_rotation_reason = s.claim->reason;
  }
  next.revision = secret.revision;
  next.last_revision = std::max(next.last_revision, secret.revision);
  next.key_id = secret.key_id;
  next.key_digest = secret.digest;
  next.settings_digest = secret.settings;
  next.issued_at = secret.issued_at.value_or(s.claim->since);
  next.expires_at = secret.expires_at;
  next.used_times = 0;
  next.last_used.reset();
  next.state = "valid";
  next.key_prefix.clear();
  next.claim.reset();
  next.failed_issuance_attempts = 0;
  if (o.account.id) next.account = {o.account.name, *o.account.id};
  if (!s.claim->rotate.empty()) next.last_handled_rotate = s.claim->rotate;
  next.binding = {secret.ref.name, secret.uid, ""};

  // The report is about the key that is in use from now on, so it is made from the state after this
  // write.
  kube::SetupKey after = o.resource;
  after.status = next;
  Observed then = seen_as(o, after);
  next = with_key_facts(then, std::move(next));
  after.status = next;
  status::Report report = judge(then);
  // A key that this process did not see made is there if NetBird's list says so; until one does,
  // nobody knows.
  if (active_key(then) == nullptr) {
    report = status::Report{};
    report.message = report.key_message = "key " + next.key_id + " is in Secret " +
                                          o.resource.spec.secret_name +
                                          "; waiting for NetBird's list to confirm it";
  }
  report.observed = next.settings_digest == kube::settings_digest(o.resource.spec);
  Decision out = write_status(o, std::move(next), report);
  const bool first = s.revision == 0;
  out.event = kube::Event{false, first ? "Issued" : "Rotated",
                          report.message + (first ? "" : "; reason: " + s.claim->reason)};
  return out;
}

// What somebody did to the key in use, as an event; nothing where a new key is due for other
// reasons.
std::optional<kube::Event> loss_told(const Observed& o, IssueReason reason) {
  const std::string key = "key " + o.resource.status.key_id + " (revision " +
                          std::to_string(o.resource.status.revision) + ")";
  const std::string& secret = o.resource.spec.secret_name;
  switch (reason) {
    case IssueReason::kSecretMissing:
      return kube::Event{true, "SecretDataDrift",
                         "Secret " + secret + " with " + key +
                             " was deleted, so a new key is issued; if that was no intention, find "
                             "out who deletes it"};
    case IssueReason::kSecretAltered:
      return kube::Event{true, "SecretDataDrift",
                         "Secret " + secret + " no longer holds " + key +
                             ", so a new key is issued; 'kubectl get secret " + secret +
                             " --show-managed-fields -o yaml' tells who changed it"};
    case IssueReason::kKeyMissing:
      return kube::Event{true, "DeletedExternally",
                         key +
                             " was deleted at NetBird, so a new one is issued; to be rid of it for "
                             "good delete the SetupKey or set spec.revoked"};
    default: return std::nullopt;
  }
}

// Whoever may have to stand in line for long is told why.
std::optional<Decision> tell_of_the_line(const Observed& o, const std::string& reason) {
  if (o.account.state != AccountState::kRateLimited) return std::nullopt;
  // What the POST was answered the last time says more, and is told instead.
  const Trouble* create = o.flight.troubles.with(CreateKey{});
  if (create != nullptr && worth_telling(*create)) return std::nullopt;
  Decision told = settle(o, issuing(o, reason));
  if (std::holds_alternative<Rest>(told.action)) return std::nullopt;
  return told;
}

// REQUIRES: the Secret does not carry the claimed revision, as far as this process knows
Decision drop_claim(const Observed& o) {
  // A key that the Secret carries is finished first, and ended then: it is no stray.
  if (o.secret.state == SecretState::kUnknown) return act(o, LookForSecret{});
  kube::KeyStatus next = o.resource.status;
  next.claim.reset();
  next.last_failure_time = o.now.wall;  // its POST may still be under way: see decide_deletion
  return note_status(std::move(next));
}

Decision post(const Observed& o) {
  if (o.resource.spec.suspend) return suspended(o);
  if (auto wait = wait_for_account(o)) return std::move(*wait);
  if (auto wait = wait_for_groups(o)) return std::move(*wait);
  const kube::Claim& open = *o.resource.status.claim;
  // Nothing is prepared for a POST that has to wait.
  const base::Instant due = not_before(o, o.now.mono);
  if (o.now.mono < due) return stand_by(o, open.reason, due);
  if (auto wait = clear_the_place(o, false)) return std::move(*wait);
  const base::Duration age = o.now.wall - open.since;
  const bool fresh = age >= base::Duration{-1'000} && age <= kClaimFresh;
  if (auto told = tell_of_the_line(o, open.reason)) return std::move(*told);
  if (!fresh) {
    // Meanwhile the spec may have been put back, or what was missing.
    if (list_is_newer(o) && !issue_needed(o)) return drop_claim(o);
    return renew_claim(o);
  }
  return act(o, CreateKey{open.revision, "", open.ticket}, issue_priority(o, open.reason));
}

// The key of a burnt claim that is there, and not deleted by whoever lost its answer, tells of a
// process that ends each time it has made one: such keys must not pile up.
base::Duration burnt_wait(const Observed& o) {
  // An edit is tried at once.
  if (edited(o)) return {};
  base::BackoffBounds crashing = retries();
  crashing.max = base::Duration{900'000};
  const kube::KeyStatus& s = o.resource.status;
  const bool there = std::any_of(o.keys.begin(), o.keys.end(), [&o](const cache::MarkedKey& key) {
    return role_of(o, key) == cache::KeyRole::kIssuing;
  });
  return base::backoff_wait(s.failed_issuance_attempts, there ? crashing : retries());
}

// Why the next claim is made: what a person asks for meanwhile goes before what the burnt one was
// for.
std::pair<std::string, std::string> reason_and_rotate(const Observed& o) {
  const kube::Claim& burnt = *o.resource.status.claim;
  const auto need = issue_needed(o);
  if (!need || !is_asked_for(reason_name(*need))) return {burnt.reason, burnt.rotate};
  const bool rotates = o.resource.rotate != o.resource.status.last_handled_rotate;
  return {reason_name(*need), rotates ? o.resource.rotate : burnt.rotate};
}

// Whoever claimed this revision is gone, or does not know what became of its POST: claim the next
// one.
Decision replace_burnt_claim(const Observed& o) {
  const kube::KeyStatus& s = o.resource.status;
  if (o.resource.spec.suspend) return suspended(o);
  if (auto wait = wait_for_account(o)) return std::move(*wait);
  if (auto wait = wait_for_groups(o)) return std::move(*wait);
  if (MUTATION(strays_early) && s.revision == 0 && !o.keys.empty()) {
    return act(o, DeleteKey{o.keys.front().key.id, ""});
  }
  auto [reason, rotate] = reason_and_rotate(o);
  // Asked for anew, it is tried at once.
  if (rotate == s.claim->rotate) {
    const base::Instant due = not_before(o, wait_over(o, s.claim->since, burnt_wait(o)));
    if (o.now.mono < due) return stand_by(o, reason, due);
  }
  if (auto wait = wait_for_repair(o, reason)) return std::move(*wait);
  if (auto wait = clear_the_place(o, true)) return std::move(*wait);
  return claim(o, std::move(reason), std::move(rotate), true);
}

Decision place_held_key(const Observed& o) {
  if (o.secret.state == SecretState::kUnknown) return act(o, LookForSecret{});
  if (o.secret.state == SecretState::kForeign) return conflict(o);
  // Somebody went on to a later revision, so this claim is over, whatever our view of it says. The
  // next claim's precondition tells which of the two is stale.
  const bool overtaken = o.secret.state == SecretState::kOurs && o.secret.meta != nullptr &&
                         o.secret.meta->revision > o.flight.held->facts.revision &&
                         o.secret.meta->revision <= highest_revision(o);
  if (overtaken) return replace_burnt_claim(o);
  if (MUTATION(delete_before_secret) && active_key(o) != nullptr) {
    return act(o, DeleteKey{o.resource.status.key_id, ""});
  }
  return act(o, WriteSecret{});
}

// The owner revoked the resource meanwhile, or a person the key in use, which only the owner's word
// undoes.
bool no_longer_wanted(const Observed& o) {
  const kube::KeyStatus& s = o.resource.status;
  const cache::MarkedKey* key = active_key(o);
  const bool asked = is_asked_for(s.claim->reason);
  return o.resource.spec.revoked || (key != nullptr && key->key.revoked && !asked);
}

}  // namespace

std::uint32_t highest_revision(const Observed& o) {
  const kube::KeyStatus& s = o.resource.status;
  std::uint32_t highest = std::max({s.last_revision, s.revision, o.flight.last_revision});
  if (s.claim) highest = std::max(highest, s.claim->revision);
  for (const kube::PreviousKey& p : s.previous_keys) highest = std::max(highest, p.revision);
  const std::uint32_t bound = highest + kRevisionsAhead;
  const auto consider = [&highest, bound](std::uint32_t there) {
    if (there <= bound) highest = std::max(highest, there);
  };
  for (const cache::MarkedKey& key : o.keys) consider(key.revision);
  if (o.secret.state == SecretState::kOurs && o.secret.meta != nullptr) {
    consider(o.secret.meta->revision);
  }
  return highest;
}

std::optional<Decision> wait_for_account(const Observed& o) {
  // A claim records in whose account its key will live; NetBird need not say, but has been asked.
  if (!o.account.id_asked && !MUTATION(claim_before_account)) return act(o, Rest{});
  // A claim of a token that may not write would be burnt. What ends keys is tried all the same.
  const bool refused = !o.account.right_missing.empty();
  if (account_answers(o) && !refused) {
    if (o.account.right_asked) return std::nullopt;
    return act(o, Rest{});
  }
  const bool just_started = !refused && (o.account.state == AccountState::kReady ||
                                         o.account.state == AccountState::kUnknown);
  // Nothing has been heard yet, so there is nothing to say yet either.
  Decision out = just_started ? act(o, Rest{}) : settle(o, held_up_by_account(o));
  out.wants_list = Priority::kFirstIssue;
  return out;
}

std::optional<Decision> wait_for_groups(const Observed& o) {
  switch (o.groups.state) {
    case GroupFacts::State::kResolved: return std::nullopt;
    case GroupFacts::State::kNotLoaded: {
      Decision out =
          o.groups.problem.empty()
              ? act(o, Rest{})
              : settle(o, held_up(o, Reason::kApiError,
                                  "the list of NetBird's groups cannot be had: " + o.groups.problem,
                                  Progress::kReconciling));
      out.wants_groups = true;
      out.edited = edited(o);
      return out;
    }
    case GroupFacts::State::kMissing: {
      Decision out = settle(o, held_up(o, Reason::kGroupNotFound,
                                       "NetBird has no group named \"" + o.groups.name +
                                           "\"; create it or correct spec.autoGroups",
                                       Progress::kStalled));
      out.wants_groups = true;
      out.edited = edited(o);
      return out;
    }
    case GroupFacts::State::kAmbiguous:
      return settle(o, held_up(o, Reason::kInvalidSpec,
                               "NetBird has several groups named \"" + o.groups.name +
                                   "\"; name the group by its id in spec.autoGroups",
                               Progress::kStalled));
  }
  return std::nullopt;
}

Decision begin_issue(const Observed& o, IssueReason reason) {
  if (o.secret.state == SecretState::kForeign) return conflict(o);
  if (o.resource.spec.suspend) return suspended(o);
  if (auto wait = wait_for_account(o)) return std::move(*wait);
  if (auto wait = wait_for_groups(o)) return std::move(*wait);
  if (auto wait = wait_for_backoff(o, reason)) return std::move(*wait);
  const bool gone = reason == IssueReason::kSecretMissing;
  if (auto wait = clear_the_place(o, gone)) return std::move(*wait);
  if (auto room = make_room(o)) return std::move(*room);
  if (auto told = tell_of_the_line(o, reason_name(reason))) return std::move(*told);
  const bool asked = o.resource.rotate != o.resource.status.last_handled_rotate;
  Decision out = claim(o, reason_name(reason), asked ? o.resource.rotate : "", false);
  out.event = loss_told(o, reason);
  return out;
}

Decision continue_issue(const Observed& o) {
  const kube::KeyStatus& s = o.resource.status;
  const bool written = o.secret.state == SecretState::kOurs && o.secret.meta != nullptr &&
                       kube::carries_claim(*o.secret.meta, s) && !o.secret.meta->key_id.empty();
  if (written) return finish(o);
  if (holds_key(o.flight, s)) return place_held_key(o);
  if (no_longer_wanted(o)) return drop_claim(o);
  if (holds_claim(o.flight, s) || MUTATION(reuse_burnt_claim)) return post(o);
  return replace_burnt_claim(o);
}

}  // namespace nbkeys::engine
