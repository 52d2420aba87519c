#pragma once
// Turns what cpprestsdk reports about a failed exchange into an Error: what it means for the
// request (surely not applied, or unknown), and words for a person. Knows no cpprestsdk types.

#include <string>

#include "base/error.h"
#include "base/time.h"
#include "io/http.h"
#include "shell/tls.h"
#include "shell/upstream.h"

namespace nbkeys::shell {

struct Failure {
  std::string text;        // what() of the exception
  int code = 0;            // its error code, an errno where it is a system error
  bool timed_out = false;  // we cancelled it because its time was over
  bool too_large = false;  // we cancelled it because the answer was beyond its bound
};

struct FailedRequest {
  bool changes_things = true;  // anything but a GET
  bool reused = false;         // may have been sent before over an idle connection
  std::uint64_t handshakes_before = 0;
  base::Duration timeout{0};
  std::size_t response_bytes_max = 0;
};

base::Error to_error(const Failure& failure, const FailedRequest& request,
                     const UpstreamSettings& upstream, const TlsTrace& trace);

}  // namespace nbkeys::shell
