#include "engine/engine.h"

#include <gtest/gtest.h>

#include <deque>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "world_fixture.h"

namespace nbkeys::engine {
namespace {

using testing::answer;
using testing::json;
using testing::kKey;

// Just enough of two servers to let an engine run: SetupKeys whose status can be patched, Secrets
// that can be created, keys that can be made. Time moves only when the test says so.
class Servers {
 public:
  explicit Servers(Options options) : engine_(std::move(options)) {}

  void add(const std::string& name) {
    objects_[name] =
        json(R"({"metadata":{"namespace":"ns","name":")" + name + R"(","uid":"uid-)" + name +
             R"(","generation":1,"finalizers":["keys.netbird.io/setup-key"]},)" +
             R"("spec":{},"status":{}})");
    objects_[name]["metadata"]["resourceVersion"] = std::to_string(++version_);
  }
  void start() { take(engine_.start(now())); }
  void input(io::Input in) { take(engine_.handle(std::move(in), now())); }
  void advance(std::int64_t ms) {
    const std::int64_t until = mono_ms_ + ms;
    while (timer_ && timer_->since_start.count() <= until) {
      mono_ms_ = std::max(mono_ms_, timer_->since_start.count());
      timer_.reset();
      input(io::TimerFired{});
    }
    mono_ms_ = until;
  }
  int count(const std::string& operation) const {
    const auto found = sent_.find(operation);
    return found == sent_.end() ? 0 : found->second;
  }
  const std::map<std::string, int>& sent() const { return sent_; }
  const base::Json& status_of(const std::string& name) { return objects_[name]["status"]; }
  Health health() const { return engine_.health(); }
  io::Vitals vitals() const { return engine_.vitals({base::Duration{mono_ms_}}); }

  std::vector<io::Exit> exits;
  std::map<std::string, int> statuses;     // operation -> forced answer
  std::map<std::string, bool> unanswered;  // operation -> its answers are kept back
  std::deque<io::RequestId> kept;
  std::string named;  // the last key that was asked for

 private:
  base::Now now() const {
    return {{base::Duration{mono_ms_}}, {base::Duration{1'800'000'000'000 + mono_ms_}}};
  }
  void take(std::vector<io::Command> commands) {
    for (io::Command& command : commands) todo_.push_back(std::move(command));
    if (busy_) return;
    busy_ = true;
    while (!todo_.empty()) {
      io::Command command = std::move(todo_.front());
      todo_.pop_front();
      carry_out(std::move(command));
    }
    busy_ = false;
  }
  void carry_out(io::Command command) {
    if (auto* send = std::get_if<io::SendHttp>(&command)) {
      ++sent_[send->request.operation];
      if (send->request.operation == "create_key") {
        named = base::string_or(json(send->request.body.reveal()), {"name"});
      }
      if (unanswered[send->request.operation]) {
        kept.push_back(send->id);
        return;
      }
      const auto forced = statuses.find(send->request.operation);
      auto outcome = forced != statuses.end() ? answer(forced->second) : serve(send->request);
      todo_input(io::HttpDone{send->id, std::move(outcome)});
    } else if (auto* open = std::get_if<io::OpenWatch>(&command)) {
      todo_input(io::WatchOpened{open->id, 200});
    } else if (auto* timer = std::get_if<io::SetTimer>(&command)) {
      timer_ = timer->at;
    } else if (auto* exit = std::get_if<io::Exit>(&command)) {
      exits.push_back(*exit);
    }
  }
  void todo_input(io::Input in) {
    for (io::Command& next : engine_.handle(std::move(in), now())) todo_.push_back(std::move(next));
  }
  static std::string name_in(const std::string& path, const std::string& before) {
    const std::string rest = path.substr(path.find(before) + before.size());
    return rest.substr(0, rest.find_first_of("/?"));
  }
  io::HttpOutcome serve(const io::HttpRequest& r) {
    if (r.operation == "list_setupkeys" || r.operation == "list_secrets") {
      base::Json list = {{"items", base::Json::array()},
                         {"metadata", {{"resourceVersion", std::to_string(version_ + 1)}}}};
      if (r.operation == "list_setupkeys") {
        for (const auto& entry : objects_) list["items"].push_back(entry.second);
      }
      return answer(200, base::dump_json(list));
    }
    if (r.operation == "patch_status") {
      base::Json& object = objects_[name_in(r.path, "/setupkeys/")];
      base::Json patch = json(r.body.reveal());
      const auto version = object["metadata"]["resourceVersion"];
      if (patch["metadata"]["resourceVersion"] != version) return answer(409);
      object["status"].merge_patch(patch["status"]);
      object["metadata"]["resourceVersion"] = std::to_string(++version_);
      return answer(200, base::dump_json(object));
    }
    if (r.operation == "create_secret") {
      base::Json object = json(r.body.reveal());
      object.erase("data");
      object["metadata"]["uid"] = "s" + std::to_string(version_);
      object["metadata"]["resourceVersion"] = std::to_string(++version_);
      return answer(201, base::dump_json(object));
    }
    if (r.operation == "get_secret_metadata") return answer(404);
    if (r.operation == "create_key") {
      const base::Json body = json(r.body.reveal());
      base::Json key = {{"id", "id" + std::to_string(keys_.size() + 1)},
                        {"state", "valid"},
                        {"name", body["name"]},
                        {"key", "A6160****"},
                        {"auto_groups", body["auto_groups"]}};
      keys_.push_back(key);
      key["key"] = kKey;
      return answer(200, base::dump_json(key));
    }
    if (r.operation == "list_keys") return answer(200, base::dump_json(keys_));
    if (r.operation == "list_groups") return answer(200, "[]");
    if (r.operation == "get_account") return answer(200, R"([{"id": "account-1"}])");
    return answer(200);
  }

  Engine engine_;
  std::map<std::string, base::Json> objects_;
  std::map<std::string, int> sent_;
  std::deque<io::Command> todo_;
  bool busy_ = false;
  std::uint64_t version_ = 100;
  base::Json keys_ = base::Json::array();
  std::int64_t mono_ms_ = 1'000;
  std::optional<base::Instant> timer_;
};

TEST(Engine, IssuesOneKeyPerSetupKeyAndRests) {
  Servers servers{Options{}};
  for (int i = 0; i < 50; ++i) servers.add("k" + std::to_string(i));
  servers.start();
  EXPECT_EQ(servers.count("create_key"), 50);
  EXPECT_EQ(servers.count("create_secret"), 50);
  EXPECT_EQ(servers.count("patch_status"), 100) << "one claim and one result each";
  EXPECT_EQ(servers.count("list_keys"), 1);
  EXPECT_EQ(servers.count("get_secret"), 0);
  EXPECT_TRUE(servers.health().synced);
  EXPECT_TRUE(servers.health().leading);
  EXPECT_TRUE(servers.health().account_ready);
  EXPECT_EQ(servers.health().setup_keys, 50u);
  EXPECT_EQ(servers.health().requests_in_flight, 0u);
}

TEST(Engine, ItsVitalsAddUp) {
  Servers servers{Options{}};
  for (int i = 0; i < 50; ++i) servers.add("k" + std::to_string(i));
  servers.start();
  const io::Vitals v = servers.vitals();
  EXPECT_TRUE(v.leading && v.account_ready);
  EXPECT_EQ(v.setup_keys, 50u);
  EXPECT_EQ(v.in_flight, 0u);
  EXPECT_EQ(v.turns.error, 0u);
  EXPECT_EQ(v.turns.requeue, 50u * 5) << "look, claim, key, Secret, result";
  EXPECT_EQ(v.account_keys.in_use, 50u);
  EXPECT_EQ(v.account_keys.stray + v.account_keys.unmarked + v.account_keys.elsewhere, 0u);
  std::uint64_t timed = 0, waited = 0;
  for (const std::uint64_t n : v.turns.took.counts) timed += n;
  for (const std::uint64_t n : v.turns.waited.counts) waited += n;
  EXPECT_EQ(timed, v.turns.requeue + v.turns.requeue_after + v.turns.success);
  EXPECT_GE(waited, timed);
  EXPECT_EQ(v.turns.queued, waited);
}

TEST(Engine, AShortBudgetDelaysButStrandsNobody) {
  Options options;
  options.account.requests_per_minute = 60;
  options.account.burst = 1;
  Servers servers{options};
  for (int i = 0; i < 20; ++i) servers.add("k" + std::to_string(i));
  servers.start();
  EXPECT_LE(servers.count("create_key"), 1);
  servers.advance(30'000);  // far less than a resync
  EXPECT_GT(servers.vitals().turns.short_of_budget, 0u);
  EXPECT_EQ(servers.count("create_key"), 20);
  EXPECT_EQ(servers.health().queue_depth, 0u);
}

TEST(Engine, AFailingAccountIsNotHammered) {
  Servers servers{Options{}};
  for (int i = 0; i < 20; ++i) servers.add("k" + std::to_string(i));
  servers.statuses["create_key"] = 500;
  servers.statuses["list_keys"] = 500;
  servers.start();
  servers.advance(600'000);
  EXPECT_EQ(servers.count("create_key"), 0);
  EXPECT_LT(servers.count("list_keys"), 40);
  EXPECT_FALSE(servers.vitals().account_ready);
  EXPECT_GT(servers.vitals().snapshot_age, base::Duration{500'000});
  servers.statuses.clear();
  servers.advance(120'000);
  EXPECT_EQ(servers.count("create_key"), 20);
}

TEST(Engine, A429BurnsNoRevisionAndNothingIsReadBeforeTheNextTry) {
  Servers servers{Options{}};
  for (int i = 0; i < 10; ++i) servers.add("k" + std::to_string(i));
  servers.statuses["create_key"] = 429;
  servers.start();
  const int refused = servers.count("create_key");
  EXPECT_GE(refused, 1);
  EXPECT_LE(refused, 8) << "not more than may be under way at once";
  servers.advance(20'000);
  EXPECT_EQ(servers.count("list_keys"), 1);
  servers.statuses.clear();
  const int tried = servers.count("create_key");
  servers.advance(600'000);  // by what is left of the learnt budget
  EXPECT_EQ(servers.count("create_key"), tried + 10);
  for (int i = 0; i < 10; ++i) {
    const base::Json& status = servers.status_of("k" + std::to_string(i));
    EXPECT_EQ(status["revision"], 1) << i;
    EXPECT_EQ(status["lastRevision"], 1) << i;
    EXPECT_FALSE(status.contains("claim")) << i;
  }
}

TEST(Engine, OneLastingFaultCostsLittleAndHealsByItself) {
  Servers servers{Options{}};
  for (int i = 0; i < 30; ++i) servers.add("k" + std::to_string(i));
  servers.statuses["create_secret"] = 403;  // a full quota
  servers.start();
  servers.advance(60'000);
  EXPECT_LE(servers.count("create_key"), 30) << "one key in hand each, and no pile";
  std::map<std::string, int> before = servers.sent();
  servers.advance(60'000);
  for (const auto& [operation, count] : servers.sent()) {
    // Each of those who tried is told, and looks whether its place is still free.
    EXPECT_LE(count - before[operation], 20) << operation << ", by all together, in a minute";
  }
  const int posts = servers.count("create_key");
  servers.statuses.clear();
  servers.advance(300'000);
  EXPECT_EQ(servers.health().queue_depth, 0u);
  EXPECT_EQ(servers.count("create_key"), std::max(posts, 30)) << "the keys in hand were used";
  for (int i = 0; i < 30; ++i) {
    EXPECT_EQ(servers.status_of("k" + std::to_string(i))["revision"], 1) << i;
  }
}

TEST(Engine, RecordsTheAccountInWhichTheKeysLive) {
  Servers servers{Options{}};
  servers.add("k");
  servers.start();
  EXPECT_EQ(servers.status_of("k")["account"], json(R"({"name": "default", "id": "account-1"})"));
}

TEST(Engine, NoMoreRequestsThanAllowedAreInTheAir) {
  Options options;
  options.concurrency = 3;
  Servers servers{options};
  for (int i = 0; i < 20; ++i) servers.add("k" + std::to_string(i));
  servers.unanswered["get_secret_metadata"] = true;
  servers.start();
  EXPECT_EQ(servers.count("get_secret_metadata"), 3);
  EXPECT_EQ(servers.health().requests_in_flight, 3u);
  servers.advance(100);
  EXPECT_EQ(servers.vitals().in_flight_longest, base::Duration{100});
  EXPECT_EQ(servers.vitals().in_flight_total, base::Duration{300});
}

TEST(Engine, WithoutTheLeaseNothingIsDone) {
  Options options;
  options.lease.enabled = true;
  options.lease.identity = "me";
  Servers servers{options};
  servers.add("k");
  servers.statuses["get_lease"] = 403;
  servers.start();
  servers.advance(60'000);
  EXPECT_FALSE(servers.health().leading);
  EXPECT_EQ(servers.count("list_keys"), 0);
  EXPECT_EQ(servers.count("patch_status"), 0);
  EXPECT_GT(servers.count("get_lease"), 10);
}

TEST(Engine, AMissingCrdOrRightEndsTheProcessWithTheRemedy) {
  for (const auto& [status, word] :
       {std::pair(404, "install the CRD"), std::pair(403, "grant the right"),
        std::pair(401, "credentials")}) {
    Servers servers{Options{}};
    servers.statuses["list_setupkeys"] = status;
    servers.start();
    ASSERT_EQ(servers.exits.size(), 1u) << status;
    EXPECT_NE(servers.exits[0].code, 0);
    EXPECT_NE(servers.exits[0].line.find(word), std::string::npos) << servers.exits[0].line;
  }
}

TEST(Engine, AServerThatIsDownIsWaitedFor) {
  Servers servers{Options{}};
  servers.statuses["list_setupkeys"] = 503;
  servers.start();
  servers.advance(60'000);
  EXPECT_TRUE(servers.exits.empty());
  EXPECT_GT(servers.count("list_setupkeys"), 2);
}

TEST(Engine, StopFinishesWhatIsInFlight) {
  Servers servers{Options{}};
  servers.add("k");
  servers.unanswered["create_key"] = true;
  servers.start();
  ASSERT_EQ(servers.kept.size(), 1u);
  servers.input(io::Stop{});
  EXPECT_TRUE(servers.exits.empty()) << "the POST may have made a key";
  servers.input(io::HttpDone{servers.kept[0],
                             answer(200, R"({"id":"id1","state":"valid","name":")" + servers.named +
                                             R"(","key":")" + kKey + "\"}")});
  EXPECT_EQ(servers.count("create_secret"), 1) << "the key in hand is brought home";
  ASSERT_EQ(servers.exits.size(), 1u);
  EXPECT_EQ(servers.exits[0].code, 0);
}

TEST(Engine, StopDoesNotWaitForEver) {
  Servers servers{Options{}};
  servers.add("k");
  servers.unanswered["create_key"] = true;
  servers.start();
  servers.input(io::Stop{});
  servers.advance(30'000);
  ASSERT_EQ(servers.exits.size(), 1u);
  EXPECT_EQ(servers.exits[0].code, 0);
}

}  // namespace
}  // namespace nbkeys::engine
