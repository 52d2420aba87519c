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

// What befalls one request on its way, beyond what armed rules can say.
struct Mishap {
  Mishap() { fault.kind = FaultKind::kDelay; }

  Fault fault;         // a delay of nothing lets the request pass
  int deliveries = 1;  // 2: the library sent it again on a reused connection
  int answers = 1;     // how often its answer comes
  base::Duration answer_delay{0};
  std::function<void(io::HttpResponse&)> alter;   // the answer, on its way back
  std::function<void(io::HttpRequest&)> rewrite;  // the request for a watch, on its way there
};

// Sees everything that passes between the operators and the servers; for checkers.
class Witness {
 public:
  virtual ~Witness() = default;
  virtual void sent(int replica, const io::HttpRequest& request) = 0;
  virtual void applied(int replica, const io::HttpRequest& request,
                       const io::HttpResponse& response) = 0;
  virtual void noted(int replica, const io::Note& note) = 0;
};

class InProcess {
 public:
  explicit InProcess(std::uint64_t seed = 1);
  ~InProcess();

  FakeKube kube;
  FakeNetBird netbird;
  Faults faults;
  // Asked of each request before the armed rules are.
  std::function<std::optional<Mishap>(int replica, const io::HttpRequest&)> network;
  Witness* witness = nullptr;

  base::Now now() const { return {mono_, start_wall_ + slept_ + mono_.since_start}; }
  // As a replica's own clock shows it.
  base::Now now(int replica) const;
  // Runs everything that is due within this time, and moves the clock on by it.
  void advance(base::Duration duration);
  // Runs until the predicate holds, at most for so long. Returns whether it holds. Looks only after
  // something has happened, and not more often than every `look`.
  bool run_until(const std::function<bool()>& predicate, base::Duration limit,
                 base::Duration look = base::Duration{0});

  // Every machine is suspended for so long: the wall clock moves on, nothing else does. To be
  // called while no request is under way, because the servers sleep too.
  void sleep(base::Duration duration) { slept_ += duration; }
  // The replica whose request is being served right now; -1: none.
  int serving() const { return serving_; }
  std::size_t requests_under_way() const { return *under_way_; }

  int start_operator(engine::Options options, base::Duration clock_ahead = base::Duration{0});
  void crash(int replica);
  // Crashes it around its n-th command from now on.
  void crash_at_command(int replica, int n, bool after);
  void step_clock(int replica, base::Duration by);
  void stop(int replica);  // as SIGTERM does
  void pause(int replica);
  void resume(int replica);
  void token_changed(int replica, bool present);
  bool running(int replica) const;
  std::optional<io::Exit> exit(int replica) const;
  engine::Health health(int replica) const;
  const engine::Engine* engine(int replica) const;  // null where it does not run

  // Lets this replica speak with other servers than `kube` and `netbird`: of another account, of
  // another cluster. To be called right after its start. Both must outlive the world.
  void connect(int replica, FakeKube& kube_server, FakeNetBird& netbird_server);
  // The API server comes back with an older state, as after etcd was restored from a backup.
  void restore_kube(const FakeKube& backup);

  // Ends every open watch as a broken connection.
  void break_watches();
  // The server that this replica watches is behind by so much.
  void set_watch_lag(int replica, base::Duration lag);
  // Changes the next lines that this replica's watches bring.
  void mangle_watch(int replica, std::function<std::string(std::string)> mangle);
  // To be called after the fakes were changed from outside, so that watches tell it.
  void changed() { deliver_watch_lines(); }

  const std::vector<RequestRecord>& requests() const { return requests_; }
  void forget_requests() { requests_.clear(); }
  // With a witness, a long run needs no records of its own.
  void keep_no_records() { keeps_records_ = false; }
  const std::vector<NoteRecord>& notes() const { return notes_; }
  // What a person would read in the log, for the search for keys in it.
  std::string log_text() const;

 private:
  struct Stream {
    std::optional<KubeWatchId> server_id;
    base::Duration inactivity_max{0};
    std::uint64_t activity = 0;
    base::Instant last_line_at;  // lines of one stream arrive in order, whatever the lag
  };
  struct Replica {
    std::unique_ptr<engine::Engine> engine;
    FakeKube* kube = nullptr;
    FakeNetBird* netbird = nullptr;
    bool paused = false;
    std::vector<io::Input> held;  // what happened while paused
    std::uint64_t timer = 0;      // counts SetTimer; an older one is void
    std::map<io::WatchId, Stream> streams;
    std::optional<io::Exit> exit;
    base::Duration clock_ahead{0};
    base::Duration watch_lag{0};
    std::function<std::string(std::string)> mangle;
    int commands_left = 0;  // until the crash; 0: none is due
    bool crash_after = false;
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
             const Mishap& mishap);
  std::optional<Mishap> strike(int replica, const io::HttpRequest& request);
  io::HttpResponse serve(int replica, const io::HttpRequest& request);
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
  std::shared_ptr<io::HttpRequest> counted(io::HttpRequest request);

  const base::WallTime start_wall_;
  base::Duration slept_{0};
  bool keeps_records_ = true;
  int serving_ = -1;
  // Shared with the requests themselves: each counts until it has had its effect or is lost.
  std::shared_ptr<std::size_t> under_way_ = std::make_shared<std::size_t>(0);
  base::Instant mono_;
  std::uint64_t sequence_ = 0;
  std::uint64_t steps_at_once_ = 0;
  base::Instant minute_began_;
  std::size_t requests_this_minute_ = 0;
  base::Random random_;
  base::Random tickets_;  // one for all, as the kernels of all machines give different words
  std::priority_queue<Step, std::vector<Step>, Later> steps_;
  std::vector<Replica> replicas_;
  std::vector<RequestRecord> requests_;
  std::vector<NoteRecord> notes_;
};

}  // namespace nbkeys::fakes
