#include "shell/pool.h"

#include <pplx/pplxtasks.h>
#include <pplx/threadpool.h>

#include <algorithm>
#include <boost/asio/steady_timer.hpp>
#include <deque>
#include <utility>

namespace nbkeys::shell {
namespace {

boost::asio::io_service& service() { return crossplat::threadpool::shared_instance().service(); }

// What the pool thread hands to itself, which is nearly everything: the steps of an exchange, the
// inputs of the engine. Asio would ask the kernel for news between any two of them, 70 times for
// one new key.
class Errands {
 public:
  void put(std::function<void()> work) {
    waiting_.push_back(std::move(work));
    if (!std::exchange(under_way_, true)) go();
  }

 private:
  // Sockets and timers have to get their turns.
  static constexpr int kAtOnce = 64;

  void go() {
    service().post([this]() { run(); });
  }
  void run() {
    for (int left = kAtOnce; left > 0 && !waiting_.empty(); --left) {
      const std::function<void()> work = std::move(waiting_.front());
      waiting_.pop_front();
      work();
    }
    under_way_ = !waiting_.empty();
    if (under_way_) go();
  }

  std::deque<std::function<void()>> waiting_;
  bool under_way_ = false;  // run() will come
};

// The pool thread's; null on all others.
thread_local Errands* errands = nullptr;

// The library's interface has no virtual destructor; whoever makes one of these keeps its type.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wnon-virtual-dtor"
// The library's own scheduler gives each step to the service.
class Scheduler final : public pplx::scheduler_interface {
 public:
  void schedule(pplx::TaskProc_t step, void* argument) override {
    post([step, argument]() { step(argument); });
  }
};
#pragma GCC diagnostic pop

}  // namespace

void start_pool() {
  crossplat::threadpool::initialize_with_threads(1);
  pplx::set_ambient_scheduler(std::make_shared<Scheduler>());
  service().post([]() {
    // Lives as long as its thread, which the end of the process finds running.
    static Errands& all = *new Errands;
    errands = &all;
  });
}

void post(std::function<void()> work) {
  if (errands != nullptr) return errands->put(std::move(work));
  service().post(std::move(work));
}

struct Timer::State {
  boost::asio::steady_timer timer{service()};
  std::uint64_t generation = 0;
};

Timer::Timer() : state_(std::make_shared<State>()) {}

Timer::~Timer() { cancel(); }

void Timer::set(base::Duration from_now, std::function<void()> work) {
  cancel();
  state_->timer.expires_after(std::max(from_now, base::Duration{0}));
  // A handler that is already queued when the timer is set anew still runs, with no error: the
  // generation tells it that it is stale.
  state_->timer.async_wait([state = state_, generation = state_->generation,
                            work = std::move(work)](const boost::system::error_code& error) {
    if (!error && generation == state->generation) work();
  });
}

void Timer::cancel() {
  ++state_->generation;
  boost::system::error_code ignored;
  state_->timer.cancel(ignored);
}

}  // namespace nbkeys::shell
