#pragma once
// Where the parts of the core put what they want done: gives each request and watch its number.

#include <string>
#include <utility>
#include <vector>

#include "io/command.h"

namespace nbkeys::io {

class Outbox {
 public:
  RequestId send(HttpRequest request) {
    commands_.push_back(SendHttp{++last_id_, std::move(request)});
    return last_id_;
  }
  WatchId open_watch(std::string path, std::string accept, base::Duration inactivity_max) {
    commands_.push_back(OpenWatch{++last_id_, std::move(path), std::move(accept), inactivity_max});
    return last_id_;
  }
  void close_watch(WatchId id) {
    // In place, because g++ 12 suspects the temporary of being half initialised.
    commands_.emplace_back(std::in_place_type<CloseWatch>, CloseWatch{id});
  }
  void put(Command command) { commands_.push_back(std::move(command)); }
  void note(Severity severity, std::string event, std::string message,
            std::vector<std::pair<std::string, std::string>> fields = {}) {
    commands_.push_back(Note{severity, std::move(event), std::move(message), std::move(fields)});
  }
  std::vector<Command> take() { return std::exchange(commands_, {}); }

 private:
  std::uint64_t last_id_ = 0;
  std::vector<Command> commands_;
};

}  // namespace nbkeys::io
