#include "engine/outcome.h"

namespace nbkeys::engine {

Outcome outcome_of(const base::Error& error, io::Server server) {
  using base::ErrorCode;
  switch (error.code) {
    case ErrorCode::kUnprocessable: return Outcome::kRefusedForGood;
    // NetBird answers 404 for a key that is gone, and also for a token that is: the list tells.
    case ErrorCode::kNotFound:
    case ErrorCode::kForbidden:
    case ErrorCode::kGone:
    case ErrorCode::kRefused: return Outcome::kRefusedForNow;
    case ErrorCode::kConflict:
      return server == io::Server::kKube ? Outcome::kStale : Outcome::kRefusedForNow;
    case ErrorCode::kServerError:
    case ErrorCode::kMalformed:
    case ErrorCode::kTooLarge:
    case ErrorCode::kUnknown: return Outcome::kUnknown;
    case ErrorCode::kInvalidInput:
    case ErrorCode::kUnauthorized:
    case ErrorCode::kRateLimited:
    case ErrorCode::kUnreachable: return Outcome::kServersTrouble;
  }
  return Outcome::kUnknown;
}

}  // namespace nbkeys::engine
