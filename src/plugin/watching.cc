#include "plugin/watching.h"

#include <chrono>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/percent.h"
#include "kube/requests.h"
#include "kube/responses.h"
#include "kube/watch_lines.h"
#include "shell/clock.h"
#include "shell/pool.h"
#include "shell/watch_runner.h"

namespace nbkeys::plugin {
namespace {

using base::Json;

// What the pool thread has received and the caller's thread has not taken yet.
struct Inbox {
  std::mutex lock;
  std::condition_variable filled;
  std::deque<io::Input> inputs;

  void put(io::Input input) {
    {
      const std::lock_guard<std::mutex> hold(lock);
      inputs.push_back(std::move(input));
    }
    filled.notify_one();
  }
  // Nothing once the deadline has passed.
  std::optional<io::Input> take(base::Instant deadline) {
    std::unique_lock<std::mutex> hold(lock);
    const base::Duration left = deadline - shell::mono_now();
    if (!filled.wait_for(hold, left, [this]() { return !inputs.empty(); })) return std::nullopt;
    io::Input out = std::move(inputs.front());
    inputs.pop_front();
    return out;
  }
};

// Never destroyed: the pool thread may call it for as long as the process lives.
struct Stream {
  Stream(shell::Upstream& upstream, std::shared_ptr<Inbox> inbox)
      : runner(upstream, {[inbox](io::Input input) { inbox->put(std::move(input)); },
                          [](const telemetry::Exchange&) {}, [](io::Server) {}}) {}
  shell::WatchRunner runner;
};

std::string path_of(const WatchPlan& plan) {
  const kube::Collection all{kube::Collection::Resource::kSetupKeys, plan.name_space};
  const auto seconds = static_cast<int>(plan.timeout.count() / 1000) + 1;
  std::string out = kube::watch_path(all, plan.resource_version, seconds);
  if (!plan.name.empty()) {
    out += "&fieldSelector=" + base::encode_component("metadata.name=" + plan.name);
  }
  return out;
}

// Reads one line. True where the caller is satisfied; an Error where the server tells one.
base::Result<bool> read_line(std::string_view line,
                             const std::function<bool(const Change&)>& satisfied) {
  auto event = base::parse_json(line, "watch SetupKeys");
  if (!event) return event.error();
  const std::string type = base::string_or(*event, {"type"});
  const Json* object = base::find(*event, {"object"});
  if (object == nullptr || type == "BOOKMARK") return false;
  if (type == "ERROR") {
    return kube::status_error(static_cast<int>(base::int_at(*object, {"code"}).value_or(0)),
                              base::dump_json(*object), "watch SetupKeys");
  }
  auto resource = kube::parse_setup_key(*object);
  if (!resource) return resource.error();
  return satisfied({type == "DELETED", std::move(*resource)});
}

base::Error closed_error(const io::WatchClosed& closed) {
  if (closed.status == 0) {
    return {base::ErrorCode::kUnreachable, "watch SetupKeys", closed.cause};
  }
  return kube::status_error(closed.status, closed.cause, "watch SetupKeys");
}

}  // namespace

base::Result<Ended> watch_setup_keys(Link& kube, const WatchPlan& plan,
                                     const std::function<bool(const Change&)>& satisfied) {
  const base::Instant deadline = shell::mono_now() + plan.timeout;
  const auto inbox = std::make_shared<Inbox>();
  auto* stream = new Stream(kube.upstream(), inbox);
  shell::post([stream, path = path_of(plan)]() {
    stream->runner.open({1, path, "application/json", base::Duration{300'000}});
  });
  const auto close = [stream]() { shell::post([stream]() { stream->runner.close(1); }); };
  kube::WatchLines lines;
  while (auto input = inbox->take(deadline)) {
    if (const auto* closed = std::get_if<io::WatchClosed>(&*input)) {
      if (closed->status == 200) return Ended::kClosed;
      return closed_error(*closed);
    }
    const auto* bytes = std::get_if<io::WatchBytes>(&*input);
    if (bytes == nullptr) continue;
    lines.append(bytes->bytes.reveal());
    while (const auto line = lines.next()) {
      auto done = read_line(*line, satisfied);
      if (done && !*done) continue;
      close();
      if (!done) return done.error();
      return Ended::kSatisfied;
    }
  }
  close();
  return Ended::kTimedOut;
}

}  // namespace nbkeys::plugin
