// Whose key: another account's token, a second installation and a clone neither overwrite nor end
// what is somebody else's.

#include <memory>

#include "lasting/scene.h"

namespace nbkeys::lasting {
namespace {

using fakes::at_path;
using fakes::text_at;

// But for the question whether the token may write, which is about a key that cannot exist.
constexpr char kWrites[] = "^(POST|PUT|DELETE) /api/setup-keys(?!/nbkeys-may-i-write)";

engine::Options named(const std::string& identity) {
  engine::Options out = Scene::options();
  out.lease.identity = identity;
  return out;
}

// The same operator is given a token of another account.
class AnotherAccount : public testing::Test {
 protected:
  void SetUp() override {
    scene_.apply_many(5);
    replica_ = scene_.start();
    scene_.settle();
    for (int i = 0; i < 5; ++i) before_.push_back(scene_.secret("key-" + std::to_string(i)));
  }
  void change_account() {
    scene_.inside.connect(replica_, scene_.inside.kube, other_);
    scene_.inside.token_changed(replica_, true);
  }
  void restart_with_another_account() {
    scene_.inside.crash(replica_);
    replica_ = scene_.start();
    scene_.inside.connect(replica_, scene_.inside.kube, other_);
  }
  void expect_untouched() {
    for (int i = 0; i < 5; ++i) {
      const std::string name = "key-" + std::to_string(i);
      EXPECT_EQ(at_path(scene_.secret(name), {"data"}),
                at_path(before_[static_cast<std::size_t>(i)], {"data"}))
          << name;
    }
    at_most("keys at the other account",
            static_cast<double>(other_.keys(scene_.inside.now()).size()), 0);
    at_least("good keys at the own account",
             static_cast<double>(scene_.inside.netbird.keys(scene_.inside.now()).size()), 5);
  }
  Scene scene_;
  fakes::FakeNetBird other_{99};
  int replica_ = 0;
  std::vector<Json> before_;
};

TEST_F(AnotherAccount, NothingIsOverwrittenOrIssued) {
  change_account();
  const Instant began = scene_.time();
  scene_.pass(kHour);
  expect_untouched();
  EXPECT_NE(scene_.condition("key-0", "Ready"), "True");
  EXPECT_EQ(scene_.condition("key-0", "Stalled"), "True");
  at_most("writes at the other account", scene_.requests_like(kWrites, began), 0);
}

TEST_F(AnotherAccount, NothingIsOverwrittenOrIssuedAfterARestart) {
  restart_with_another_account();
  scene_.pass(kHour);
  expect_untouched();
}

TEST_F(AnotherAccount, WhatIsAskedForWaits) {
  change_account();
  scene_.pass(kMinute);
  const Instant began = scene_.time();
  scene_.rotate("key-0");
  scene_.edit("key-1", {{"usageLimit", 3}});
  scene_.edit("key-2", {{"revoked", true}});
  scene_.remove("key-3");
  scene_.pass(kHour);
  EXPECT_FALSE(scene_.resource("key-3").is_null()) << "called deleted at an account without it";
  EXPECT_NE(scene_.condition("key-2", "Ready"), "True");
  at_most("writes at the other account", scene_.requests_like(kWrites, began), 0);
}

TEST_F(AnotherAccount, GoingBackHeals) {
  change_account();
  scene_.pass(10 * kMinute);
  const Instant back = scene_.time();
  scene_.inside.connect(replica_, scene_.inside.kube, scene_.inside.netbird);
  scene_.inside.token_changed(replica_, true);
  const Duration took = scene_.until([&] { return scene_.wrong().empty(); }, kHour);
  at_most("seconds until all was whole", seconds(took), 60);
  at_most("keys issued", scene_.issued(back), 0);
  expect_untouched();
}

// Two installations for two accounts in one cluster, both with all of its SetupKeys.
TEST(WhoseTest, TwoInstallationsForTwoAccounts) {
  Scene scene;
  fakes::FakeNetBird other(99);
  scene.apply("web");
  scene.start();
  const int second = scene.start(named("second"));
  scene.inside.connect(second, scene.inside.kube, other);
  const auto posts = [&] { return scene.requests_like(kPostKey, Instant{}); };
  for (int i = 0; i < 30 && posts() < 50; ++i) scene.pass(kSecond);
  at_most("keys in 30 s", posts(), 1);
  for (int i = 0; i < 60 && posts() < 50; ++i) scene.pass(kMinute);
  at_most("keys in an hour", posts(), 1);
}

// Somebody takes away, every second, what tells whose a key is.
struct Meddling {
  const char* name;
  void (*act)(Scene&);
  bool is_told;
  friend void PrintTo(const Meddling& meddling, std::ostream* out) { *out << meddling.name; }
};

void patch_status(Scene& s, const Json& status) {
  s.person(io::Server::kKube, io::Method::kPatch, setup_key_path("web") + "/status",
           {{"status", status}});
}

const Meddling kMeddlings[] = {
    {"last_revision_lowered",
     [](Scene& s) {
       patch_status(s, {{"lastRevision", 1}});
     },
     true},
    {"last_revision_and_tickets_cleared",
     [](Scene& s) {
       patch_status(s, {{"lastRevision", nullptr}, {"tickets", nullptr}});
     },
     true},
    {"tickets_removed",
     [](Scene& s) {
       patch_status(s, {{"tickets", nullptr}});
     },
     false},
    {"status_cleared", [](Scene& s) { patch_status(s, nullptr); }, true},
    {"ticket_of_the_secret_removed",
     [](Scene& s) {
       s.patch_secret("web",
                      {{"metadata", {{"annotations", {{"keys.netbird.io/ticket", nullptr}}}}}});
     },
     false},
};

class Meddled : public testing::TestWithParam<Meddling> {};

TEST_P(Meddled, CostsLittleAndHeals) {
  Scene scene;
  scene.apply("web", {{"rotation", {{"overlap", "48h"}}}});
  scene.start();
  scene.settle();
  scene.rotate("web");
  scene.settle();
  const std::string key = scene.key_id("web");
  const Json book = at_path(scene.resource("web"), {"status", "tickets"});
  const Instant began = scene.time();
  for (int second = 0; second < 3600; ++second) {
    GetParam().act(scene);
    if (!scene.pass(kSecond)) break;
  }
  expect_quiet_of_one(scene.bill(began));
  at_least("warnings", static_cast<double>(scene.events("StatusDrift").size()),
           GetParam().is_told ? 1 : 0);
  const Duration took = scene.until([&] { return scene.wrong().empty(); }, 30 * kMinute);
  at_most("seconds until all was whole", seconds(took), 300);
  EXPECT_EQ(scene.key_id("web"), key);
  at_most("keys issued", scene.issued(began), 0);
  // What it knew of its own keys it knows again.
  scene.pass(5 * kMinute);
  EXPECT_EQ(fakes::number_at(scene.resource("web"), {"status", "lastRevision"}), 2);
  const bool put_back = at_path(scene.resource("web"), {"status", "tickets"}) == book;
  EXPECT_TRUE(put_back || !GetParam().is_told);
}

INSTANTIATE_TEST_SUITE_P(Lasting, Meddled, testing::ValuesIn(kMeddlings),
                         [](const auto& about) { return about.param.name; });

// A key of unknown origin is found while status cannot be written.
TEST(WhoseTest, UnknownKeysBesideAStatusThatIsRefused) {
  Scene scene;
  scene.apply("web");
  scene.start();
  scene.settle();
  scene.refuse(kPatchStatus, 403, "setupkeys/status is forbidden");
  const std::string owner = sim::owner_of_uid(text_at(scene.resource("web"), {"metadata", "uid"}));
  scene.person(io::Server::kNetBird, io::Method::kPost, "/api/setup-keys",
               {{"name", "web ~copycopy [k8s-" + owner + "-r7]"},
                {"type", "reusable"},
                {"expires_in", 86'400}},
               "application/json");
  const Instant began = scene.time();
  scene.pass(kHour);
  const Bill bill = scene.bill(began);
  expect_quiet_of_one(bill);
  at_least("log lines of the refused write", bill.log_lines, 1);
  EXPECT_EQ(scene.inside.engine(0)->vitals(scene.time()).account_keys.unknown_origin, 1u);
  at_most("keys issued", scene.issued(began), 1);
  scene.relieve();
  const Duration took =
      scene.until([&] { return scene.condition("web", "UnknownKeys") == "True"; }, kHour);
  at_most("seconds until it was told", seconds(took), 300);
  EXPECT_EQ(scene.keys("web").size(), 2u) << "it is left alone";
}

// A copy of the cluster, from a moment before or now, on the same account.
class Cloned : public testing::Test {
 protected:
  void SetUp() override {
    scene_.apply_many(5, {{"rotation", {{"overlap", "1h"}}}});
    scene_.start();
    scene_.settle();
    scene_.pass(5 * kMinute);
    clone_ = std::make_unique<fakes::FakeKube>(scene_.inside.kube);
    clone_->store().listen(nullptr);
    clone_->compact();
  }
  int start_clone() {
    const int replica = scene_.start(named("clone"));
    scene_.inside.connect(replica, *clone_, scene_.inside.netbird);
    return replica;
  }
  // A person's edit at the clone.
  void rotate_at_clone(const std::string& name) {
    io::HttpRequest request;
    request.method = io::Method::kPatch;
    request.path = setup_key_path(name);
    request.content_type = "application/merge-patch+json";
    request.body = base::SecretText(
        Json{{"metadata", {{"annotations", {{"keys.netbird.io/rotate", "at the clone"}}}}}}.dump());
    clone_->handle(request, scene_.inside.now());
    scene_.inside.changed();
  }
  std::string clone_key_id(const std::string& name) const {
    const fakes::Object found = clone_->store().find("setupkeys", kTeam, name);
    return found ? text_at(*found, {"status", "keyID"}) : "";
  }
  std::set<std::string> keys_of_clone() const {
    std::set<std::string> out;
    for (int i = 0; i < 5; ++i) out.insert(clone_key_id("key-" + std::to_string(i)));
    return out;
  }
  std::unique_ptr<fakes::FakeKube> clone_;
  Scene scene_;
};

TEST_F(Cloned, RotatingAtOnceEndsNoKeyOfTheOther) {
  const Instant began = scene_.time();
  start_clone();
  scene_.pass(5 * kMinute);
  for (int i = 0; i < 5; ++i) {
    scene_.rotate("key-" + std::to_string(i));
    rotate_at_clone("key-" + std::to_string(i));
  }
  scene_.pass(kMinute);
  std::vector<std::string> made;
  for (const auto& [id, key] : scene_.ledger().keys()) {
    if (key.issued_at > began) made.push_back(id);
  }
  at_least("keys that both made", static_cast<double>(made.size()), 10);
  for (int i = 0; i < 180 && scene_.issued(began) < 60; ++i) scene_.pass(kMinute);
  int ended = 0;
  for (const std::string& id : made) ended += scene_.ended(id) ? 1 : 0;
  at_most("keys made since that somebody ended", ended, 0);
  at_most("keys issued", scene_.issued(began), 10);
}

TEST_F(Cloned, RotatingAtOneAndThenRestartingTheOther) {
  const Instant began = scene_.time();
  const int clone = start_clone();
  scene_.pass(5 * kMinute);
  for (int i = 0; i < 5; ++i) scene_.rotate("key-" + std::to_string(i));
  scene_.pass(5 * kMinute);
  std::vector<std::string> made;
  for (const auto& [id, key] : scene_.ledger().keys()) {
    if (key.issued_at > began) made.push_back(id);
  }
  scene_.inside.crash(clone);
  start_clone();
  scene_.pass(30 * kMinute);
  int ended = 0;
  for (const std::string& id : made) ended += scene_.ended(id) ? 1 : 0;
  at_most("keys made since that somebody ended", ended, 0);
}

TEST_F(Cloned, AnOlderCopyThatStartsLater) {
  for (int i = 0; i < 5; ++i) scene_.rotate("key-" + std::to_string(i));
  scene_.pass(2 * kHour);
  std::vector<std::string> in_use;
  for (int i = 0; i < 5; ++i) in_use.push_back(scene_.key_id("key-" + std::to_string(i)));
  start_clone();
  scene_.pass(2 * kHour);
  int ended = 0;
  for (const std::string& id : in_use) ended += scene_.ended(id) ? 1 : 0;
  at_most("keys in use that the clone ended", ended, 0);
}

}  // namespace
}  // namespace nbkeys::lasting
