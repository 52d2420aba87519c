#include "engine/account.h"

#include <algorithm>

#include "base/mutation.h"
#include "netbird/requests.h"

namespace nbkeys::engine {
namespace {

constexpr base::BackoffBounds kPause{base::Duration{1'000}, base::Duration{60'000}};
// What a server asks us to wait is believed up to here.
constexpr base::Duration kAskedMax{600'000};
constexpr base::BackoffBounds kLists{base::Duration{1'000}, base::Duration{60'000}};
constexpr base::Duration kListsQuiet{300'000};
constexpr base::BackoffBounds kGroups{base::Duration{5'000}, base::Duration{210'000}};
// An edit does not wait for a list that fails, but edits are no way to ask without end.
constexpr base::Duration kHurryAgain{60'000};
constexpr base::Duration kLimited{300'000};
// So long a refused token that has worked is not called wrong.
constexpr base::Duration kBelieved{300'000};
constexpr int kStaleResyncs = 3;
// Dates are whole seconds, cut off, and an answer takes its time.
constexpr base::Duration kClockTolerance{5'000};

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

}  // namespace

Account::Account(const AccountOptions& options, base::Duration resync, std::size_t window,
                 std::uint64_t seed)
    : options_(options),
      resync_(resync),
      random_(seed),
      gate_(netbird::Budget(options.requests_per_minute, options.burst), window) {}

void Account::begin_term(base::Instant now) {
  forget_token(now);
  inventory_.clear();
  gate_.clear();
  repairs_.clear();
  state_ = AccountState::kUnknown;
  problem_.clear();
  problem_kind_ = {};
  lists_wanted_ = {};
  groups_problem_.clear();
  list_wanted_.reset();
  limited_at_.reset();
  hurried_at_.reset();
  right_told_.clear();
  term_began_there_.reset();
  told_stale_ = false;
}

// What is known of keys and groups, or still on its way, may be of another account.
void Account::forget_token(base::Instant now) {
  refused_since_.reset();
  backoff_ = id_backoff_ = groups_backoff_ = groups_refresh_ = {};
  gate_.pause_until(std::nullopt);
  id_.reset();
  id_asked_ = false;
  groups_.clear();
  nothing_known_since_ = now;
  list_ = groups_call_ = identity_call_ = {};
  list_.at = identity_call_.at = now;
  access_.begin(now);
}

void Account::want_list(base::Instant now, Priority priority) {
  if (!list_wanted_ || priority < *list_wanted_) list_wanted_ = priority;
  if (list_.id != 0) return;  // it began too early; whoever asks now asks again after it
  const base::Instant at = std::max(now, lists_wanted_.until.value_or(now));
  if (!list_.at || *list_.at > at) list_.at = at;
}

void Account::want_groups(base::Instant now, bool at_once) {
  if (groups_call_.id != 0) return;
  base::Instant at = std::max(now, groups_refresh_.until.value_or(now));
  at = std::max(at, groups_backoff_.until.value_or(now));
  if (at > now && at_once && (!hurried_at_ || now - *hurried_at_ >= kHurryAgain)) {
    hurried_at_ = at = now;
  }
  if (!groups_call_.at || *groups_call_.at > at) groups_call_.at = at;
}

Priority Account::list_priority() const { return list_wanted_.value_or(Priority::kList); }

bool Account::list_overdue(base::Instant now) const { return snapshot_age(now) > resync_ * 2; }

bool Account::send(OwnCall& call, Priority priority, bool overdue, io::HttpRequest request,
                   base::Now now, io::Outbox& out) {
  if (!gate_.admit_own(priority, overdue, now.mono)) return false;
  call.at.reset();
  call.sent = now.mono;
  call.id = out.send(std::move(request));
  return true;
}

Account::News Account::tick(base::Now now, io::Outbox& out) {
  News news = News::kNone;
  if (facts(now.mono).stale != told_stale_) {
    told_stale_ = !told_stale_;
    news = News::kReconsiderAll;
  }
  if (gate_.paused(now.mono)) return news;
  // Whose account it is comes first, as nothing may be done in another's.
  if (identity_call_.due(now.mono)) {
    send(identity_call_, Priority::kEnding, true, netbird::get_account(), now, out);
  }
  if (list_.due(now.mono) &&
      send(list_, list_priority(), list_overdue(now.mono), netbird::list_keys(), now, out)) {
    list_began_ = {now.mono, now.wall};
    access_.list_sent(now.mono);
    if (list_wanted_) {
      lists_wanted_.failed(now.mono, kLists);
    } else if (lists_wanted_.until && now.mono - *lists_wanted_.until > kListsQuiet) {
      lists_wanted_ = {};
    }
    list_wanted_.reset();
    if (group_names_in_use_ && groups_.began() && !groups_backoff_.holds(now.mono)) {
      groups_call_.at = now.mono;
    }
    group_names_in_use_ = false;
  }
  if (access_.right.due(now.mono)) {
    send(access_.right, Priority::kEnding, true, access_.right_request(), now, out);
  }
  if (groups_call_.due(now.mono)) {
    send(groups_call_, Priority::kFirstIssue, false, netbird::list_groups(), now, out);
  }
  if (access_.user_call.due(now.mono)) {
    send(access_.user_call, Priority::kList, !access_.may_write(), access_.user_request(), now,
         out);
  }
  return news;
}

bool Account::handle(io::HttpDone& done, base::Now now, io::Outbox& out, News& news) {
  const auto is = [&done](OwnCall& call) {
    return call.id != 0 && call.id == done.id && std::exchange(call.id, 0) != 0;
  };
  if (is(list_)) {
    news = list_answered(std::move(done.outcome), now, out);
  } else if (is(groups_call_)) {
    news = groups_answered(std::move(done.outcome), now);
  } else if (is(identity_call_)) {
    news = identity_answered(std::move(done.outcome), now, out);
  } else if (is(access_.right)) {
    news = right_answered(std::move(done.outcome), now, out);
  } else if (is(access_.user_call)) {
    news = user_answered(std::move(done.outcome), now, out);
  } else {
    return false;
  }
  return true;
}

// Expiry is reckoned on NetBird's clock; ours is only corrected where it is clearly off.
void Account::set_clock(const io::HttpResponse& response, base::WallTime now) {
  if (!response.date) return;
  const base::Duration off = *response.date + base::Duration{500} - now;
  clock_offset_ = off > kClockTolerance || off < -kClockTolerance ? off : base::Duration{0};
  if (!term_began_there_) term_began_there_ = *response.date;
}

Account::News Account::list_answered(io::HttpOutcome outcome, base::Now now, io::Outbox& out) {
  if (outcome) set_clock(*outcome, now.wall);
  const base::Duration age = outcome ? outcome->age : base::Duration{0};
  auto response = netbird::accept_response(std::move(outcome), "list setup keys");
  if (!response) return call_failed(response.error(), list_.sent, now.mono, out);
  auto list = netbird::parse_key_list(response->body.reveal());
  if (!list) return call_failed(list.error(), list_.sent, now.mono, out);
  if (list->skipped > 0) {
    out.note(io::Severity::kDebug, "list_entries_skipped", "entries of the list have no id",
             {{"account", options_.name}, {"entries", std::to_string(list->skipped)}});
  }
  // A cache in between answers with what it had a while ago.
  list_began_ = {list_began_.mono + -age, list_began_.wall - age};
  inventory_.replace(std::move(list->keys), list_began_);
  if (!list_.at) list_.at = list_.sent + random_.jitter(resync_, 10);
  if (const auto& at = inventory_.settled_at()) list_.at = std::min(*list_.at, *at + age);
  if (state_ != AccountState::kReady && state_ != AccountState::kRateLimited) {
    out.note(io::Severity::kInfo, "account_ready", "NetBird answers",
             {{"account", options_.name}, {"keys", std::to_string(inventory_.total())}});
  }
  list_works(now.mono);
  return News::kReconsiderAll;
}

void Account::list_works(base::Instant now) {
  if (gate_.paused(now)) return;
  backoff_ = {};
  // Whoever stands in line is told so for as long as there is one.
  if (state_ == AccountState::kRateLimited && limited_at_ && now - *limited_at_ < kLimited) return;
  state_ = AccountState::kReady;
  token_worked_ = true;
  refused_since_.reset();
}

Account::News Account::groups_answered(io::HttpOutcome outcome, base::Now now) {
  auto response = netbird::accept_response(std::move(outcome), "list groups");
  const auto groups = response ? netbird::parse_group_list(response->body.reveal())
                               : base::Result<std::vector<netbird::Group>>(response.error());
  if (!groups) {
    // It concerns only those who name a group.
    const bool news = groups_problem_.empty();
    if (news) groups_problem_ = account_problem(groups.error(), options_.url);
    groups_backoff_.failed(now.mono, kGroups, groups.error().retry_after);
    groups_call_.at = groups_backoff_.until;
    return news ? News::kReconsiderAll : News::kNone;
  }
  groups_problem_.clear();
  groups_backoff_ = {};
  groups_.replace(*groups, groups_call_.sent);
  // Whoever misses a group asks again: soon at first, then as seldom as a resync.
  groups_refresh_.failed(now.mono, {kGroups.min, std::max(kGroups.min, resync_)});
  return News::kReconsiderAll;
}

Account::News Account::identity_answered(io::HttpOutcome outcome, base::Now now, io::Outbox& out) {
  auto response = netbird::accept_response(std::move(outcome), "read account");
  auto id = response ? netbird::parse_account_id(response->body.reveal())
                     : base::Result<std::string>(response.error());
  const bool first = !std::exchange(id_asked_, true);
  if (!id) {
    // Where it cannot be asked, what is wrong with the token shows in the list as well.
    id_backoff_.failed(now.mono, {kPause.min, std::max(kPause.max, resync_)});
    identity_call_.at = id_backoff_.until;
    return first ? News::kReconsiderAll : News::kNone;
  }
  id_backoff_ = {};
  if (id_ == *id) return News::kNone;
  out.note(io::Severity::kInfo, "account_known", "the token belongs to this account",
           {{"account", options_.name}, {"id", *id}});
  id_ = std::move(*id);
  return News::kReconsiderAll;
}

Account::News Account::right_answered(io::HttpOutcome outcome, base::Now now, io::Outbox& out) {
  const bool news = access_.right_answered(std::move(outcome), now.mono);
  tell_right(out);
  return news ? News::kReconsiderAll : News::kNone;
}

Account::News Account::user_answered(io::HttpOutcome outcome, base::Now now, io::Outbox& out) {
  const bool news = access_.user_answered(std::move(outcome), now.mono);
  if (const auto& user = access_.user(); news && user) {
    const bool may = user->role.empty() || netbird::may_manage_keys(*user);
    out.note(may ? io::Severity::kInfo : io::Severity::kWarn, "account_user",
             may ? "the token's user may manage setup keys"
                 : "the token's user may lack the right to manage setup keys",
             {{"account", options_.name}, {"user", user->name}, {"role", user->role}});
  }
  tell_right(out);
  return news && !access_.may_write() ? News::kReconsiderAll : News::kNone;
}

// Once all that belongs to it is known.
void Account::tell_right(io::Outbox& out) {
  if (!access_.asked() || access_.problem() == right_told_) return;
  right_told_ = access_.problem();
  if (right_told_.empty()) return;
  out.note(io::Severity::kWarn, "account_not_ready", right_told_, {{"account", options_.name}});
}

Account::News Account::call_succeeded(base::Instant now) {
  // That other calls work again is for the list to find out: one that works says nothing of it.
  if (gate_.paused(now) || state_ != AccountState::kRateLimited) return News::kNone;
  if (!inventory_.snapshot()) return News::kNone;
  list_works(now);
  return state_ == AccountState::kReady ? News::kReconsiderAll : News::kNone;
}

void Account::pause(const base::Error& error, base::Instant sent, base::Instant now) {
  const bool limited = error.code == base::ErrorCode::kRateLimited;
  if (limited) {
    gate_.too_many(sent, now);
    limited_at_ = now;
  }
  // Failures of calls that were under way together count once: the pause is already on.
  if (gate_.paused(now)) return;
  const base::Duration asked = std::min(error.retry_after.value_or(base::Duration{0}), kAskedMax);
  if (limited && gate_.budget().learns()) {
    backoff_.until = std::max(gate_.next_permit(now), now + asked);
  } else {
    backoff_.failed(now, kPause);
    const base::Duration wait = random_.jitter(*backoff_.until - now, 25);
    backoff_.until = now + std::max(wait, asked);
  }
  gate_.pause_until(backoff_.until);
}

Account::News Account::call_failed(const base::Error& error, base::Instant sent, base::Instant now,
                                   io::Outbox& out, io::Method refused) {
  if (error.code == base::ErrorCode::kForbidden && refused != io::Method::kGet) {
    // What is refused is the right to write, or one kind of request: a list tells of the rest.
    access_.write_refused(refused, now);
    return News::kNone;
  }
  // Whether it is the server that cannot be reached, or something between dislikes one request, is
  // for the list to find out.
  if (error.code == base::ErrorCode::kUnreachable && refused != io::Method::kGet) {
    want_list(now, Priority::kEnding);
    return News::kNone;
  }
  pause(error, sent, now);
  // The list finds out whether it works again; it need not where only too many calls came.
  if (error.code != base::ErrorCode::kRateLimited || !inventory_.snapshot()) {
    list_.at = backoff_.until;
  } else if (list_.id == 0 && !list_.at) {
    list_.at = now + resync_;
  }
  return set_state(state_after(error.code), error, now, out);
}

TokenPast Account::token_past(const base::Error& error, base::Instant now) {
  if (error.code != base::ErrorCode::kUnauthorized) {
    refused_since_.reset();
    return TokenPast::kNone;
  }
  if (!refused_since_) refused_since_ = now;
  if (!token_worked_) return TokenPast::kNone;
  return now - *refused_since_ < kBelieved ? TokenPast::kWorked : TokenPast::kWorkedLongAgo;
}

// The same kind of problem again is none of news, though a request id in it may be another one.
Account::News Account::set_state(AccountState state, const base::Error& error, base::Instant now,
                                 io::Outbox& out) {
  const TokenPast past = token_past(error, now);
  const ProblemKind kind{error.code, error.http_status, error.by_another, past};
  if (state == state_ && kind == problem_kind_) return News::kNone;
  const bool worse = state_ == AccountState::kFailing || state_ == AccountState::kRefused;
  if (state == AccountState::kRateLimited && worse) return News::kNone;
  // A trouble that comes back within a while is the same one.
  if (kind != problem_kind_) problem_ = account_problem(error, options_.url, past);
  problem_kind_ = kind;
  state_ = state;
  out.note(io::Severity::kWarn, "account_not_ready", problem_, {{"account", options_.name}});
  return News::kReconsiderAll;
}

void Account::token_changed(base::Instant now) {
  token_worked_ = false;
  // Another token may be another account's: nothing is done before that is known.
  forget_token(now);
  if (!MUTATION(keep_the_lists)) {
    inventory_.clear();
    state_ = AccountState::kUnknown;
  }
}

AccountFacts Account::facts(base::Instant now) const {
  AccountFacts out;
  out.name = options_.name;
  out.state = state_;
  out.problem = problem_;
  if (access_.refused()) out.right_missing = access_.problem();
  out.right_asked = access_.asked();
  out.snapshot = inventory_.snapshot();
  out.before = inventory_.before();
  out.youngest_shown = inventory_.youngest_shown();
  out.id = id_;
  out.id_asked = id_asked_;
  out.clock_offset = clock_offset_;
  out.term_began = term_began_there_;
  out.repair_allowed = repairs_.may(now);
  out.repair_at = out.repair_allowed ? now : repairs_.next_at();
  const base::Instant since = out.snapshot ? out.snapshot->mono : nothing_known_since_;
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
    out.problem = groups_problem_;
    out.state = found == nullptr ? GroupFacts::State::kNotLoaded
                : found->empty() ? GroupFacts::State::kMissing
                                 : GroupFacts::State::kAmbiguous;
    return out;
  }
  std::sort(out.ids.begin(), out.ids.end());
  out.ids.erase(std::unique(out.ids.begin(), out.ids.end()), out.ids.end());
  return out;
}

std::optional<base::Instant> Account::wake_at(base::Instant now) {
  std::optional<base::Instant> at = gate_.next_at(now);
  const auto sooner = [&at](base::Instant when) {
    if (!at || when < *at) at = when;
  };
  for (const OwnCall* call :
       {&list_, &groups_call_, &identity_call_, &access_.right, &access_.user_call}) {
    if (call->id != 0 || !call->at) continue;
    // What is due and was not sent waits for a permit, or behind others.
    sooner(*call->at > now && !gate_.paused(now) ? *call->at
                                                 : std::max(*call->at, gate_.own_next_at(now)));
  }
  if (!told_stale_) {
    const base::Instant since =
        inventory_.snapshot() ? inventory_.snapshot()->mono : nothing_known_since_;
    sooner(since + resync_ * kStaleResyncs + base::Duration{1});
  }
  return at;
}

}  // namespace nbkeys::engine
