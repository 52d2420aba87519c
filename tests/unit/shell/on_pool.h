#pragma once
// Runs test code on the event loop's thread, where the runners live.

#include <csignal>
#include <functional>
#include <future>
#include <memory>

#include "shell/pool.h"
#include "shell/tls.h"

namespace nbkeys::shell {

inline void ensure_pool() {
  static const bool started = []() {
    signal(SIGPIPE, SIG_IGN);  // as the process itself does; servers of tests cut connections
    disable_default_roots();
    start_pool();
    return true;
  }();
  static_cast<void>(started);
}

// Returns when `work`, and all that this thread has posted before it, has run.
inline void run_on_pool(const std::function<void()>& work) {
  ensure_pool();
  std::promise<void> done;
  post([&]() {
    work();
    done.set_value();
  });
  done.get_future().get();
}

}  // namespace nbkeys::shell
