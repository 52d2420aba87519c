#include "kube/responses.h"

#include <nlohmann/json.hpp>

#include "base/words.h"

namespace nbkeys::kube {
namespace {

base::ErrorCode code_of(int status) {
  using base::ErrorCode;
  switch (status) {
    case 0: return ErrorCode::kUnknown;
    case 400:
    case 422: return ErrorCode::kUnprocessable;
    case 401: return ErrorCode::kUnauthorized;
    case 403: return ErrorCode::kForbidden;
    case 404: return ErrorCode::kNotFound;
    case 409: return ErrorCode::kConflict;
    case 410: return ErrorCode::kGone;
    case 429: return ErrorCode::kRateLimited;
    default: break;
  }
  if (status >= 400 && status < 500) return ErrorCode::kRefused;
  return status >= 500 ? ErrorCode::kServerError : ErrorCode::kMalformed;
}

}  // namespace

base::Error status_error(int http_status, std::string_view body, std::string_view step) {
  constexpr std::size_t kMessageMax = 400;
  std::string message = "HTTP " + std::to_string(http_status);
  if (const auto parsed = base::parse_json(body, step)) {
    const std::string told = base::string_or(*parsed, {"message"});
    if (!told.empty()) message = base::foreign_words(told, kMessageMax);
  }
  return {code_of(http_status), std::string(step), std::move(message), std::nullopt, http_status};
}

base::Result<io::HttpResponse> accept_response(io::HttpOutcome outcome, std::string_view step) {
  if (!outcome) {
    base::Error error = outcome.error();
    error.step = step;
    return error;
  }
  if (outcome->status >= 200 && outcome->status < 300) return std::move(*outcome);
  base::Error error = status_error(outcome->status, outcome->body.reveal(), step);
  error.retry_after = outcome->retry_after;
  return error;
}

}  // namespace nbkeys::kube
