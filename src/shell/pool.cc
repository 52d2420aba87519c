#include "shell/pool.h"

#include <pplx/threadpool.h>

#include <algorithm>
#include <boost/asio/steady_timer.hpp>
#include <utility>

namespace nbkeys::shell {
namespace {

boost::asio::io_service& service() { return crossplat::threadpool::shared_instance().service(); }

}  // namespace

void start_pool() { crossplat::threadpool::initialize_with_threads(1); }

void post(std::function<void()> work) { service().post(std::move(work)); }

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
