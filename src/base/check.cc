#include "base/check.h"

#include <cstdio>
#include <cstdlib>

namespace nbkeys::base {

void check_failed(const char* condition, const char* file, int line) {
  std::fprintf(stderr, "nbkeys: invariant broken: %s (%s:%d)\n", condition, file, line);
  std::abort();
}

}  // namespace nbkeys::base
