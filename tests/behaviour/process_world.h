#pragma once
// What the worlds with a real binary share: operators are processes and time is real.

#include <signal.h>

#include <thread>

#include "behaviour/operators.h"

namespace nbkeys::behaviour {

// Base is World or HttpWorld.
template <typename Base>
class ProcessWorld : public Base {
 public:
  bool has_virtual_time() const override { return false; }

  int start_operator(const OperatorSetup& setup) override { return operators().start(setup); }
  void kill_operator(int number) override { operators().kill(number); }
  int stop_operator(int number) override { return operators().stop(number); }
  void pause_operator(int number) override { operators().at(number).signal(SIGSTOP); }
  void resume_operator(int number) override { operators().at(number).signal(SIGCONT); }
  bool operator_runs(int number) override { return operators().at(number).running(); }
  std::string log_text() override { return operators().log_text(); }

  void wait(Milliseconds duration) override { std::this_thread::sleep_for(duration); }
  bool until(const std::function<bool()>& predicate, Milliseconds limit) override {
    const auto end = std::chrono::steady_clock::now() + limit;
    while (!predicate()) {
      if (std::chrono::steady_clock::now() > end) return false;
      std::this_thread::sleep_for(Milliseconds{20});
    }
    return true;
  }
  Milliseconds patience() const override { return Milliseconds{40'000}; }

 protected:
  virtual Operators& operators() = 0;
};

}  // namespace nbkeys::behaviour
