#pragma once
// The loop, without any I/O: what happened goes in, what to do comes out. Single-threaded; reads no
// clock and no random source; the same inputs give the same commands. Read engine/README part of
// src/README.md first.

#include <memory>
#include <vector>

#include "base/time.h"
#include "engine/health.h"
#include "engine/options.h"
#include "io/command.h"
#include "io/facts.h"
#include "io/input.h"

namespace nbkeys::engine {

class Engine {
 public:
  explicit Engine(Options options);
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  // Called once, first.
  std::vector<io::Command> start(base::Now now);
  // Called for each input, in the order in which things happened. REQUIRES: now never goes
  // backwards in mono.
  std::vector<io::Command> handle(io::Input input, base::Now now);

  Health health() const;
  // For a scrape.
  io::Vitals vitals(base::Instant now) const;
  void each_setup_key(const io::SetupKeyVisitor& visit) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace nbkeys::engine
