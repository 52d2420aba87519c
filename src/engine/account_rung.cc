#include "base/mutation.h"
#include "engine/judge.h"
#include "engine/rungs.h"

namespace nbkeys::engine {
namespace {

using status::Progress;
using status::Reason;

bool accepted(const Observed& o) {
  return o.account.id && o.resource.accept_account == *o.account.id;
}

status::Report changed(const Observed& o) {
  const std::string& before = o.resource.status.account.id;
  return held_up(o, Reason::kAccountChanged,
                 "the key lives in the NetBird account " + before +
                     ", and the token belongs to the account " + *o.account.id +
                     "; give the operator a token of that account, or, if the change is meant, set "
                     "the annotation keys.netbird.io/accept-account to \"" +
                     *o.account.id +
                     "\": a new key is issued there, and the old one stays where it is",
                 Progress::kStalled);
}

// The keys of the account before are no longer ours to end.
Decision move_over(const Observed& o) {
  const kube::KeyStatus& s = o.resource.status;
  kube::KeyStatus next;
  next.observed_generation = s.observed_generation;
  next.conditions = s.conditions;
  next.last_revision = s.last_revision;
  next.last_handled_rotate = s.last_handled_rotate;
  next.repairs = s.repairs;
  next.account = {o.account.name, *o.account.id};
  // What was said of the key before holds no longer.
  kube::SetupKey after = o.resource;
  after.status = next;
  const Observed then = seen_as(o, after);
  Decision out =
      write_status(o, std::move(next), issuing(then, reason_name(IssueReason::kFirstIssue)));
  const std::string left =
      s.revision != 0 ? "key " + s.key_id + " (revision " + std::to_string(s.revision) + ")"
                      : "what an issue that did not finish has made";
  out.event = kube::Event{true, "KeyLeftAlive",
                          left + " stays in the NetBird account " + s.account.id +
                              ", where nobody ends it before it expires; a new key is issued in "
                              "the account " +
                              *o.account.id};
  return out;
}

}  // namespace

bool another_account(const Observed& o) {
  const std::string& id = o.resource.status.account.id;
  if (id.empty() || MUTATION(accounts_not_compared)) return false;
  // Where it cannot be asked, nothing is done that could be wrong.
  return !o.account.id || *o.account.id != id;
}

std::optional<Decision> settle_account(const Observed& o) {
  if (!another_account(o)) return std::nullopt;
  if (o.account.id) return accepted(o) ? move_over(o) : settle(o, changed(o));
  if (!o.account.id_asked) return act(o, Rest{});
  return settle(o, held_up(o, Reason::kAccountNotReady,
                           "NetBird does not say to which account the token belongs, and the key "
                           "lives in the account " +
                               o.resource.status.account.id +
                               "; see whether the token's user may read /api/accounts",
                           Progress::kReconciling));
}

}  // namespace nbkeys::engine
