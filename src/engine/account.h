#pragma once
// One NetBird account: its lists, its budget, and the pause that all its resources share after a
// failure. The list of keys is also what finds out that a failing account works again.

#include <optional>
#include <string>

#include "base/random.h"
#include "base/result.h"
#include "cache/inventory.h"
#include "engine/observed.h"
#include "engine/options.h"
#include "io/input.h"
#include "io/outbox.h"
#include "netbird/budget.h"

namespace nbkeys::engine {

class Account {
 public:
  Account(const AccountOptions& options, base::Duration resync, std::uint64_t seed);

  // What the account's news mean for the SetupKeys.
  enum class News { kNone, kReconsiderAll };

  // A new term of leadership: everything known may be old.
  void begin_term(base::Instant now);
  News tick(base::Now now, io::Outbox& out);
  // False where the answer is not to a request of the account's own.
  bool handle(io::HttpDone& done, base::Now now, io::Outbox& out, News& news);

  // The outcome of a SetupKey's own call.
  News call_succeeded(base::Instant now);
  News call_failed(const base::Error& error, base::Instant now, io::Outbox& out);
  void token_changed(base::Instant now);

  void want_list(base::Instant now);
  void want_groups(base::Instant now);
  void note_group_names_in_use() { group_names_in_use_ = true; }

  AccountFacts facts(base::Instant now) const;
  GroupFacts resolve(const std::vector<kube::GroupRef>& wanted) const;
  cache::Inventory& inventory() { return inventory_; }
  const cache::Inventory& inventory() const { return inventory_; }
  netbird::Budget& budget() { return budget_; }
  std::optional<base::Instant> wake_at() const;
  bool busy() const { return list_id_ != 0 || groups_id_ != 0 || user_id_ != 0; }
  bool ready() const { return state_ == AccountState::kReady; }
  // For metrics: what is left of the pause after a failure, and the age of what is known.
  base::Duration paused_for(base::Instant now) const {
    return paused(now) ? *pause_until_ - now : base::Duration{0};
  }
  base::Duration snapshot_age(base::Instant now) const {
    return now - (inventory_.snapshot() ? inventory_.snapshot()->mono : term_began_);
  }

 private:
  bool paused(base::Instant now) const { return pause_until_ && now < *pause_until_; }
  News list_answered(io::HttpOutcome outcome, base::Now now, io::Outbox& out);
  News groups_answered(io::HttpOutcome outcome, base::Now now, io::Outbox& out);
  void user_answered(io::HttpOutcome outcome, io::Outbox& out);

  AccountOptions options_;
  base::Duration resync_;
  base::Random random_;
  netbird::Budget budget_;
  cache::Inventory inventory_;
  cache::Groups groups_;
  AccountState state_ = AccountState::kUnknown;
  std::string problem_;
  int failures_ = 0;
  std::optional<base::Instant> pause_until_;

  base::Instant term_began_;
  bool user_wanted_ = true;
  std::optional<base::Instant> list_at_, groups_at_;
  bool group_names_in_use_ = false;
  base::Duration groups_retry_{0};
  io::RequestId list_id_ = 0, groups_id_ = 0, user_id_ = 0;
  cache::SnapshotTime list_began_;
  base::Instant groups_began_;
  bool told_stale_ = false;
};

}  // namespace nbkeys::engine
