// Whose is a key: a copy of the cluster, or a state that was put back, has the same marks. What is
// not known to be ours is told and left alone; a person decides.

#include <algorithm>

#include "engine/rungs.h"
#include "kube/ticket.h"
#include "netbird/setup_key.h"
#include "status/conditions.h"

namespace nbkeys::engine {
namespace {

using status::Reason;

// A key that was made so long after our term began was made by somebody who is at work beside us:
// longer than a lease, the age of a claim and the time of its POST together.
constexpr base::Duration kSettled{120'000};
constexpr std::size_t kNamed = 5;
// So often within a while is no state that was put back, but somebody who does it.
constexpr int kFight = 2;

std::vector<std::string> unknown_keys(const Observed& o) {
  const auto& left = o.resource.leave_keys;
  std::vector<std::string> out;
  for (const cache::MarkedKey& key : o.keys) {
    if (role_of(o, key) != cache::KeyRole::kUnknownOrigin || !can_enrol(key)) continue;
    if (std::find(left.begin(), left.end(), key.key.id) == left.end()) out.push_back(key.key.id);
  }
  std::sort(out.begin(), out.end());
  return out;
}

bool made_beside_us(const Observed& o, const std::string& id) {
  const auto made = netbird::made_at(id);
  return made && o.account.term_began && *made > *o.account.term_began + kSettled;
}

std::string listed(const std::vector<std::string>& ids) {
  std::string out;
  for (std::size_t i = 0; i < std::min(ids.size(), kNamed); ++i) {
    out += (i == 0 ? "" : ", ") + ids[i];
  }
  if (ids.size() > kNamed) out += " and " + std::to_string(ids.size() - kNamed) + " more";
  return out;
}

std::string in_words(Reason reason, const std::vector<std::string>& ids) {
  const std::string what =
      reason == Reason::kSecondInstallation
          ? "a second installation, such as a copy of this cluster, is at work on this SetupKey at "
            "the same NetBird account, and made what this one did not: key "
          : "NetBird has what this installation did not make, as far as its status can tell; a "
            "copy "
            "of this cluster did, or this one before its state was put back: key ";
  return what + listed(ids) +
         "; they are left alone. Give a copy another identity; name keys to be ended in the "
         "annotation keys.netbird.io/end-keys, and those to be left in keys.netbird.io/leave-keys";
}

kube::Event taken_away(const Observed& o) {
  return kube::Event{
      true, "StatusDrift",
      "somebody lowers status.lastRevision again and again, by which the operator knows its "
      "keys; it is put back ever more rarely. 'kubectl get setupkey " +
          o.resource.meta.ref.name +
          " --show-managed-fields -o yaml' tells who writes the status; take the right to do "
          "so from them"};
}

}  // namespace

std::optional<Decision> tell_of_unknown_keys(const Observed& o) {
  if (!account_answers(o) || another_account(o)) return std::nullopt;
  const std::vector<std::string> ids = unknown_keys(o);
  const kube::Condition* told = condition_of(o.resource.status, status::kUnknownKeys);
  if (ids.empty() && told == nullptr) return std::nullopt;
  kube::KeyStatus next = o.resource.status;
  if (ids.empty()) {
    status::clear_unknown_keys(next);
    return note_status(std::move(next));
  }
  // An alarm stays one until a person has decided about the keys.
  const std::string_view second = status::reason_name(Reason::kSecondInstallation);
  const bool alarmed = told != nullptr && told->reason == second;
  const bool beside =
      std::any_of(ids.begin(), ids.end(), [&o](const auto& id) { return made_beside_us(o, id); });
  const Reason reason = alarmed || beside ? Reason::kSecondInstallation : Reason::kUnknownOrigin;
  const std::string message = in_words(reason, ids);
  const bool same_reason = told != nullptr && told->reason == status::reason_name(reason);
  if (same_reason && told->message == message) return std::nullopt;
  status::tell_unknown_keys(reason, message, o.now.wall, next);
  Decision out = note_status(std::move(next));
  if (same_reason) return out;
  out.event = reason == Reason::kSecondInstallation
                  ? kube::Event{true, "SecondInstallation", message}
                  : kube::Event{true, "UnknownOrigin", message};
  return out;
}

std::optional<Decision> put_tickets_back(const Observed& o) {
  const kube::KeyStatus& s = o.resource.status;
  if (s.last_revision >= o.flight.last_revision) return std::nullopt;
  kube::KeyStatus next = s;
  next.last_without_ticket = kube::last_without_ticket(s);
  for (const kube::Ticket& ticket : o.flight.tickets) {
    kube::enter_ticket(next, ticket, [](kube::TicketWord) { return false; });
  }
  next.last_revision = o.flight.last_revision;
  Decision out = act(o, RestoreStatus{std::move(next), ""}, Priority::kEnding);
  const Trouble* before = o.flight.troubles.with(out.action);
  const bool works = before != nullptr && before->error.message.empty();
  if (works && before->backoff.failures >= kFight) out.event = taken_away(o);
  return out;
}

void draw_ticket(Claim& claim, const Observed& o, kube::TicketWord word) {
  kube::KeyStatus& next = claim.next;
  if (!next.claim || !next.claim->ticket.empty()) return;
  next.claim->ticket = word;
  next.last_without_ticket = kube::last_without_ticket(o.resource.status);
  const auto at_netbird = [&o](kube::TicketWord ticket) {
    return std::any_of(o.keys.begin(), o.keys.end(),
                       [ticket](const cache::MarkedKey& key) { return key.ticket == ticket; });
  };
  kube::enter_ticket(next, {claim.revision, word}, at_netbird);
}

}  // namespace nbkeys::engine
