#pragma once
// The Date, Retry-After and Age headers of HTTP answers.

#include <optional>
#include <string_view>

#include "base/time.h"

namespace nbkeys::shell {

// "Sun, 06 Nov 1994 08:49:37 GMT", the one form that servers send today; nothing for anything else.
std::optional<base::WallTime> parse_http_date(std::string_view text);

// Seconds or a date. A date counts from the server's own clock where it told that, else from ours.
// Never negative, never more than a day.
std::optional<base::Duration> parse_retry_after(std::string_view text,
                                                std::optional<base::WallTime> server_date,
                                                base::WallTime now);

// The Age header: whole seconds, at most a day; nothing is 0.
base::Duration parse_age(std::string_view text);

}  // namespace nbkeys::shell
