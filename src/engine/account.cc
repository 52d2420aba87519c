#include "engine/account.h"

#include <algorithm>

#include "netbird/requests.h"

namespace nbkeys::engine {
namespace {

constexpr base::Duration kPauseMin{1'000}, kPauseMax{60'000};
constexpr base::Duration kGroupsRetryMin{5'000};
constexpr int kStaleResyncs = 3;

AccountState state_after(base::ErrorCode code) {
  switch (code) {
    case base::ErrorCode::kUnauthorized:
    case base::ErrorCode::kForbidden:
    case base::ErrorCode::kNotFound:
    case base::ErrorCode::kInvalidInput: return AccountState::kRefused;
    case base::ErrorCode::kRateLimited: return AccountState::kRateLimited;
    default: return AccountState::kFailing;
  }
}

// Words for a person; without numbers that change, because they end up in conditions.
std::string problem_text(const base::Error& error) {
  switch (error.code) {
    case base::ErrorCode::kUnauthorized:
      return "NetBird refuses the token (" + error.message +
             "); put a valid one into the token file, which is read again at once";
    case base::ErrorCode::kForbidden:
      return "NetBird's token lacks the right to manage setup keys (" + error.message +
             "); its user needs the role admin";
    case base::ErrorCode::kNotFound:
      // So NetBird 0.77 answers a token that was deleted.
      return "NetBird does not know the token, or the address is not that of its API (" +
             error.message + "); check the token file and --netbird-url";
    case base::ErrorCode::kRateLimited:
      return "NetBird limits our requests; it goes on by itself, and with a lower "
             "--netbird-requests-per-minute this does not happen";
    case base::ErrorCode::kServerError:
    case base::ErrorCode::kUnreachable:
    case base::ErrorCode::kUnknown:
      return error.message + "; it is asked again by itself, see whether NetBird is up";
    default: return base::to_text(error);
  }
}

}  // namespace

Account::Account(const AccountOptions& options, base::Duration resync, std::uint64_t seed)
    : options_(options),
      resync_(resync),
      random_(seed),
      budget_(options.requests_per_minute, options.burst) {}

void Account::begin_term(base::Instant now) {
  inventory_.clear();
  groups_.clear();
  state_ = AccountState::kUnknown;
  failures_ = 0;
  pause_until_.reset();
  term_began_ = now;
  user_wanted_ = true;
  told_stale_ = false;
  list_at_ = now;
  groups_at_.reset();
  list_id_ = groups_id_ = user_id_ = 0;
}

void Account::want_list(base::Instant now) {
  if (list_id_ == 0 && (!list_at_ || *list_at_ > now)) list_at_ = now;
  // A list under way began too early for whoever asks now; their own turn after it will tell.
}

void Account::want_groups(base::Instant now) {
  if (groups_id_ != 0) return;
  const base::Instant at = groups_.began() ? std::max(now, *groups_.began() + groups_retry_) : now;
  if (!groups_at_ || *groups_at_ > at) groups_at_ = at;
}

Account::News Account::tick(base::Now now, io::Outbox& out) {
  News news = News::kNone;
  if (facts(now.mono).stale != told_stale_) {
    told_stale_ = !told_stale_;
    news = News::kReconsiderAll;
  }
  if (paused(now.mono)) return news;
  if (user_wanted_ && user_id_ == 0) {
    user_wanted_ = false;
    user_id_ = out.send(netbird::get_current_user());
  }
  if (list_at_ && *list_at_ <= now.mono && list_id_ == 0) {
    if (!budget_.take(now.mono)) {
      list_at_ = budget_.next_at(now.mono);
    } else {
      list_at_.reset();
      list_began_ = {now.mono, now.wall};
      list_id_ = out.send(netbird::list_keys());
      if (group_names_in_use_ && groups_.began()) groups_at_ = now.mono;
      group_names_in_use_ = false;
    }
  }
  if (groups_at_ && *groups_at_ <= now.mono && groups_id_ == 0) {
    if (!budget_.take(now.mono)) {
      groups_at_ = budget_.next_at(now.mono);
    } else {
      groups_at_.reset();
      groups_began_ = now.mono;
      groups_id_ = out.send(netbird::list_groups());
    }
  }
  return news;
}

bool Account::handle(io::HttpDone& done, base::Now now, io::Outbox& out, News& news) {
  if (done.id == list_id_ && list_id_ != 0) {
    list_id_ = 0;
    news = list_answered(std::move(done.outcome), now, out);
  } else if (done.id == groups_id_ && groups_id_ != 0) {
    groups_id_ = 0;
    news = groups_answered(std::move(done.outcome), now, out);
  } else if (done.id == user_id_ && user_id_ != 0) {
    user_id_ = 0;
    user_answered(std::move(done.outcome), out);
  } else {
    return false;
  }
  return true;
}

Account::News Account::list_answered(io::HttpOutcome outcome, base::Now now, io::Outbox& out) {
  auto response = netbird::accept_response(std::move(outcome), "list setup keys");
  if (!response) return call_failed(response.error(), now.mono, out);
  auto keys = netbird::parse_key_list(response->body.reveal());
  if (!keys) return call_failed(keys.error(), now.mono, out);
  inventory_.replace(std::move(*keys), list_began_);
  if (!list_at_) list_at_ = list_began_.mono + random_.jitter(resync_, 10);
  if (state_ != AccountState::kReady) {
    out.note(io::Severity::kInfo, "account_ready", "NetBird answers",
             {{"account", options_.name}, {"keys", std::to_string(inventory_.total())}});
  }
  call_succeeded(now.mono);
  return News::kReconsiderAll;
}

Account::News Account::groups_answered(io::HttpOutcome outcome, base::Now now, io::Outbox& out) {
  auto response = netbird::accept_response(std::move(outcome), "list groups");
  if (!response) {
    groups_at_ = now.mono + kPauseMin;
    return call_failed(response.error(), now.mono, out);
  }
  const auto groups = netbird::parse_group_list(response->body.reveal());
  if (!groups) {
    groups_at_ = now.mono + kPauseMin;
    return call_failed(groups.error(), now.mono, out);
  }
  groups_.replace(*groups, groups_began_);
  // Whoever misses a group asks again: soon at first, then as seldom as a resync.
  groups_retry_ =
      std::clamp(groups_retry_ * 2, kGroupsRetryMin, std::max(kGroupsRetryMin, resync_));
  return News::kReconsiderAll;
}

void Account::user_answered(io::HttpOutcome outcome, io::Outbox& out) {
  auto response = netbird::accept_response(std::move(outcome), "read current user");
  // What is wrong with the token shows in the list as well, and is told there.
  if (!response) return;
  const auto user = netbird::parse_current_user(response->body.reveal());
  if (!user) return;
  const bool may_manage = user->role == "admin" || user->role == "owner" || user->role.empty();
  out.note(may_manage ? io::Severity::kInfo : io::Severity::kWarn, "account_user",
           may_manage ? "the token's user may manage setup keys"
                      : "the token's user may lack the right to manage setup keys",
           {{"account", options_.name}, {"role", user->role}});
}

Account::News Account::call_succeeded(base::Instant now) {
  // An answer to a call from before the pause does not end it; the list does, when the pause is
  // over.
  if (paused(now)) return News::kNone;
  failures_ = 0;
  pause_until_.reset();
  problem_.clear();
  const bool was_ready = state_ == AccountState::kReady;
  state_ = AccountState::kReady;
  return was_ready ? News::kNone : News::kReconsiderAll;
}

Account::News Account::call_failed(const base::Error& error, base::Instant now, io::Outbox& out) {
  // Failures of calls that were under way together count once: the pause is already on.
  if (!paused(now)) {
    const int shift = std::min(failures_++, 6);
    base::Duration wait = random_.jitter(std::min(kPauseMax, kPauseMin * (1 << shift)), 25);
    if (error.retry_after) wait = std::max(wait, std::min(*error.retry_after, kPauseMax * 10));
    pause_until_ = now + wait;
    list_at_ = pause_until_;  // the list finds out whether it works again
  }
  const AccountState state = state_after(error.code);
  std::string problem = problem_text(error);
  const bool changed = state != state_ || problem != problem_;
  if (changed) {
    out.note(io::Severity::kWarn, "account_not_ready", problem, {{"account", options_.name}});
  }
  state_ = state;
  problem_ = std::move(problem);
  return changed ? News::kReconsiderAll : News::kNone;
}

void Account::token_changed(base::Instant now) {
  failures_ = 0;
  pause_until_.reset();
  list_at_ = now;
  user_wanted_ = true;
}

AccountFacts Account::facts(base::Instant now) const {
  AccountFacts out;
  out.state = state_;
  out.problem = problem_;
  out.snapshot = inventory_.snapshot();
  const base::Instant since = out.snapshot ? out.snapshot->mono : term_began_;
  out.stale = now - since > resync_ * kStaleResyncs;
  return out;
}

GroupFacts Account::resolve(const std::vector<kube::GroupRef>& wanted) const {
  GroupFacts out;
  for (const kube::GroupRef& ref : wanted) {
    if (!ref.id.empty()) {
      out.ids.push_back(ref.id);
      continue;
    }
    const std::vector<std::string>* found = groups_.ids_of(ref.name);
    if (found != nullptr && found->size() == 1) {
      out.ids.push_back(found->front());
      continue;
    }
    out.name = ref.name;
    out.state = found == nullptr ? GroupFacts::State::kNotLoaded
                : found->empty() ? GroupFacts::State::kMissing
                                 : GroupFacts::State::kAmbiguous;
    return out;
  }
  std::sort(out.ids.begin(), out.ids.end());
  out.ids.erase(std::unique(out.ids.begin(), out.ids.end()), out.ids.end());
  return out;
}

std::optional<base::Instant> Account::wake_at() const {
  std::optional<base::Instant> at;
  const auto consider = [&at, this](std::optional<base::Instant> when) {
    if (!when) return;
    const base::Instant due = pause_until_ ? std::max(*when, *pause_until_) : *when;
    if (!at || due < *at) at = due;
  };
  if (list_id_ == 0) consider(list_at_);
  if (groups_id_ == 0) consider(groups_at_);
  if (!told_stale_) {
    const base::Instant since = inventory_.snapshot() ? inventory_.snapshot()->mono : term_began_;
    const base::Instant stale_at = since + resync_ * kStaleResyncs + base::Duration{1};
    if (!at || stale_at < *at) at = stale_at;
  }
  return at;
}

}  // namespace nbkeys::engine
