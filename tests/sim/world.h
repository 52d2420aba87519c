#pragma once
// One seed's world: the real engine in two replicas, the fakes, and everything of the plan that
// happens to them. Runs the plan, then peace, and says what the checkers found.

#include <array>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "fakes/in_process.h"
#include "sim/checker.h"
#include "sim/digest.h"
#include "sim/swarm.h"

namespace nbkeys::sim {

struct RunOptions {
  std::set<int> suppressed;  // happenings that do not happen
  bool keeps_trace = false;
  bool canary = false;  // one key is logged, on purpose
};

struct Outcome {
  Findings findings;
  std::uint64_t digest = 0;
  std::string trace;
  std::map<std::string, std::uint64_t> faults;  // by kind: how often it really struck
  std::uint64_t requests = 0;
  std::uint64_t keys_issued = 0;
  base::Duration wall{0};   // by the calendar
  base::Duration awake{0};  // without the sleeping
};

Outcome run(const Plan& plan, const RunOptions& options);

struct Slot {
  std::string name_space;
  std::string name;
};

// What is on at present, beyond what was decided for single requests.
struct Weather {
  base::Instant netbird_down_until;
  base::Instant kube_down_until;
  bool token_revoked = false;
  int token_status = 401;
};

// A fault that waits for requests of its class.
struct Armed {
  Happening happening;
  int skip = 0;
  int left = 1;
  base::Instant until;
};

class World : public fakes::Witness {
 public:
  World(const Plan& plan, const RunOptions& options);
  Outcome run();

  fakes::InProcess inside;
  Weather weather;

  const Plan& plan() const { return plan_; }
  Checks& checks() { return checks_; }
  const std::vector<Slot>& slots() const { return slots_; }
  const Slot& slot(std::uint64_t number) const { return slots_[number % slots_.size()]; }
  // What a person does at a server; the checkers see it too. The answer's body as JSON.
  fakes::Json person(io::Server server, io::Method method, const std::string& path,
                     const fakes::Json& body = nullptr,
                     const std::string& content_type = "application/merge-patch+json");
  void later(base::Duration in, std::function<void()> what);
  void struck(Kind kind) { ++faults_[std::string(kind_name(kind))]; }
  void say(const std::string& text);
  int replica(std::uint64_t number) const { return replicas_[number % replicas_.size()]; }
  // Starts whatever does not run.
  void revive();
  bool calm() const { return calm_; }
  // Of the account to which the token belongs.
  fakes::FakeNetBird& netbird() { return away_ ? other_netbird_ : inside.netbird; }

  void sent(int replica, const io::HttpRequest& request) override;
  void applied(int replica, const io::HttpRequest& request,
               const io::HttpResponse& response) override;
  void noted(int replica, const io::Note& note) override;

 private:
  struct Due {
    base::Instant at;
    std::uint64_t sequence = 0;
    std::function<void()> what;
    bool operator<(const Due& other) const {
      return at != other.at ? at > other.at : sequence > other.sequence;
    }
  };

  void build();
  void start_replica(std::size_t place);
  void storm();
  void scrape();
  void live_until(base::Instant until);
  void sleep(const Window& window, base::Duration& saved);
  void make_peace();
  void expect_rest();
  void expect_quiet();
  void happen(const Happening& happening);
  void happen_to_processes(const Happening& happening);
  void step_clock(std::size_t place, base::Duration skew);
  void step_clocks(base::Duration ahead, int tries);
  void watch_trouble(const Happening& happening);
  void put_back(const Happening& happening);
  void fail_for_long(Happening happening);
  void change_account(bool away, base::Duration back_in);
  void use_account(bool away);
  void come_home();
  std::optional<fakes::Mishap> strike(int replica, const io::HttpRequest& request);
  bool failed() const { return !checks_.findings().empty(); }

  fakes::FakeNetBird other_netbird_;
  bool away_ = false;
  bool calm_at_last_ = false;  // nothing changes the account any more
  Plan plan_;
  RunOptions options_;
  Checks checks_;
  std::vector<Slot> slots_;
  std::array<int, 2> replicas_{-1, -1};
  std::array<base::Duration, 2> skews_{};
  base::Duration clocks_ahead_{0};
  std::array<bool, 2> paused_{};
  std::vector<Armed> armed_;
  std::vector<Due> due_;  // a heap
  std::uint64_t sequence_ = 0;
  std::size_t next_ = 0;
  int starts_ = 0;
  bool calm_ = false;
  bool canary_sang_ = false;
  std::uint64_t writes_ = 0;
  std::set<std::string> excused_;  // parts of paths whose writes do not count in the quiet hour
  std::string first_write_;
  Digest digest_;
  Outcome out_;
  std::map<std::string, std::uint64_t> faults_;
};

// people.cc: what a person does; with_peace leaves nothing in the way of resting.
void act_as_person(World& world, const Happening& happening);
void create_setup_key(World& world, const Slot& slot, std::uint64_t draw);
void leave_in_peace(World& world);

// mishaps.cc: what an armed fault does to a request of its class.
bool hits(RequestClass hit, const io::HttpRequest& request);
fakes::Mishap mishap_of(const Happening& happening, const io::HttpRequest& request);

// rest.cc: what is not as it should be when all has come to rest; empty: nothing.
std::string wrong_at_rest(const Ledger& ledger, const fakes::Json& netbird_keys,
                          const std::map<std::string, std::string>& groups, base::WallTime now);
// The next date that some status names, from now on.
std::optional<base::WallTime> next_date(const Ledger& ledger, base::WallTime now);
// SetupKeys with something due in so long from now, or just before, by "namespaces/<ns>/" and name
// and by the mark's owner.
std::set<std::string> with_dates(const Ledger& ledger, base::Now now, base::Duration length);

}  // namespace nbkeys::sim
