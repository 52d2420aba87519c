#pragma once
// The real engine against the fakes on virtual time, in one thread: every input and every request
// is an event in one queue ordered by time and sequence, so that a run with the same steps is the
// same run. A replica can be crashed (its requests under way are still applied, their answers are
// lost), started again, paused (as by SIGSTOP) and resumed; several can run at once.

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <queue>
#include <string>
#include <vector>

#include "engine/engine.h"
#include "fakes/fake_kube.h"
#include "fakes/fake_netbird.h"
#include "fakes/faults.h"

namespace nbkeys::fakes {

// One request of an operator as the servers saw it.
struct RequestRecord {
  base::Now at;
  int replica = 0;
  io::Server server = io::Server::kKube;
  std::string line;  // "METHOD /path?query"
  std::string operation;
  int status = 0;  // 0: there was no answer
};

struct NoteRecord {
  base::Now at;
  int replica = 0;
  io::Note note;
};

class InProcess {
 public:
  explicit InProcess(std::uint64_t seed = 1);
  ~InProcess();

  FakeKube kube;
  FakeNetBird netbird;
  Faults faults;

  base::Now now() const { return {mono_, start_wall_ + mono_.since_start}; }
  // Runs everything that is due within this time, and moves the clock on by it.
  void advance(base::Duration duration);
  // Runs until the predicate holds, at most for so long. Returns whether it holds. Looks only after
  // something has happened, and not more often than every `look`.
  bool run_until(const std::function<bool()>& predicate, base::Duration limit,
                 base::Duration look = base::Duration{0});

  int start_operator(engine::Options options);
  void crash(int replica);
  void stop(int replica);  // as SIGTERM does
  void pause(int replica);
  void resume(int replica);
  void token_changed(int replica, bool present);
  bool running(int replica) const;
  std::optional<io::Exit> exit(int replica) const;
  engine::Health health(int replica) const;

  // Ends every open watch as a broken connection.
  void break_watches();
  // To be called after the fakes were changed from outside, so that watches tell it.
  void changed() { deliver_watch_lines(); }

  const std::vector<RequestRecord>& requests() const { return requests_; }
  void forget_requests() { requests_.clear(); }
  const std::vector<NoteRecord>& notes() const { return notes_; }
  // What a person would read in the log, for the search for keys in it.
  std::string log_text() const;

 private:
  struct Stream {
    std::optional<KubeWatchId> server_id;
    base::Duration inactivity_max{0};
    std::uint64_t activity = 0;
  };
  struct Replica {
    std::unique_ptr<engine::Engine> engine;
    bool paused = false;
    std::vector<io::Input> held;  // what happened while paused
    std::uint64_t timer = 0;      // counts SetTimer; an older one is void
    std::map<io::WatchId, Stream> streams;
    std::optional<io::Exit> exit;
  };
  struct Step {
    base::Instant at;
    std::uint64_t sequence = 0;
    std::function<void()> run;
  };
  struct Later {
    bool operator()(const Step& a, const Step& b) const {
      return a.at != b.at ? a.at > b.at : a.sequence > b.sequence;
    }
  };

  void schedule(base::Duration in, std::function<void()> run);
  bool run_one(base::Instant until);
  void input(int replica, io::Input input);
  void execute(int replica, std::vector<io::Command> commands);
  void execute_one(int replica, io::Command command);
  void arrive(int replica, io::RequestId id, const std::shared_ptr<io::HttpRequest>& request);
  void apply(int replica, io::RequestId id, const std::shared_ptr<io::HttpRequest>& request,
             base::Duration delay);
  io::HttpResponse serve(const io::HttpRequest& request);
  void answer(int replica, io::RequestId id, base::Duration in, io::HttpOutcome outcome);
  void open_watch(int replica, const io::OpenWatch& command);
  void stream_opened(int replica, io::WatchId id, const std::string& path, KubeWatchId server_id);
  void close_stream(int replica, io::WatchId id, int status, const std::string& cause,
                    std::optional<base::Duration> retry_after = std::nullopt);
  void deliver_watch_lines();
  void watch_bytes(int replica, io::WatchId id, const std::string& bytes);
  void guard_inactivity(int replica, io::WatchId id);
  void record(int replica, const io::HttpRequest& request, int status);
  base::Duration latency();

  const base::WallTime start_wall_;
  base::Instant mono_;
  std::uint64_t sequence_ = 0;
  std::uint64_t steps_at_once_ = 0;
  base::Instant minute_began_;
  std::size_t requests_this_minute_ = 0;
  base::Random random_;
  std::priority_queue<Step, std::vector<Step>, Later> steps_;
  std::vector<Replica> replicas_;
  std::vector<RequestRecord> requests_;
  std::vector<NoteRecord> notes_;
};

}  // namespace nbkeys::fakes
