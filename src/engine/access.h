#pragma once
// What an account's token may do. NetBird lets every service user list, so a good list says nothing
// of the right to write: it is asked for, without writing anything, before the first key is made.

#include <optional>
#include <string>

#include "base/backoff.h"
#include "io/http.h"
#include "io/outbox.h"
#include "netbird/requests.h"
#include "netbird/setup_key.h"

namespace nbkeys::engine {

// A request of the account's own, and when it is due.
struct OwnCall {
  io::RequestId id = 0;
  std::optional<base::Instant> at;
  base::Instant sent;
  bool due(base::Instant now) const { return id == 0 && at && *at <= now; }
};

class Access {
 public:
  // A new term, or another token: all is asked anew.
  void begin(base::Instant now);
  // A SetupKey's own write was answered 403: it may be the token, or something between that
  // dislikes this kind of request.
  void write_refused(io::Method method, base::Instant now);
  // While writes are refused the role is read with each list, at most once a minute.
  void list_sent(base::Instant now);

  io::HttpRequest right_request() const { return netbird::probe_write(method_); }
  io::HttpRequest user_request() const;
  // True where what is known has changed.
  bool right_answered(io::HttpOutcome outcome, base::Instant now);
  bool user_answered(io::HttpOutcome outcome, base::Instant now);

  // Whether there is an answer to go by. One that cannot be had is none to wait for.
  bool asked() const { return right_asked_ && (may_write_ || user_asked_); }
  bool may_write() const { return may_write_; }
  bool refused() const { return !may_write_ && asked(); }
  const std::optional<netbird::User>& user() const { return user_; }
  std::string problem() const;  // empty where it may write

  OwnCall right, user_call;

 private:
  void read_user(base::Instant now);

  io::Method method_ = io::Method::kPut;
  std::optional<io::Method> refused_;  // one kind of write; two of them are the token's trouble
  bool unclear_ = false;               // the last answer said neither
  bool doubted_ = false;               // asked for because a write was refused
  bool right_asked_ = false, user_asked_ = false;
  bool may_write_ = true;
  std::optional<base::Error> refusal_;
  std::optional<base::Instant> known_until_, user_read_at_;
  base::Backoff backoff_;
  bool is_person_ = false;  // not found among the service users
  std::optional<netbird::User> user_;
};

}  // namespace nbkeys::engine
