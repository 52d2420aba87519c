#pragma once
// Answers and the requests of an outbox, as the tests of state machines need them.

#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "base/json.h"
#include "io/input.h"
#include "io/outbox.h"

namespace nbkeys::kube::testing {

inline base::Instant ms(std::int64_t t) { return {base::Duration{t}}; }

inline base::Json json(std::string_view text) {
  auto parsed = base::parse_json(text, "test");
  return parsed ? *parsed : base::Json("this test's own JSON is broken");
}

inline base::Json body_of(const io::HttpRequest& request) { return json(request.body.reveal()); }

inline io::HttpOutcome answer(int status, std::string body = "{}") {
  io::HttpResponse response;
  response.status = status;
  response.body = base::SecretText(std::move(body));
  return response;
}

inline io::HttpOutcome no_answer(base::ErrorCode code = base::ErrorCode::kUnknown) {
  return base::Error{code, "send", "no answer"};
}

inline io::HttpDone done(io::RequestId id, io::HttpOutcome outcome) {
  return {id, std::move(outcome)};
}

template <typename T>
std::vector<T> only(std::vector<io::Command> commands) {
  std::vector<T> out;
  for (io::Command& command : commands) {
    if (auto* found = std::get_if<T>(&command)) out.push_back(std::move(*found));
  }
  return out;
}

}  // namespace nbkeys::kube::testing
