#pragma once
// A world with one trouble that stays: the real engine on virtual time between the fakes, what
// people do in it, and what is measured while the trouble lasts. Everything is measured at the
// servers: the engine is a black box.

#include <gtest/gtest.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <regex>
#include <string>
#include <vector>

#include "fakes/in_process.h"
#include "sim/ledger.h"

namespace nbkeys::lasting {

using base::Duration;
using base::Instant;
using fakes::Fault;
using fakes::FaultKind;
using fakes::Json;

constexpr Duration kSecond{1'000};
constexpr Duration kMinute{60'000};
constexpr Duration kHour{3'600'000};
constexpr Duration kDay{86'400'000};
// What a resync takes at most, with its jitter and the calls that follow it.
constexpr Duration kResyncAtMost{345'000};

inline constexpr char kTeam[] = "team-a";

// Paths as faults name them: "METHOD /path?query".
inline constexpr char kPostKey[] = "^POST /api/setup-keys$";
inline constexpr char kPutKey[] = "^PUT /api/setup-keys/";
inline constexpr char kDeleteKey[] = "^DELETE /api/setup-keys/";
inline constexpr char kListKeys[] = "^GET /api/setup-keys$";
inline constexpr char kListGroups[] = "^GET /api/groups";
inline constexpr char kPatchStatus[] = "^PATCH .*/setupkeys/[^/?]+/status";
inline constexpr char kPatchSetupKey[] = "^PATCH .*/setupkeys/[^/?]+(\\?|$)";
inline constexpr char kPostSecret[] = "^POST .*/secrets(\\?|$)";
inline constexpr char kPatchSecret[] = "^PATCH .*/secrets/";
inline constexpr char kWriteSecret[] = "^(POST|PATCH|PUT) .*/secrets";
inline constexpr char kGetSecret[] = "^GET .*/secrets/";
inline constexpr char kPostEvent[] = "^POST .*/events";
inline constexpr char kNetBirdCalls[] = " /api/(setup-keys|groups|users|accounts)";

// What a stretch of time cost. Lease and watches are apart, and of each list one call a minute.
struct Bill {
  int first_minute = 0;
  int worst_minute = 0;
  int worst_hour = 0;
  int total = 0;
  int log_lines = 0;      // of level info and above
  int events_of_one = 0;  // the most warnings of one reason about one object
  int posts = 0;          // of keys
};

class Scene : public fakes::Witness {
 public:
  explicit Scene(std::uint64_t seed = 1);

  fakes::InProcess inside;

  static engine::Options options();
  // Starts an operator. One that ends by itself is started again, later each time, as by a kubelet.
  int start() { return start(options()); }
  int start(engine::Options options);

  // What a person does.
  void add_namespace(const std::string& name);
  void apply(const std::string& name, const Json& spec = Json::object(),
             const std::string& name_space = kTeam);
  // Several of one spec: "key-0" and so on.
  void apply_many(int count, const Json& spec = Json::object(),
                  const std::string& name_space = kTeam);
  void edit(const std::string& name, const Json& spec_change);
  void annotate(const std::string& name, const std::string& annotation, const Json& value);
  void rotate(const std::string& name, const std::string& value = "again");
  void remove(const std::string& name);
  void patch_secret(const std::string& name, const Json& change);
  void remove_secret(const std::string& name);
  // A Secret that belongs to somebody else, in the place of ours.
  void usurp_secret(const std::string& name);
  Json person(io::Server server, io::Method method, const std::string& path,
              const Json& body = nullptr,
              const std::string& content_type = "application/merge-patch+json");

  // Trouble that stays until the faults are cleared.
  void refuse(const std::string& pattern, int status, const std::string& message = "not now");
  void strike(const std::string& pattern, FaultKind kind);
  // As refuse, with words that differ from answer to answer.
  void refuse_in_words(const std::string& pattern, int status,
                       std::function<std::string(int count)> words);
  // The request is carried out; its answer is changed on its way back.
  void alter(const std::string& pattern, std::function<void(io::HttpResponse&)> change);
  // The trouble ends.
  void relieve();

  // What is there.
  Json resource(const std::string& name, const std::string& name_space = kTeam) const;
  Json secret(const std::string& name, const std::string& name_space = kTeam) const;
  std::string key_id(const std::string& name) const;  // in use, by status
  // The keys at NetBird with the mark of this SetupKey.
  std::vector<Json> keys(const std::string& name, const std::string& name_space = kTeam) const;
  // A key is ended that is gone or revoked.
  bool ended(const std::string& id) const;
  bool good(const std::string& id) const { return !ended(id); }
  // "True", "False" or nothing; the reason behind a slash.
  std::string condition(const std::string& name, const std::string& type,
                        const std::string& name_space = kTeam) const;
  std::string reason(const std::string& name, const std::string& type) const;
  bool ready(const std::string& name, const std::string& name_space = kTeam) const;
  int ready_count() const;
  std::vector<Json> events(const std::string& reason = "") const;
  // What is not as it should be were all at rest; empty: nothing.
  std::string wrong() const;

  // Time.
  base::Instant time() const { return inside.now().mono; }
  // Lets time go by; false where it was given up since the operator asks without end.
  bool pass(Duration duration);
  // How long until it holds, by a look every second; `limit` where it does not.
  Duration until(const std::function<bool()>& holds, Duration limit);
  // Waits for the quiet world with which a scene begins.
  void settle();

  // What was asked since then.
  Bill bill(Instant since) const;
  int requests_like(const std::string& pattern, Instant since) const;
  // Keys that NetBird made since then.
  int issued(Instant since) const;
  const sim::Ledger& ledger() const { return ledger_; }

  void sent(int, const io::HttpRequest&) override {}
  void applied(int replica, const io::HttpRequest& request,
               const io::HttpResponse& response) override;
  void noted(int, const io::Note&) override {}

 private:
  struct Meddling {
    std::regex pattern;
    std::function<fakes::Mishap()> mishap;
  };
  struct Process {
    engine::Options options;
    int replica = 0;
    Duration back_off{10'000};
    std::optional<Instant> due;  // when it is started again
  };
  // Starts what has ended by itself.
  void supervise();
  void meddle(const std::string& pattern, std::function<fakes::Mishap()> mishap);

  sim::Ledger ledger_;
  std::vector<Meddling> meddlings_;
  std::vector<Process> processes_;
};

std::string setup_key_path(const std::string& name, const std::string& name_space = kTeam);
std::string secret_path(const std::string& name, const std::string& name_space = kTeam);

// What was measured beside its bound: printed always, so that a run is a table, and failed beyond.
void at_most(const std::string& what, double measured, double bound);
void at_least(const std::string& what, double measured, double bound);
double seconds(Duration duration);
void cut_short(io::HttpResponse& response);
void make_html(io::HttpResponse& response);

// Every bound of P3 for one SetupKey.
void expect_quiet_of_one(const Bill& bill);
// And for one cause of many.
void expect_quiet_together(const Bill& bill);

}  // namespace nbkeys::lasting
