#pragma once
// HTTP exchanges as plain data. The core builds requests and reads responses; only shell/ knows
// sockets. Bodies are SecretText throughout: some carry keys, and a rule without exceptions is one
// that nobody can get wrong.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/result.h"
#include "base/secret_text.h"
#include "base/time.h"

namespace nbkeys::io {

using RequestId = std::uint64_t;

// Where a request goes; the shell adds the address, TLS and the Authorization header.
enum class Server { kKube, kNetBird };

enum class Method { kGet, kPost, kPut, kPatch, kDelete };

std::string_view method_name(Method method);

struct HttpRequest {
  Server server = Server::kKube;
  Method method = Method::kGet;
  std::string path;       // begins with '/', already percent-encoded, with the query
  std::string operation;  // a fixed word for logs and metrics: "create_key", "patch_status"
  std::string content_type;
  std::string accept = "application/json";
  base::SecretText body;
  // The library may resend a request on a reused connection. A request that must not happen twice
  // goes over a connection of its own, and any error of it is an unknown outcome.
  bool once = false;
  bool fresh = false;                          // no cache on the way may answer
  base::Duration timeout{30'000};              // from send to the last byte of the answer
  std::size_t response_bytes_max = 16u << 20;  // a longer answer is cut off: ErrorCode::kTooLarge
  // Where the answer is a list of objects, only these members of each are kept while it comes in
  // (base::ElementFilter), and response_bytes_max is about what is kept. Empty: all.
  std::vector<std::string> element_members;
};

struct HttpResponse {
  int status = 0;
  base::SecretText body;
  std::optional<base::Duration> retry_after = std::nullopt;
  std::optional<base::WallTime> date = std::nullopt;  // the server's clock, where it tells
  std::string location = {};                          // where a redirect points to; bounded
  base::Duration age{0};  // how old the answer is, where a cache on the way says so
};

// An answer of any status, or no answer: kUnreachable (surely not applied), kUnknown (may have been
// applied), kTooLarge, kInvalidInput (refused before sending: no token, bad address).
using HttpOutcome = base::Result<HttpResponse>;

}  // namespace nbkeys::io
