#pragma once
// NetBird's answers as a real server gives them.

#include <nlohmann/json.hpp>
#include <string>

#include "base/json.h"
#include "io/http.h"

namespace nbkeys::netbird::testing {

inline base::Json json(std::string_view text) {
  auto parsed = base::parse_json(text, "test");
  return parsed ? *parsed : base::Json("this test's own JSON is broken");
}

inline base::Json key_json() {
  return json(R"({"id": "cr3u5ltd0h2s73c8a1b0", "key": "A6160****", "name": "fleet",
    "expires": "2026-12-25T00:00:00Z", "type": "reusable", "valid": true, "revoked": false,
    "used_times": 2, "last_used": "2026-11-25T10:00:00Z", "state": "valid",
    "auto_groups": ["gz", "ga"], "updated_at": "2026-11-25T00:00:00Z", "usage_limit": 5,
    "ephemeral": false, "allow_extra_dns_labels": false})");
}

inline io::HttpOutcome answer(int status, std::string body = "{}") {
  io::HttpResponse response;
  response.status = status;
  response.body = base::SecretText(std::move(body));
  return response;
}

}  // namespace nbkeys::netbird::testing
