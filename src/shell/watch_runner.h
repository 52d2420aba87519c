#pragma once
// Executes OpenWatch and CloseWatch: a long GET whose body arrives in pieces. For each watch, in
// this order: WatchOpened once where there was a status line, WatchBytes only for status 200,
// WatchClosed exactly once. Used on the pool thread only.

#include <functional>
#include <map>
#include <memory>

#include "io/command.h"
#include "io/input.h"
#include "shell/upstream.h"
#include "telemetry/exchange.h"

namespace nbkeys::shell {

class WatchRunner {
 public:
  struct Hooks {
    std::function<void(io::Input)> input;
    std::function<void(const telemetry::Exchange&)> finished;
    std::function<void(io::Server)> refused;
  };

  WatchRunner(Upstream& kube, Hooks hooks);

  void open(io::OpenWatch command);
  void close(io::WatchId id);

 private:
  struct Stream;
  void begin(const std::shared_ptr<Stream>& stream, const io::OpenWatch& command);
  void opened(const std::shared_ptr<Stream>& stream);
  void piece(Stream& stream, std::string_view bytes);
  void ended(const std::shared_ptr<Stream>& stream, const std::string& cause);

  Upstream& kube_;
  Hooks hooks_;
  std::map<io::WatchId, std::shared_ptr<Stream>> streams_;
};

}  // namespace nbkeys::shell
