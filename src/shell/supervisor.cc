#include "shell/supervisor.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <utility>

#include "base/check.h"
#include "shell/clock.h"

namespace nbkeys::shell {

Supervisor::Supervisor() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGINT);
  CHECK(pthread_sigmask(SIG_BLOCK, &set, nullptr) == 0);
  signals_ = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
  wake_ = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  CHECK(signals_ >= 0 && wake_ >= 0);
}

Supervisor::~Supervisor() {
  close(signals_);
  close(wake_);
}

void Supervisor::exit(io::Exit exit) {
  {
    const std::lock_guard lock(mutex_);
    if (!exit_) exit_ = std::move(exit);
  }
  CHECK(eventfd_write(wake_, 1) == 0);
}

std::optional<io::Exit> Supervisor::exit_said() {
  const std::lock_guard lock(mutex_);
  return exit_;
}

io::Exit Supervisor::wait(base::Duration grace, const std::function<void()>& stop) {
  std::optional<base::Instant> deadline;
  while (true) {
    if (auto said = exit_said()) return *said;
    int timeout_ms = -1;
    if (deadline) {
      const base::Duration left = *deadline - mono_now();
      if (left.count() <= 0) {
        return {0, "stopped before everything in flight was finished; the next start looks again"};
      }
      timeout_ms = static_cast<int>(left.count());
    }
    std::array<pollfd, 2> waits = {pollfd{signals_, POLLIN, 0}, pollfd{wake_, POLLIN, 0}};
    poll(waits.data(), waits.size(), timeout_ms);
    signalfd_siginfo info{};
    while (read(signals_, &info, sizeof info) == static_cast<ssize_t>(sizeof info)) {
      if (deadline && info.ssi_signo == SIGINT) return {130, "interrupted twice"};
      if (deadline) continue;
      deadline = mono_now() + grace;
      stop();
    }
  }
}

}  // namespace nbkeys::shell
