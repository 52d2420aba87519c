#include "shell/random.h"

#include <sys/random.h>
#include <unistd.h>

#include <array>
#include <cstdio>

#include "base/check.h"

namespace nbkeys::shell {

std::uint64_t random_seed() {
  std::uint64_t seed = 0;
  CHECK(getrandom(&seed, sizeof seed, 0) == static_cast<ssize_t>(sizeof seed));
  return seed;
}

std::string process_identity() {
  std::array<char, 256> host{};
  if (gethostname(host.data(), host.size() - 1) != 0 || host[0] == '\0') host = {"nbkeys"};
  std::array<char, 16> suffix{};
  std::snprintf(suffix.data(), suffix.size(), "%012llx",
                static_cast<unsigned long long>(random_seed() >> 16));
  return std::string(host.data()) + "_" + suffix.data();
}

}  // namespace nbkeys::shell
