#include "shell/clock.h"

#include <ctime>

namespace nbkeys::shell {
namespace {

base::Duration read_clock(clockid_t id) {
  timespec t{};
  clock_gettime(id, &t);
  return base::Duration{static_cast<std::int64_t>(t.tv_sec) * 1000 + t.tv_nsec / 1'000'000};
}

}  // namespace

base::Instant mono_now() { return {read_clock(CLOCK_BOOTTIME)}; }
base::WallTime wall_now() { return {read_clock(CLOCK_REALTIME)}; }

}  // namespace nbkeys::shell
