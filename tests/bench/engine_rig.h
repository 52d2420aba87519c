#pragma once
// The real engine with any number of SetupKeys at rest and no servers. Only the time inside the
// engine counts, as the CPU of this thread, so that what makes the inputs does not show.

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "bench/engine_sample.h"
#include "engine/engine.h"
#include "fakes/fake_kube.h"
#include "fakes/fake_netbird.h"

namespace nbkeys::bench {

struct Cost {
  std::int64_t nanoseconds = 0;
  std::size_t events = 0;
  double each() const {
    return events == 0 ? 0 : static_cast<double>(nanoseconds) / static_cast<double>(events);
  }
};

class Rig {
 public:
  Rig(const Sample& sample, std::size_t count);

  // Brings the engine from its start to rest. Throws where it wants to write anything.
  void start();
  // Events of objects at rest, spread over all of them.
  void modified(std::size_t events);
  void secret_changed(std::size_t events);
  void bookmarks(std::size_t events);
  void resync();
  // New SetupKeys, each until nothing is left to do for it.
  void issue(std::size_t keys);

  // By kind; see the table of engine_bench.
  const std::map<std::string, Cost>& costs() const { return costs_; }
  std::size_t bytes_held() const { return bytes_held_; }

 private:
  struct Asked {
    io::RequestId id = 0;
    io::HttpRequest request;
  };

  void feed(io::Input input, const std::string& kind, std::size_t events);
  void take(std::vector<io::Command> commands);
  void answer_all(const std::string& kind);
  bool answer_list(Asked& asked);
  io::HttpResponse serve(const io::HttpRequest& request);
  std::string page(const Form& form, const std::string& path, std::size_t& objects);
  std::string all_keys() const;
  void line(const std::string& type, const std::string& object, bool secrets,
            const std::string& kind);
  void deliver_new(const std::string& kind);
  void expect_no_write(const char* when) const;
  std::size_t spread();

  const Sample& sample_;
  const std::size_t count_;
  base::Now now_;
  std::unique_ptr<engine::Engine> engine_;
  fakes::FakeKube kube_;  // for what is new; what is at rest is in no server
  fakes::FakeNetBird netbird_;
  std::deque<Asked> asked_;
  struct Stream {
    io::WatchId id = 0;
    fakes::KubeWatchId server_id = 0;
  };
  Stream setup_keys_, secrets_;
  std::map<std::size_t, std::uint64_t> versions_;  // of the Secrets that have changed
  std::uint64_t version_ = 0;
  std::size_t at_ = 0;
  std::size_t created_ = 0;
  std::string written_;  // the operation of the last write
  base::Instant timer_;
  std::map<std::string, Cost> costs_;
  std::size_t bytes_held_ = 0;
};

}  // namespace nbkeys::bench
