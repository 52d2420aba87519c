#include "plugin/link.h"

#include <future>
#include <optional>
#include <utility>

#include "shell/clock.h"
#include "shell/http_runner.h"
#include "shell/pool.h"

namespace nbkeys::plugin {

struct Link::State {
  explicit State(shell::Upstream& upstream)
      : runner(upstream, upstream,
               {[this](io::HttpDone done) { answer->set_value(std::move(done.outcome)); },
                [](const telemetry::Exchange&) {}, [](io::Server) {}}) {}

  std::optional<std::promise<io::HttpOutcome>> answer;
  shell::HttpRunner runner;
};

Link::Link(std::unique_ptr<shell::Upstream> upstream)
    : upstream_(std::move(upstream)), state_(std::make_unique<State>(*upstream_)) {}

// A closing watch may still use them on the pool thread, which lives as long as the process: what
// is left goes with that.
Link::~Link() {
  static_cast<void>(upstream_.release());
  static_cast<void>(state_.release());
}

base::Result<std::unique_ptr<Link>> Link::open(shell::UpstreamSettings settings) {
  auto upstream = shell::Upstream::create(std::move(settings));
  if (!upstream) return upstream.error();
  return std::unique_ptr<Link>(new Link(std::move(*upstream)));
}

io::HttpOutcome Link::call(io::HttpRequest request) {
  state_->answer.emplace();
  auto answered = state_->answer->get_future();
  const base::Instant begun = shell::mono_now();
  auto command = std::make_shared<io::SendHttp>();
  command->id = 1;
  command->request = std::move(request);
  // The runner bounds each request by its own timeout, so this wait ends.
  shell::post([this, command]() { state_->runner.send(std::move(*command)); });
  io::HttpOutcome outcome = answered.get();
  took_ = shell::mono_now() - begun;
  return outcome;
}

std::string Link::address() const { return to_text(upstream_->settings().url); }

}  // namespace nbkeys::plugin
