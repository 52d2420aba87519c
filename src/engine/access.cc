#include "engine/access.h"

#include "engine/account_words.h"

namespace nbkeys::engine {
namespace {

constexpr base::BackoffBounds kAgain{base::Duration{15'000}, base::Duration{240'000}};
// That a token may write is known for so long, whatever is refused.
constexpr base::Duration kHolds{600'000};
constexpr base::Duration kReadRole{60'000};

io::Method other(io::Method method) {
  return method == io::Method::kPut ? io::Method::kDelete : io::Method::kPut;
}

}  // namespace

void Access::begin(base::Instant now) {
  *this = {};
  right.at = user_call.at = now;
}

void Access::write_refused(io::Method method, base::Instant now) {
  const bool known = known_until_ && now < *known_until_;
  if (right.id != 0 || known || (backoff_.holds(now) && !unclear_)) return;
  refused_ = method;
  method_ = other(method);
  doubted_ = true;
  right.at = now;
}

void Access::list_sent(base::Instant now) {
  const bool read_lately = user_read_at_ && now - *user_read_at_ < kReadRole;
  if (!may_write_ && !read_lately) read_user(now);
}

void Access::read_user(base::Instant now) {
  if (user_call.id != 0) return;
  is_person_ = false;
  user_call.at = now;
}

io::HttpRequest Access::user_request() const {
  return is_person_ ? netbird::get_current_user() : netbird::list_service_users();
}

bool Access::right_answered(io::HttpOutcome outcome, base::Instant now) {
  auto response = netbird::accept_response(std::move(outcome), "ask for the right to write");
  const netbird::WriteRight found = netbird::write_right(response);
  if (found == netbird::WriteRight::kRefused && (!refused_ || *refused_ == method_)) {
    refused_ = method_;
    method_ = other(method_);
    right.at = now;
    return false;
  }
  const bool first = !std::exchange(right_asked_, true);
  unclear_ = found == netbird::WriteRight::kUnclear;
  const bool before = may_write_;
  if (found == netbird::WriteRight::kGranted) {
    may_write_ = true;
    refused_.reset();
    backoff_ = {};
    if (std::exchange(doubted_, false)) known_until_ = now + kHolds;
  } else {
    if (found == netbird::WriteRight::kRefused) {
      // The role may be another one than it was: it is told with the answer, and not before.
      if (std::exchange(may_write_, false) && std::exchange(user_asked_, false)) read_user(now);
      // The same refusal in other words, as with a request id in them, is none of news.
      const base::Error& error = response.error();
      if (!refusal_ || refusal_->http_status != error.http_status) refusal_ = error;
    }
    backoff_.failed(now, kAgain);
    right.at = backoff_.until;
  }
  return first || before != may_write_;
}

bool Access::user_answered(io::HttpOutcome outcome, base::Instant now) {
  const auto response = netbird::accept_response(std::move(outcome), "read the token's user");
  user_read_at_ = now;
  std::optional<netbird::User> found;
  if (response && is_person_) {
    if (auto user = netbird::parse_current_user(response->body.reveal())) found = *user;
  } else if (response) {
    auto user = netbird::parse_own_user(response->body.reveal());
    if (user && !*user) {
      is_person_ = true;
      user_call.at = now;
      return false;
    }
    if (user) found = std::move(*user);
  }
  // What is wrong with the token shows in the list as well, and is told there.
  const bool first = !std::exchange(user_asked_, true);
  if (!found || found == user_) return first;
  user_ = std::move(found);
  if (!may_write_) right.at = now;
  return true;
}

std::string Access::problem() const {
  return may_write_ || !refusal_ ? "" : missing_right(*refusal_, user_);
}

}  // namespace nbkeys::engine
