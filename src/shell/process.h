#pragma once
// Everything that runs, wired together: servers, runners, loop, metrics. Lives until the process
// ends.

#include <memory>
#include <string>

#include "engine/options.h"
#include "io/command.h"
#include "shell/board.h"
#include "shell/event_loop.h"
#include "shell/http_runner.h"
#include "shell/memory.h"
#include "shell/scrape.h"
#include "shell/server.h"
#include "shell/supervisor.h"
#include "shell/upstream.h"
#include "shell/watch_runner.h"
#include "telemetry/log.h"
#include "telemetry/metrics.h"

namespace nbkeys::shell {

class Process {
 public:
  struct Parts {
    std::unique_ptr<Upstream> kube, netbird;
    Core core;
    bool elects = false;
  };

  // REQUIRES: start_pool() was called.
  Process(Parts parts, telemetry::Log& log, telemetry::Metrics& metrics, Supervisor& supervisor);

  // For the server: /healthz, /readyz, /metrics.
  Page page(std::string_view path);

  void start();  // from the main thread
  void stop();   // from the main thread: SIGTERM

 private:
  Hands hands();
  void beat();
  void netbird_token_changed();
  void refused(io::Server server);
  void turned(const engine::Health& health);
  void answered(io::HttpDone done);
  void give_back_soon(bool code_too);
  void refresh_certificates(Upstream& upstream);
  void finished(const telemetry::Exchange& exchange);
  std::string survey() const;

  std::unique_ptr<Upstream> kube_, netbird_;
  telemetry::Log& log_;
  telemetry::Metrics& metrics_;
  Supervisor& supervisor_;
  Board board_;
  EventLoop loop_;
  Scrape scrape_;
  HttpRunner http_;
  WatchRunner watch_;
  Timer beat_timer_, thrift_timer_;
  Thrift thrift_;
  bool code_too_ = false;
  std::uint64_t beats_ = 0;
};

}  // namespace nbkeys::shell
