#pragma once
// Executes SendHttp commands: one exchange each, every exception turned into an outcome, exactly
// one HttpDone per request, never from within send(). Used on the pool thread only.

#include <functional>
#include <memory>

#include "io/command.h"
#include "io/input.h"
#include "shell/upstream.h"
#include "telemetry/exchange.h"

namespace nbkeys::shell {

class HttpRunner {
 public:
  struct Hooks {
    std::function<void(io::HttpDone)> done;
    std::function<void(const telemetry::Exchange&)> finished;
    // The server answered 401.
    std::function<void(io::Server)> refused;
  };

  HttpRunner(Upstream& kube, Upstream& netbird, Hooks hooks);

  void send(io::SendHttp command);

 private:
  struct Exchange;
  void begin(const std::shared_ptr<Exchange>& exchange, io::HttpRequest& request);
  void finish(const std::shared_ptr<Exchange>& exchange, io::HttpOutcome outcome);

  Upstream& kube_;
  Upstream& netbird_;
  Hooks hooks_;
};

}  // namespace nbkeys::shell
