#pragma once
// The rungs of decide's ladder, one file each: issue, maintain, retire. Each gives a decision or
// nothing, which means: the next rung.

#include <optional>
#include <string>

#include "engine/action.h"
#include "engine/observed.h"
#include "engine/rotate.h"
#include "status/report.h"

namespace nbkeys::engine {

// decision.cc: how a decision is put together.
Decision act(const Observed& o, Action action, Priority priority = Priority::kOther);
// Nothing now; asks for a list of keys that begins now.
Decision wait_for_list(const Observed& o);
// Writes the report where it differs from what is stored; else rests.
Decision settle(const Observed& o, const status::Report& report);
Decision settle_until(const Observed& o, const status::Report& report, base::WallTime until);
// A status write that carries `next` with the report in it.
Decision write_status(const Observed& o, kube::KeyStatus next, const status::Report& report);
kube::KeyStatus with_key_facts(const Observed& o, kube::KeyStatus next);
base::Instant to_mono(const Observed& o, base::WallTime at);

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

// retire.cc
std::optional<Decision> retire_previous(const Observed& o);
std::optional<Decision> remove_stray(const Observed& o);
std::optional<Decision> revoke_by_spec(const Observed& o);
Decision decide_deletion(const Observed& o);

}  // namespace nbkeys::engine
