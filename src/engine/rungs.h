#pragma once
// The rungs of decide's ladder, one file each. Each gives a decision or nothing, which means: the
// next rung.

#include <optional>
#include <string>

#include "engine/action.h"
#include "engine/observed.h"
#include "engine/rotate.h"
#include "status/report.h"

namespace nbkeys::engine {

// A Secret that is somebody else's is looked at again after so long.
inline constexpr base::Duration kLookAgain{30'000};

// decision.cc: how a decision is put together.
Decision act(const Observed& o, Action action, Priority priority = Priority::kRepair);
// Nothing now; asks for a list of keys that begins now, for something of this urgency.
Decision wait_for_list(Priority priority);
// Nothing before `at`.
Decision wait_until(base::Instant at);
// Writes the report where it differs from what is stored; else rests.
Decision settle(const Observed& o, const status::Report& report);
// A status write that carries `next` with the report in it.
Decision write_status(const Observed& o, kube::KeyStatus next, const status::Report& report);
// One that leaves the conditions as they are.
Decision note_status(kube::KeyStatus next, Priority priority = Priority::kRepair);
kube::KeyStatus with_key_facts(const Observed& o, kube::KeyStatus next);
base::Instant to_mono(const Observed& o, base::WallTime at);
// The sooner of two wake-ups joins `into`.
void wake_by(std::optional<base::Instant> at, Decision& into);

// The second of two lists was asked for long enough after `since` that the first was no accident of
// a list that is behind.
bool two_lists_since(const Observed& o, base::Instant since);

// endings.cc: what has to end on time, whatever else is wrong with the SetupKey.
struct Endings {
  std::optional<Decision> act;
  std::optional<status::Report> report;  // why one of them cannot be carried out now
  std::optional<base::Instant> wake_at;
  std::optional<Priority> wants_list;
};
Endings endings(const Observed& o);

// retire.cc
std::optional<Decision> retire_previous(const Observed& o);
std::optional<Decision> remove_lost(const Observed& o);
std::optional<Decision> remove_stray(const Observed& o);
std::optional<Decision> revoke_by_spec(const Observed& o);

// deletion.cc
Decision decide_deletion(const Observed& o);

// account_rung.cc: in whose account the keys live; only reads are right in another one.
std::optional<Decision> settle_account(const Observed& o);
bool another_account(const Observed& o);

// origin.cc: keys with our mark that are not known to be ours.
std::optional<Decision> tell_of_unknown_keys(const Observed& o);
// What this process remembers of a status that was put back goes first.
std::optional<Decision> put_tickets_back(const Observed& o);

// issue.cc
Decision begin_issue(const Observed& o, IssueReason reason);
Decision continue_issue(const Observed& o);
std::uint32_t highest_revision(const Observed& o);
// What has to be known or put right before any NetBird write; nothing where the way is free.
std::optional<Decision> wait_for_account(const Observed& o);
std::optional<Decision> wait_for_groups(const Observed& o);

// need.cc: why the key in use has to be replaced; nothing where it need not be.
std::optional<IssueReason> issue_needed(const Observed& o);

// maintain.cc: the key in use is the right one; keep everything around it right.
std::optional<Decision> maintain_secret(const Observed& o);
std::optional<Decision> maintain_groups(const Observed& o);
std::optional<Decision> adopt(const Observed& o);

}  // namespace nbkeys::engine
