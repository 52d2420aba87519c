#include "engine/account_words.h"

#include "base/words.h"

namespace nbkeys::engine {
namespace {

constexpr std::size_t kTextMax = 300, kUrlMax = 70, kCauseMax = 70;

std::string in_netbirds_place(const base::Error& error, const std::string& at) {
  const std::string what = at + " answers " + error.message;
  if (error.http_status >= 500) {
    return what +
           ", so something before NetBird answers; it is asked again by itself, see whether "
           "NetBird is up";
  }
  return what +
         ", which is not NetBird's API; correct --netbird-url (defaultAccount.managementURL of the "
         "chart), or have the operator let through";
}

std::string refused_token(const std::string& cause, const std::string& at, TokenPast past) {
  switch (past) {
    case TokenPast::kWorked:
      return "NetBird at " + at + " refuses a token that has worked (" + cause +
             "); it is asked again by itself";
    case TokenPast::kWorkedLongAgo:
      return "NetBird at " + at + " refuses a token that has worked (" + cause +
             "): its database is down, which heals by itself, or the token has expired; then put a "
             "new one into the token file";
    case TokenPast::kNone: break;
  }
  return "NetBird at " + at + " refuses the token (" + cause +
         "); put a valid one into the token file, which is read again at once";
}

std::string problem(const base::Error& error, const std::string& at, TokenPast past) {
  const bool limited = error.code == base::ErrorCode::kRateLimited;
  if (error.by_another && !limited) return in_netbirds_place(error, at);
  const std::string cause = base::foreign_words(error.message, kCauseMax);
  switch (error.code) {
    case base::ErrorCode::kUnauthorized: return refused_token(cause, at, past);
    case base::ErrorCode::kForbidden:
      return "NetBird's token lacks the right to manage setup keys (" + cause +
             "); its user needs the role admin and must not be blocked";
    case base::ErrorCode::kNotFound:
      // So NetBird answers a token that was deleted, or that another NetBird has made.
      return "NetBird at " + at + " does not know the token (" + cause +
             "): it was deleted, or is that of another NetBird; put a valid one into the token "
             "file, or correct --netbird-url";
    case base::ErrorCode::kRateLimited:
      return "NetBird limits our requests; it goes on by itself, and with a lower "
             "--netbird-requests-per-minute this does not happen";
    case base::ErrorCode::kServerError:
      return cause + "; it is asked again by itself, see whether NetBird is up";
    case base::ErrorCode::kUnreachable:
    case base::ErrorCode::kUnknown: return error.message + "; it is asked again by itself";
    default: return base::to_text(error);
  }
}

std::string no_right(const base::Error& error, const std::optional<netbird::User>& user) {
  if (!user) {
    return "NetBird's token lacks the right to manage setup keys (" + error.message +
           "); its user needs the role admin";
  }
  const std::string who =
      "NetBird's user " + (user->name.empty() ? user->id : "\"" + user->name + "\"");
  if (netbird::may_manage_keys(*user)) {
    return "NetBird refuses to change setup keys (" + error.message + "), although " + who +
           " has the role " + user->role + "; see what is between it and the operator";
  }
  return who + " has the role " + user->role + ", which may list setup keys but not change them (" +
         error.message +
         "); give it the role admin, or the operator the token of a user who has it";
}

}  // namespace

std::string account_problem(const base::Error& error, const std::string& url, TokenPast past) {
  const std::string at = url.empty() ? "its address" : base::foreign_words(url, kUrlMax);
  return base::foreign_words(problem(error, at, past), kTextMax);
}

std::string missing_right(const base::Error& error, const std::optional<netbird::User>& user) {
  return base::foreign_words(no_right(error, user), kTextMax);
}

}  // namespace nbkeys::engine
