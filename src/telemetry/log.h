#pragma once
// The log of the process: one line per note on standard error. May be used from any thread.

#include <functional>
#include <memory>

#include "io/command.h"
#include "telemetry/exchange.h"
#include "telemetry/line.h"

namespace nbkeys::telemetry {

class Log {
 public:
  using Clock = std::function<base::WallTime()>;

  Log(io::Severity least, Format format, Clock clock);
  ~Log();
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;

  void write(const io::Note& note);
  void write(io::Severity severity, std::string_view event, std::string message);
  // At trace level: method, path, status and duration.
  void write(const Exchange& exchange);
  void flush();

 private:
  struct Sink;
  io::Severity least_;
  Format format_;
  Clock clock_;
  std::unique_ptr<Sink> sink_;
};

}  // namespace nbkeys::telemetry
