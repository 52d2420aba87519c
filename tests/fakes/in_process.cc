#include "fakes/in_process.h"

#include <stdexcept>
#include <utility>

#include "base/element_filter.h"

namespace nbkeys::fakes {
namespace {

using base::Duration;

// 2026-01-01T00:00:00Z
constexpr base::WallTime kStart{Duration{1'767'225'600'000}};
constexpr Duration kBookmarkCheck{60'001};
// Fixed, so that the pieces of one stream arrive in order.
constexpr Duration kStreamLatency{2};
// An engine that asks for a timer in the past again and again would run for ever.
constexpr std::uint64_t kStepsAtOnceMax = 100'000;
// A burst of hundreds of keys stays far below; a loop of requests without a pause does not.
constexpr std::size_t kRequestsPerMinuteMax = 8'000;

base::Error no_answer(base::ErrorCode code, std::string message) {
  return {code, "send", std::move(message)};
}

io::HttpResponse copy_of(const io::HttpResponse& response) {
  io::HttpResponse out;
  out.status = response.status;
  out.body = base::SecretText(std::string(response.body.reveal()));
  out.retry_after = response.retry_after;
  out.date = response.date;
  return out;
}

// What the shell hands on of an answer: see io::HttpRequest.
io::HttpOutcome received(const io::HttpRequest& request, io::HttpResponse response) {
  if (!request.element_members.empty()) {
    base::SecretText kept;
    base::ElementFilter(request.element_members).feed(response.body.reveal(), kept);
    response.body = std::move(kept);
  }
  if (response.body.size() > request.response_bytes_max) {
    return base::Error{base::ErrorCode::kTooLarge, "", "the answer is too long"};
  }
  return response;
}

Duration watch_timeout(const std::string& path) {
  return Duration{1000 *
                  std::strtoll(parse_url(path).parameter("timeoutSeconds").c_str(), nullptr, 10)};
}

}  // namespace

InProcess::InProcess(std::uint64_t seed)
    : netbird(seed), start_wall_(kStart), random_(seed), tickets_(seed ^ 0x71c8e7) {}
InProcess::~InProcess() = default;

Duration InProcess::latency() { return Duration{1 + static_cast<int>(random_.next() % 4)}; }

void InProcess::schedule(Duration in, std::function<void()> run) {
  steps_.push({mono_ + in, ++sequence_, std::move(run)});
}

bool InProcess::run_one(base::Instant until) {
  if (steps_.empty() || steps_.top().at > until) return false;
  Step step = steps_.top();
  steps_.pop();
  steps_at_once_ = step.at > mono_ ? 0 : steps_at_once_ + 1;
  if (steps_at_once_ > kStepsAtOnceMax) throw std::logic_error("time stands still: a busy loop");
  mono_ = std::max(mono_, step.at);
  step.run();
  return true;
}

void InProcess::advance(Duration duration) {
  const base::Instant until = mono_ + duration;
  while (run_one(until)) {
  }
  mono_ = until;
}

bool InProcess::run_until(const std::function<bool()>& predicate, Duration limit, Duration look) {
  const base::Instant until = mono_ + limit;
  while (!predicate()) {
    if (!run_one(until)) {
      mono_ = until;
      return predicate();
    }
    const base::Instant next_look = std::min(until, mono_ + look);
    while (run_one(next_look)) {
    }
  }
  return true;
}

base::Now InProcess::now(int replica) const {
  base::Now out = now();
  out.wall = out.wall + replicas_.at(static_cast<std::size_t>(replica)).clock_ahead;
  return out;
}

int InProcess::start_operator(engine::Options options, Duration clock_ahead) {
  const int replica = static_cast<int>(replicas_.size());
  if (options.seed == 0) options.seed = random_.next();
  if (!options.draw_ticket) {
    options.draw_ticket = [this] { return tickets_.next(); };
  }
  replicas_.emplace_back();
  replicas_.back().kube = &kube;
  replicas_.back().netbird = &netbird;
  replicas_.back().clock_ahead = clock_ahead;
  replicas_.back().engine = std::make_unique<engine::Engine>(std::move(options));
  execute(replica, replicas_.back().engine->start(now(replica)));
  return replica;
}

void InProcess::crash_at_command(int replica, int n, bool after) {
  Replica& r = replicas_.at(static_cast<std::size_t>(replica));
  r.commands_left = n;
  r.crash_after = after;
}

void InProcess::step_clock(int replica, Duration by) {
  replicas_.at(static_cast<std::size_t>(replica)).clock_ahead += by;
}

void InProcess::set_watch_lag(int replica, Duration lag) {
  replicas_.at(static_cast<std::size_t>(replica)).watch_lag = lag;
}

void InProcess::mangle_watch(int replica, std::function<std::string(std::string)> mangle) {
  replicas_.at(static_cast<std::size_t>(replica)).mangle = std::move(mangle);
}

void InProcess::crash(int replica) {
  Replica& r = replicas_.at(static_cast<std::size_t>(replica));
  for (const auto& [id, stream] : r.streams) {
    if (stream.server_id) r.kube->store().close_watch(*stream.server_id);
  }
  r.streams.clear();
  r.held.clear();
  r.engine.reset();
}

void InProcess::stop(int replica) { input(replica, io::Stop{}); }

void InProcess::token_changed(int replica, bool present) {
  input(replica, io::TokenChanged{present});
}

void InProcess::pause(int replica) {
  replicas_.at(static_cast<std::size_t>(replica)).paused = true;
}

void InProcess::resume(int replica) {
  Replica& r = replicas_.at(static_cast<std::size_t>(replica));
  r.paused = false;
  for (io::Input& held : std::exchange(r.held, {})) input(replica, std::move(held));
}

bool InProcess::running(int replica) const {
  return replicas_.at(static_cast<std::size_t>(replica)).engine != nullptr;
}

std::optional<io::Exit> InProcess::exit(int replica) const {
  return replicas_.at(static_cast<std::size_t>(replica)).exit;
}

engine::Health InProcess::health(int replica) const {
  const Replica& r = replicas_.at(static_cast<std::size_t>(replica));
  return r.engine ? r.engine->health() : engine::Health{};
}

const engine::Engine* InProcess::engine(int replica) const {
  return replicas_.at(static_cast<std::size_t>(replica)).engine.get();
}

void InProcess::input(int replica, io::Input input) {
  Replica& r = replicas_.at(static_cast<std::size_t>(replica));
  if (!r.engine) return;
  if (r.paused) {
    r.held.push_back(std::move(input));
    return;
  }
  execute(replica, r.engine->handle(std::move(input), now(replica)));
}

void InProcess::execute(int replica, std::vector<io::Command> commands) {
  for (io::Command& command : commands) {
    Replica& r = replicas_.at(static_cast<std::size_t>(replica));
    const bool last = r.commands_left > 0 && --r.commands_left == 0;
    if (!last || r.crash_after) execute_one(replica, std::move(command));
    if (!last) continue;
    crash(replica);
    return;
  }
}

std::shared_ptr<io::HttpRequest> InProcess::counted(io::HttpRequest request) {
  ++*under_way_;
  return {new io::HttpRequest(std::move(request)), [counter = under_way_](io::HttpRequest* r) {
            --*counter;
            delete r;
          }};
}

void InProcess::execute_one(int replica, io::Command command) {
  Replica& r = replicas_.at(static_cast<std::size_t>(replica));
  std::visit(base::overloaded{[&](io::SendHttp& send) {
                                if (witness != nullptr) witness->sent(replica, send.request);
                                auto request = counted(std::move(send.request));
                                schedule(latency(), [this, replica, id = send.id, request] {
                                  arrive(replica, id, request);
                                });
                              },
                              [&](io::OpenWatch& open) {
                                schedule(latency(),
                                         [this, replica, open] { open_watch(replica, open); });
                              },
                              [&](io::CloseWatch& close) {
                                schedule(Duration{0}, [this, replica, id = close.id] {
                                  close_stream(replica, id, 200, "closed by this side");
                                });
                              },
                              [&](io::SetTimer& timer) {
                                const std::uint64_t number = ++r.timer;
                                const Duration in = std::max(Duration{0}, timer.at - mono_);
                                schedule(in, [this, replica, number] {
                                  if (replicas_[static_cast<std::size_t>(replica)].timer != number)
                                    return;
                                  input(replica, io::TimerFired{});
                                });
                              },
                              [&](io::Note& note) {
                                if (witness != nullptr) witness->noted(replica, note);
                                if (keeps_records_)
                                  notes_.push_back({now(), replica, std::move(note)});
                              },
                              [&](io::Exit& exit) {
                                r.exit = std::move(exit);
                                // Not at once: the engine that asked for it is still on the stack's
                                // way out.
                                schedule(Duration{0}, [this, replica] { crash(replica); });
                              }},
             command);
}

void InProcess::record(int replica, const io::HttpRequest& request, int status) {
  if (mono_ - minute_began_ >= std::chrono::minutes(1)) {
    minute_began_ = mono_;
    requests_this_minute_ = 0;
  }
  if (++requests_this_minute_ > kRequestsPerMinuteMax) {
    throw std::logic_error("requests without a pause, the last: " + request.operation);
  }
  if (!keeps_records_) return;
  requests_.push_back({now(), replica, request.server,
                       std::string(io::method_name(request.method)) + " " + request.path,
                       request.operation, status});
}

// The request reaches the network in front of its server.
void InProcess::arrive(int replica, io::RequestId id,
                       const std::shared_ptr<io::HttpRequest>& request) {
  const auto mishap = strike(replica, *request);
  if (!mishap) {
    apply(replica, id, request, {});
    return;
  }
  const Fault* const fault = &mishap->fault;
  switch (fault->kind) {
    case FaultKind::kAnswer: {
      record(replica, *request, fault->status);
      io::HttpResponse response;
      response.status = fault->status;
      response.body = base::SecretText(std::string(fault->body));
      response.retry_after = fault->retry_after;
      response.date = now().wall;
      answer(replica, id, latency(), received(*request, std::move(response)));
      return;
    }
    case FaultKind::kDropAnswer:
      record(replica, *request, 0);
      serve(replica, *request);
      answer(replica, id, request->timeout, no_answer(base::ErrorCode::kUnknown, "timed out"));
      return;
    case FaultKind::kDropRequest:
      record(replica, *request, 0);
      answer(replica, id, request->timeout, no_answer(base::ErrorCode::kUnknown, "timed out"));
      return;
    case FaultKind::kUnreachable:
      record(replica, *request, 0);
      answer(replica, id, latency(),
             no_answer(base::ErrorCode::kUnreachable, "connection refused"));
      return;
    case FaultKind::kDelay: apply(replica, id, request, *mishap); return;
    case FaultKind::kKillBefore: record(replica, *request, 0); break;
    case FaultKind::kKillAfter:
      record(replica, *request, 0);
      serve(replica, *request);
      break;
  }
  crash(replica);
}

std::optional<Mishap> InProcess::strike(int replica, const io::HttpRequest& request) {
  if (network) {
    if (auto mishap = network(replica, request)) return mishap;
  }
  auto fault = faults.strike(request);
  if (!fault) return std::nullopt;
  Mishap out;
  out.fault = *std::move(fault);
  return out;
}

// The sender gives up at its timeout; the request is applied all the same.
void InProcess::apply(int replica, io::RequestId id,
                      const std::shared_ptr<io::HttpRequest>& request, const Mishap& mishap) {
  const bool late = mishap.fault.delay + mishap.answer_delay >= request->timeout;
  if (late) {
    answer(replica, id, request->timeout, no_answer(base::ErrorCode::kUnknown, "timed out"));
  }
  schedule(mishap.fault.delay, [this, replica, id, request, late, mishap] {
    io::HttpResponse response = serve(replica, *request);
    for (int again = 1; again < mishap.deliveries; ++again) response = serve(replica, *request);
    if (mishap.alter) mishap.alter(response);
    record(replica, *request, late ? 0 : response.status);
    if (late) return;
    for (int more = 1; more < mishap.answers; ++more) {
      answer(replica, id, latency() + mishap.answer_delay, received(*request, copy_of(response)));
    }
    answer(replica, id, latency() + mishap.answer_delay, received(*request, std::move(response)));
  });
}

io::HttpResponse InProcess::serve(int replica, const io::HttpRequest& request) {
  const bool kube_call = request.server == io::Server::kKube;
  serving_ = replica;
  Replica& r = replicas_.at(static_cast<std::size_t>(replica));
  io::HttpResponse response =
      kube_call ? r.kube->handle(request, now()) : r.netbird->handle(request, now());
  serving_ = -1;
  if (witness != nullptr) witness->applied(replica, request, response);
  if (kube_call) deliver_watch_lines();
  return response;
}

void InProcess::answer(int replica, io::RequestId id, Duration in, io::HttpOutcome outcome) {
  auto kept = std::make_shared<io::HttpOutcome>(std::move(outcome));
  schedule(in, [this, replica, id, kept] { input(replica, io::HttpDone{id, std::move(*kept)}); });
}

void InProcess::open_watch(int replica, const io::OpenWatch& command) {
  Replica& r = replicas_.at(static_cast<std::size_t>(replica));
  if (!r.engine) return;
  r.streams[command.id] = {std::nullopt, command.inactivity_max, 0, {}};
  io::HttpRequest as_request;
  as_request.path = command.path;
  as_request.accept = command.accept;
  const auto mishap = strike(replica, as_request);
  if (mishap && mishap->rewrite) mishap->rewrite(as_request);
  const bool passes = !mishap || (network && mishap->fault.kind == FaultKind::kDelay);
  if (!passes) {
    const Fault* const fault = &mishap->fault;
    const bool answered = fault->kind == FaultKind::kAnswer;
    record(replica, as_request, answered ? fault->status : 0);
    close_stream(replica, command.id, answered ? fault->status : 0,
                 answered ? fault->body : "connection reset", fault->retry_after);
    return;
  }
  const auto start = r.kube->open_watch(as_request.path, command.accept, now());
  record(replica, as_request, start.status);
  if (start.status != 200) {
    close_stream(replica, command.id, start.status, start.body);
    return;
  }
  // As the real server does, it leaves a watch from a version beyond its own without an answer.
  const bool answered = !start.id || !r.kube->store().ahead(*start.id);
  if (answered) input(replica, io::WatchOpened{command.id, 200});
  if (start.id) {
    stream_opened(replica, command.id, command.path, *start.id);
    return;
  }
  watch_bytes(replica, command.id, start.body);
  close_stream(replica, command.id, 200, "");
}

void InProcess::stream_opened(int replica, io::WatchId id, const std::string& path,
                              KubeWatchId server_id) {
  replicas_.at(static_cast<std::size_t>(replica)).streams[id].server_id = server_id;
  deliver_watch_lines();
  guard_inactivity(replica, id);
  schedule(kBookmarkCheck, [this] { deliver_watch_lines(); });
  if (const Duration timeout = watch_timeout(path); timeout.count() > 0) {
    schedule(timeout, [this, replica, id] { close_stream(replica, id, 200, ""); });
  }
}

void InProcess::watch_bytes(int replica, io::WatchId id, const std::string& bytes) {
  input(replica, io::WatchBytes{id, base::SecretText(std::string(bytes))});
}

void InProcess::deliver_watch_lines() {
  for (std::size_t i = 0; i < replicas_.size(); ++i) {
    const int replica = static_cast<int>(i);
    for (auto& [id, stream] : replicas_[i].streams) {
      if (!stream.server_id) continue;
      std::string lines = replicas_[i].kube->store().take_lines(*stream.server_id, mono_);
      if (lines.empty()) continue;
      ++stream.activity;
      Replica& r = replicas_[i];
      if (r.mangle) lines = std::exchange(r.mangle, nullptr)(std::move(lines));
      stream.last_line_at = std::max(stream.last_line_at, mono_ + kStreamLatency + r.watch_lag);
      schedule(stream.last_line_at - mono_, [this, replica, id = id, lines = std::move(lines)] {
        if (!replicas_[static_cast<std::size_t>(replica)].streams.contains(id)) return;
        watch_bytes(replica, id, lines);
        guard_inactivity(replica, id);
      });
    }
  }
}

// As the shell does: a stream that stays silent for too long is closed. The next look is due when
// the silence would be too long, and a bookmark comes up in the meantime.
void InProcess::guard_inactivity(int replica, io::WatchId id) {
  auto& streams = replicas_.at(static_cast<std::size_t>(replica)).streams;
  const auto found = streams.find(id);
  if (found == streams.end()) return;
  const std::uint64_t seen = found->second.activity;
  schedule(kBookmarkCheck, [this] { deliver_watch_lines(); });
  schedule(found->second.inactivity_max, [this, replica, id, seen] {
    auto& now_open = replicas_[static_cast<std::size_t>(replica)].streams;
    const auto still = now_open.find(id);
    if (still == now_open.end() || still->second.activity != seen) return;
    close_stream(replica, id, 0, "the stream was silent for too long");
  });
}

void InProcess::close_stream(int replica, io::WatchId id, int status, const std::string& cause,
                             std::optional<Duration> retry_after) {
  Replica& r = replicas_.at(static_cast<std::size_t>(replica));
  auto& streams = r.streams;
  const auto found = streams.find(id);
  if (found == streams.end()) return;
  if (found->second.server_id) r.kube->store().close_watch(*found->second.server_id);
  streams.erase(found);
  input(replica, io::WatchClosed{id, status, cause, retry_after});
}

void InProcess::connect(int replica, FakeKube& kube_server, FakeNetBird& netbird_server) {
  Replica& r = replicas_.at(static_cast<std::size_t>(replica));
  r.kube = &kube_server;
  r.netbird = &netbird_server;
}

void InProcess::restore_kube(const FakeKube& backup) {
  break_watches();
  kube.restore(backup);
}

void InProcess::break_watches() {
  for (std::size_t i = 0; i < replicas_.size(); ++i) {
    std::vector<io::WatchId> open;
    for (const auto& [id, stream] : replicas_[i].streams) open.push_back(id);
    for (const io::WatchId id : open) {
      close_stream(static_cast<int>(i), id, 0, "connection reset by peer");
    }
  }
}

std::string InProcess::log_text() const {
  std::string out;
  for (const NoteRecord& record : notes_) {
    out +=
        base::format_rfc3339(record.at.wall) + " " + record.note.event + " " + record.note.message;
    for (const auto& [name, value] : record.note.fields) out += " " + name + "=" + value;
    out += "\n";
  }
  return out;
}

}  // namespace nbkeys::fakes
