#pragma once
// One NetBird account: its lists, its health, and the gate through which all its calls go. What a
// single SetupKey's call is refused is that SetupKey's trouble; the account's are a refused token,
// too many calls, a server that cannot be reached, a list that fails, and a missing right to write.

#include <optional>
#include <string>
#include <tuple>

#include "base/backoff.h"
#include "base/random.h"
#include "base/result.h"
#include "cache/inventory.h"
#include "engine/access.h"
#include "engine/account_words.h"
#include "engine/gate.h"
#include "engine/observed.h"
#include "engine/options.h"
#include "engine/repairs.h"
#include "io/input.h"
#include "io/outbox.h"

namespace nbkeys::engine {

class Account {
 public:
  Account(const AccountOptions& options, base::Duration resync, std::size_t window,
          std::uint64_t seed);

  // What the account's news mean for the SetupKeys.
  enum class News { kNone, kReconsiderAll };

  // A new term of leadership: everything known may be old.
  void begin_term(base::Instant now);
  News tick(base::Now now, io::Outbox& out);
  // False where the answer is not to a request of the account's own.
  bool handle(io::HttpDone& done, base::Now now, io::Outbox& out, News& news);

  // The outcome of a SetupKey's own call that was sent at `sent`.
  News call_succeeded(base::Instant now);
  News call_failed(const base::Error& error, base::Instant sent, base::Instant now, io::Outbox& out,
                   io::Method refused = io::Method::kGet);
  // A list was answered as it should be: the account works, unless a pause has begun since.
  void list_works(base::Instant now);
  void token_changed(base::Instant now);

  void want_list(base::Instant now, Priority priority = Priority::kList);
  // `at_once`: whatever the list was answered before, though seldom.
  void want_groups(base::Instant now, bool at_once = false);
  void note_group_names_in_use() { group_names_in_use_ = true; }

  AccountFacts facts(base::Instant now) const;
  GroupFacts resolve(const std::vector<kube::GroupRef>& wanted) const;
  cache::Inventory& inventory() { return inventory_; }
  const cache::Inventory& inventory() const { return inventory_; }
  Gate& gate() { return gate_; }
  const Gate& gate() const { return gate_; }
  Access& access() { return access_; }
  Repairs& repairs() { return repairs_; }
  const Repairs& repairs() const { return repairs_; }
  std::optional<base::Instant> wake_at(base::Instant now);
  bool ready() const { return facts({}).state == AccountState::kReady && !access_.refused(); }
  const std::string& name() const { return options_.name; }
  // NetBird's clock less ours, as far as it matters.
  base::Duration clock_offset() const { return clock_offset_; }
  // For metrics: what is left of the pause after a failure, and the age of what is known.
  base::Duration paused_for(base::Instant now) const {
    return gate_.paused(now) ? *backoff_.until - now : base::Duration{0};
  }
  base::Duration snapshot_age(base::Instant now) const {
    return now - (inventory_.snapshot() ? inventory_.snapshot()->mono : nothing_known_since_);
  }

 private:
  void forget_token(base::Instant now);
  bool send(OwnCall& call, Priority priority, bool overdue, io::HttpRequest request, base::Now now,
            io::Outbox& out);
  News list_answered(io::HttpOutcome outcome, base::Now now, io::Outbox& out);
  News groups_answered(io::HttpOutcome outcome, base::Now now);
  News identity_answered(io::HttpOutcome outcome, base::Now now, io::Outbox& out);
  News right_answered(io::HttpOutcome outcome, base::Now now, io::Outbox& out);
  News user_answered(io::HttpOutcome outcome, base::Now now, io::Outbox& out);
  void tell_right(io::Outbox& out);
  void set_clock(const io::HttpResponse& response, base::WallTime now);
  void pause(const base::Error& error, base::Instant sent, base::Instant now);
  TokenPast token_past(const base::Error& error, base::Instant now);
  News set_state(AccountState state, const base::Error& error, base::Instant now, io::Outbox& out);
  Priority list_priority() const;
  bool list_overdue(base::Instant now) const;

  AccountOptions options_;
  base::Duration resync_;
  base::Random random_;
  Gate gate_;
  cache::Inventory inventory_;
  cache::Groups groups_;
  Repairs repairs_;
  AccountState state_ = AccountState::kUnknown;
  std::string problem_;  // in words, of the last time that it was not ready
  using ProblemKind = std::tuple<base::ErrorCode, int, bool, TokenPast>;
  std::optional<ProblemKind> problem_kind_;
  bool token_worked_ = false;
  std::optional<base::Instant> refused_since_;  // with 401, in a row
  base::Backoff backoff_;

  OwnCall list_, groups_call_, identity_call_;
  cache::SnapshotTime list_began_;
  std::optional<Priority> list_wanted_;
  base::Backoff lists_wanted_;  // so that lists asked for again and again become rare
  bool group_names_in_use_ = false;
  base::Backoff groups_backoff_, groups_refresh_;
  std::optional<base::Instant> hurried_at_;
  std::string groups_problem_;
  std::optional<std::string> id_;
  bool id_asked_ = false;
  base::Backoff id_backoff_;
  std::optional<base::Instant> limited_at_;
  Access access_;
  std::string right_told_;
  base::Duration clock_offset_{0};
  base::Instant nothing_known_since_;               // where no list has come yet
  std::optional<base::WallTime> term_began_there_;  // by NetBird's clock
  bool told_stale_ = false;
};

}  // namespace nbkeys::engine
