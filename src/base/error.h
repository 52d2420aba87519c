#pragma once
// Error: what went wrong, as a value. The code is a closed list, from which follows what may have
// happened at the server (outcome.h). The message is written for a person and never holds key
// material, tokens or foreign bodies.

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace nbkeys::base {

enum class ErrorCode {
  kInvalidInput,   // a file, flag or object that cannot be used as it is
  kMalformed,      // an answer that is not what the API promises
  kUnauthorized,   // 401
  kForbidden,      // 403
  kNotFound,       // 404
  kConflict,       // 409: the precondition did not hold
  kGone,           // 410: watch history compacted
  kUnprocessable,  // 400, 422: what the request says is refused
  kRefused,        // 405, 412, 413 and other 4xx: refused, whatever it says
  kRateLimited,    // 429
  kServerError,    // 5xx
  kUnreachable,    // no connection, so the request was not sent
  kUnknown,        // sent, but no answer: it may or may not have been applied
  kTooLarge,       // an answer beyond its bound
};

struct Error {
  ErrorCode code = ErrorCode::kUnknown;
  std::string step;     // what was being done: "list SetupKeys", "create key at NetBird"
  std::string message;  // the cause in words
  std::optional<std::chrono::milliseconds> retry_after = std::nullopt;  // as the server asked
  // 0: there was no answer.
  int http_status = 0;
  // What answered is not the API that was asked, but something in its place: a proxy, a login page.
  bool by_another = false;
};

// Stable lower-case word for logs and metrics.
std::string_view code_name(ErrorCode code);

// "step: message"
std::string to_text(const Error& error);

}  // namespace nbkeys::base
