#pragma once
// What is wrong with an account, in words for a person: they end up in conditions, so they have no
// numbers that change, are at most 300 bytes, and say what to do.

#include <optional>
#include <string>

#include "base/error.h"
#include "netbird/setup_key.h"

namespace nbkeys::engine {

// What is known of a token that is refused. NetBird refuses good ones (401) while its database is
// down, and takes them again by itself.
enum class TokenPast {
  kNone,
  kWorked,         // with this token, in this process
  kWorkedLongAgo,  // and it has been refused for minutes
};

// `url`: the address that was asked.
std::string account_problem(const base::Error& error, const std::string& url,
                            TokenPast past = TokenPast::kNone);

// `user`: whose token it is, as far as NetBird tells.
std::string missing_right(const base::Error& error, const std::optional<netbird::User>& user);

}  // namespace nbkeys::engine
