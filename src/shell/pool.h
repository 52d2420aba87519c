#pragma once
// The one thread on which everything happens: cpprestsdk's pool, started with a single thread. All
// functions may be called from any thread; what they are given runs on the pool thread, one after
// the other, never inside the caller.

#include <functional>
#include <memory>
#include <utility>  // boost/asio/awaitable.hpp of 1.74 needs it and does not include it

#include "base/time.h"

namespace nbkeys::shell {

// Once, before anything else here and before any use of cpprestsdk.
void start_pool();

void post(std::function<void()> work);

// Runs a function later; each set() replaces the one before. Used on the pool thread only. A timer
// that dies never fires.
class Timer {
 public:
  Timer();
  ~Timer();
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;

  void set(base::Duration from_now, std::function<void()> work);
  void cancel();

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace nbkeys::shell
