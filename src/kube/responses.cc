#include "kube/responses.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/hash.h"
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

// "data[tls.crt]: FieldValueInvalid; …" of a metav1.Status. What is forbidden or missing is told in
// words that have no value in them.
std::string causes_in(const base::Json& status) {
  constexpr std::size_t kCausesMax = 4, kFieldMax = 100, kWordsMax = 200;
  std::string out;
  const base::Json* causes = base::find(status, {"details", "causes"});
  if (causes == nullptr || !causes->is_array()) return out;
  for (std::size_t i = 0; i < std::min(causes->size(), kCausesMax); ++i) {
    const base::Json& cause = (*causes)[i];
    const std::string reason = base::foreign_words(base::string_or(cause, {"reason"}), kFieldMax);
    out += (out.empty() ? "" : "; ") +
           base::foreign_words(base::string_or(cause, {"field"}), kFieldMax) + ": ";
    const bool plain = reason == "FieldValueForbidden" || reason == "FieldValueRequired";
    out += plain ? base::foreign_words(base::string_or(cause, {"message"}), kWordsMax) : reason;
  }
  return out;
}

// So few characters in a row are in many words.
constexpr std::size_t kRunMin = 4;

bool shows_part(std::string_view words, std::string_view value) {
  for (std::size_t i = 0; i + kRunMin <= value.size(); ++i) {
    if (words.find(value.substr(i, kRunMin)) != std::string_view::npos) return true;
  }
  return false;
}

// An admission webhook or policy words its refusal as it likes, after the API server's own part.
std::size_t end_of_own_words(std::string_view words) {
  constexpr std::string_view kDenied = "denied the request";
  const std::size_t at = words.find(kDenied);
  return at == std::string_view::npos ? words.size() : at + kDenied.size();
}

bool shows_part_of_either(std::string_view words, std::string_view value) {
  return shows_part(words, value) || shows_part(words, base::base64_encode(value).reveal());
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

base::Result<io::HttpResponse> accept_secret_write(io::HttpOutcome outcome, std::string_view step,
                                                   std::optional<std::string_view> value) {
  std::string causes;
  if (outcome && outcome->status >= 400) {
    if (const auto body = base::parse_json(outcome->body.reveal(), step)) causes = causes_in(*body);
  }
  auto answer = accept_response(std::move(outcome), step);
  if (answer || answer.error().http_status == 0) return answer;
  base::Error error = answer.error();
  const std::string status = "HTTP " + std::to_string(error.http_status);
  if (error.http_status == 422) {
    error.message = status + (causes.empty() ? "" : ": " + causes);
  }
  // Where nobody knows the value, what a webhook says of it is left out.
  if (!value) error.message.resize(std::min(error.message.size(), end_of_own_words(error.message)));
  if (value && shows_part_of_either(error.message, *value)) {
    error.message =
        status + "; the words of the refusal show a part of the key, so they are not shown";
  }
  return error;
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
