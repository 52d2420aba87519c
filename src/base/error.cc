#include "base/error.h"

namespace nbkeys::base {

std::string_view code_name(ErrorCode code) {
  switch (code) {
    case ErrorCode::kInvalidInput: return "invalid_input";
    case ErrorCode::kMalformed: return "malformed";
    case ErrorCode::kUnauthorized: return "unauthorized";
    case ErrorCode::kForbidden: return "forbidden";
    case ErrorCode::kNotFound: return "not_found";
    case ErrorCode::kConflict: return "conflict";
    case ErrorCode::kGone: return "gone";
    case ErrorCode::kUnprocessable: return "unprocessable";
    case ErrorCode::kRefused: return "refused";
    case ErrorCode::kRateLimited: return "rate_limited";
    case ErrorCode::kServerError: return "server_error";
    case ErrorCode::kUnreachable: return "unreachable";
    case ErrorCode::kUnknown: return "unknown_outcome";
    case ErrorCode::kTooLarge: return "too_large";
  }
  return "unknown_outcome";
}

std::string to_text(const Error& error) {
  return error.step.empty() ? error.message : error.step + ": " + error.message;
}

}  // namespace nbkeys::base
