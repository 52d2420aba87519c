#pragma once
// Real randomness from the kernel, for the engine's seed, its tickets and this process's identity.

#include <cstdint>
#include <string>

namespace nbkeys::shell {

std::uint64_t random_seed();
// "<host name>_<12 hex digits>": unique to this process, and tells a person where it runs.
std::string process_identity();

}  // namespace nbkeys::shell
