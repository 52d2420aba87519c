#include "engine/account_words.h"

namespace nbkeys::engine {

std::string account_problem(const base::Error& error) {
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

std::string missing_right(const base::Error& error, const std::optional<netbird::User>& user) {
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

}  // namespace nbkeys::engine
