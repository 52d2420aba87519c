#pragma once
// Turns the engine: each input is handled on the pool thread, one after the other, and the commands
// that come back are given to the hands. Never re-entrant: whatever a command leads to comes back
// through put().

#include <functional>
#include <vector>

#include "base/time.h"
#include "engine/health.h"
#include "io/command.h"
#include "io/facts.h"
#include "io/input.h"
#include "shell/pool.h"

namespace nbkeys::shell {

// The engine as the loop needs it.
struct Core {
  std::function<std::vector<io::Command>(base::Now)> start;
  std::function<std::vector<io::Command>(io::Input, base::Now)> handle;
  std::function<engine::Health()> health;
  // For a scrape; may be missing in tests.
  std::function<io::Vitals(base::Instant)> vitals;
  std::function<void(const io::SetupKeyVisitor&)> each_setup_key;
};

// What carries commands out.
struct Hands {
  std::function<void(io::SendHttp)> send;
  std::function<void(io::OpenWatch)> open_watch;
  std::function<void(io::WatchId)> close_watch;
  std::function<void(const io::Note&)> note;
  std::function<void(const engine::Health&)> turned;  // after each input
  std::function<void(io::Exit)> exit;                 // once; no input is handled after it
};

class EventLoop {
 public:
  // REQUIRES: start_pool() was called; the loop lives until the process ends.
  EventLoop(Core core, Hands hands);

  // From any thread.
  void start();
  void put(io::Input input);

  // On the pool thread.
  const Core& core() const { return core_; }

 private:
  void turn(io::Input input);
  void carry_out(std::vector<io::Command> commands);

  Core core_;
  Hands hands_;
  Timer timer_;
  bool over_ = false;
};

}  // namespace nbkeys::shell
