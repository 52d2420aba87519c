#pragma once
// What is wrong with an account, in words for a person: they end up in conditions, so they have no
// numbers that change, and say what to do.

#include <optional>
#include <string>

#include "base/error.h"
#include "netbird/setup_key.h"

namespace nbkeys::engine {

std::string account_problem(const base::Error& error);

// `user`: whose token it is, as far as NetBird tells.
std::string missing_right(const base::Error& error, const std::optional<netbird::User>& user);

}  // namespace nbkeys::engine
