#pragma once
// The main thread's part: waits for signals and for the end. It works even where the event loop
// hangs, so that the process can always be stopped.

#include <functional>
#include <mutex>
#include <optional>

#include "base/time.h"
#include "io/command.h"

namespace nbkeys::shell {

class Supervisor {
 public:
  // Blocks SIGTERM and SIGINT for this thread and those it starts later. REQUIRES: no thread runs.
  Supervisor();
  ~Supervisor();
  Supervisor(const Supervisor&) = delete;
  Supervisor& operator=(const Supervisor&) = delete;

  // From any thread: the process should end so.
  void exit(io::Exit exit);

  // Calls `stop` at the first SIGTERM or SIGINT. Returns what exit() said; where that has not come
  // within `grace` of the signal, code 0 with a line that says so; at the second SIGINT, code 130.
  io::Exit wait(base::Duration grace, const std::function<void()>& stop);

 private:
  std::optional<io::Exit> exit_said();

  int signals_ = -1;  // signalfd
  int wake_ = -1;     // eventfd
  std::mutex mutex_;
  std::optional<io::Exit> exit_;
};

}  // namespace nbkeys::shell
