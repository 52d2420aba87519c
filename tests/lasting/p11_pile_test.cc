// No pile: restarts, fail-overs and unreadable answers under a lasting fault leave next to nothing
// behind, and what they leave is cleaned up while it lasts.

#include <algorithm>

#include "lasting/scene.h"

namespace nbkeys::lasting {
namespace {

using fakes::at_path;
using fakes::number_at;
using fakes::text_at;

// Keys that enrol and that no Secret and no status names.
std::vector<Json> live_strays(const Scene& scene, Duration older_than = Duration{0}) {
  std::set<std::string> known;
  for (const auto& object : scene.inside.kube.store().list("setupkeys", {})) {
    known.insert(text_at(*object, {"status", "keyID"}));
    for (const Json& previous : at_path(*object, {"status", "previousKeys"})) {
      known.insert(text_at(previous, {"keyID"}));
    }
  }
  std::vector<Json> out;
  for (const Json& key : scene.inside.netbird.keys(scene.inside.now())) {
    const sim::IssuedKey* issued = scene.ledger().key(text_at(key, {"id"}));
    const bool stray = at_path(key, {"valid"}) == true && !known.contains(text_at(key, {"id"}));
    if (stray && issued != nullptr && scene.time() - issued->issued_at > older_than) {
      out.push_back(key);
    }
  }
  return out;
}

// What keeps a key from its place, for as long as it lasts.
struct Fault {
  const char* name;
  const char* pattern;
  int status;
  bool first_issue;
  friend void PrintTo(const Fault& fault, std::ostream* out) { *out << fault.name; }
};

const Fault kFaults[] = {
    {"quota", kPostSecret, 403, true},
    {"too_large", kPostSecret, 413, true},
    {"invalid", kPostSecret, 422, true},
    {"failing", kPostSecret, 500, true},
    {"create_conflict", kPostSecret, 409, true},
    {"patch_forbidden", kPatchSecret, 403, false},
    {"patch_invalid", kPatchSecret, 422, false},
    {"patch_failing", kPatchSecret, 500, false},
    {"patch_conflict", kPatchSecret, 409, false},
    {"status_forbidden", kPatchStatus, 403, false},
    {"secret_unreadable", kGetSecret, 403, false},
};

class Pile : public testing::TestWithParam<Fault> {
 protected:
  void begin() {
    const Fault& fault = GetParam();
    if (!fault.first_issue) {
      scene_.apply("web");
      start();
      scene_.settle();
      scene_.refuse(fault.pattern, fault.status);
      scene_.rotate("web");
    } else {
      scene_.refuse(fault.pattern, fault.status);
      scene_.apply("web");
      start();
    }
  }
  virtual void start() { replica_ = scene_.start(); }
  int most_strays(Duration step, int times, const std::function<void()>& interrupt) {
    std::size_t most = 0;
    for (int i = 0; i < times; ++i) {
      if (!scene_.pass(step)) ADD_FAILURE() << "too loud to tell";
      most = std::max(most, live_strays(scene_).size());
      if (HasFailure()) break;
      interrupt();
    }
    return static_cast<int>(most);
  }
  Scene scene_;
  int replica_ = 0;
};

TEST_P(Pile, OfRestarts) {
  begin();
  const int most = most_strays(3 * kMinute, 12, [&] {
    scene_.inside.crash(replica_);
    replica_ = scene_.start();
  });
  at_most("live strays at any time", most, 1);
  // The key in hand of each process is lost with it, and each key that was made is one too many.
  at_most("keys made", scene_.issued(Instant{}), GetParam().first_issue ? 2 : 3);
}

TEST_P(Pile, OfOneProcess) {
  begin();
  const int most = most_strays(10 * kMinute, 6, [] {});
  at_most("live strays at any time", most, 1);
  at_most("keys made", scene_.issued(Instant{}), GetParam().first_issue ? 2 : 3);
}

INSTANTIATE_TEST_SUITE_P(Lasting, Pile, testing::ValuesIn(kFaults),
                         [](const auto& about) { return about.param.name; });

// Two replicas; whoever leads ends again and again.
TEST(PileTest, OfFailOvers) {
  Scene scene;
  scene.refuse(kPostSecret, 403, "exceeded quota: few, requested: secrets=1");
  scene.apply("web");
  int count = 0;
  const auto start = [&scene, &count] {
    engine::Options options = Scene::options();
    options.lease.enabled = true;
    options.lease.name_space = "nbkeys-system";
    options.lease.identity = "replica-" + std::to_string(++count);
    return scene.start(options);
  };
  int first = start();
  int second = start();
  std::size_t most = 0;
  for (int i = 0; i < 10; ++i) {
    if (!scene.pass(3 * kMinute)) break;
    most = std::max(most, live_strays(scene).size());
    scene.inside.crash(first);
    first = std::exchange(second, start());
  }
  at_most("live strays at any time", static_cast<double>(most), 1);
}

// 59 SetupKeys at a full quota: three restarts leave as many live keys as none.
TEST(PileTest, OfManyAtAFullQuota) {
  const auto live_keys = [](int restarts) {
    Scene scene;
    scene.refuse(kPostSecret, 403, "exceeded quota: few, requested: secrets=1");
    scene.apply_many(59);
    int replica = scene.start();
    for (int i = 0; i <= restarts; ++i) {
      scene.until([] { return false; }, 30 * kSecond);
      if (i == restarts) break;
      scene.inside.crash(replica);
      replica = scene.start();
    }
    return scene.inside.netbird.keys(scene.inside.now()).size();
  };
  const auto none = static_cast<double>(live_keys(0));
  at_most("live keys without a restart", none, 59);
  at_most("live keys after three restarts", static_cast<double>(live_keys(3)), none);
}

// POST is carried out each time, and what it answers cannot be read.
struct Unreadable {
  const char* name;
  void (*arm)(Scene&);
  Duration late;  // how long its effect may be waited for besides
  friend void PrintTo(const Unreadable& unreadable, std::ostream* out) { *out << unreadable.name; }
};

void fail_after_all(io::HttpResponse& response) {
  response.status = 500;
  response.body = base::SecretText(std::string(R"({"message":"internal error","code":500})"));
}
void answer_nothing(io::HttpResponse& response) { response.body = base::SecretText(); }
void take_the_key_out(io::HttpResponse& response) {
  Json body = Json::parse(response.body.reveal());
  body.erase("key");
  response.body = base::SecretText(body.dump());
}

const Unreadable kUnreadable[] = {
    {"cut", [](Scene& s) { s.alter(kPostKey, cut_short); }, {}},
    {"html", [](Scene& s) { s.alter(kPostKey, make_html); }, {}},
    {"empty", [](Scene& s) { s.alter(kPostKey, answer_nothing); }, {}},
    {"without_key", [](Scene& s) { s.alter(kPostKey, take_the_key_out); }, {}},
    {"failed_after_all", [](Scene& s) { s.alter(kPostKey, fail_after_all); }, {}},
    {"lost", [](Scene& s) { s.strike(kPostKey, FaultKind::kDropAnswer); }, 2 * kMinute},
};

class PileOfAnswers : public testing::TestWithParam<Unreadable> {};

TEST_P(PileOfAnswers, IsCleanedUpWhileItLasts) {
  Scene scene;
  GetParam().arm(scene);
  scene.apply("web");
  scene.start();
  std::size_t most = 0, most_old = 0;
  for (int i = 0; i < 120; ++i) {
    if (!scene.pass(kMinute / 2)) break;
    most = std::max(most, live_strays(scene).size());
    most_old = std::max(most_old, live_strays(scene, kMinute + GetParam().late).size());
  }
  at_most("live strays at any time", static_cast<double>(most), 5);
  at_most("live strays older than a minute", static_cast<double>(most_old), 0);
  EXPECT_NE(scene.condition("web", "Ready"), "True");
}

INSTANTIATE_TEST_SUITE_P(Lasting, PileOfAnswers, testing::ValuesIn(kUnreadable),
                         [](const auto& about) { return about.param.name; });

// What a Secret's annotation says of a revision is no more than somebody's word.
class PileOfRevisions : public testing::TestWithParam<const char*> {};

TEST_P(PileOfRevisions, AForgedRevisionIsIgnored) {
  Scene scene;
  scene.apply("web");
  int replica = scene.start();
  scene.settle();
  scene.patch_secret("web",
                     {{"metadata", {{"annotations", {{"keys.netbird.io/revision", GetParam()}}}}}});
  scene.pass(kMinute);
  scene.inside.crash(replica);
  replica = scene.start();
  scene.pass(kMinute);
  for (const std::int64_t revision : {2, 3}) {
    const std::string old = scene.key_id("web");
    scene.rotate("web", "to " + std::to_string(revision));
    const Duration took = scene.until([&] { return scene.key_id("web") != old; }, 10 * kMinute);
    at_most("seconds until the rotation", seconds(took), 60);
    EXPECT_EQ(number_at(scene.resource("web"), {"status", "revision"}), revision);
  }
  EXPECT_EQ(scene.wrong(), "");
}

INSTANTIATE_TEST_SUITE_P(Lasting, PileOfRevisions,
                         testing::Values("4294967294", "4294967295", "4294967296", "-1", "x",
                                         "18446744073709551615"),
                         [](const auto& about) {
                           return std::string("r") + std::to_string(about.index) + "_of_" +
                                  std::to_string(std::string(about.param).size()) + "_characters";
                         });

// A namespace that is being deleted: nothing is issued into it, and its keys end.
TEST(PileTest, OfANamespaceThatGoes) {
  Scene scene;
  scene.apply_many(30);
  scene.start();
  scene.settle();
  for (int i = 0; i < 10; ++i) scene.apply("late-" + std::to_string(i));
  const Instant began = scene.time();
  scene.person(io::Server::kKube, io::Method::kDelete, std::string("/api/v1/namespaces/") + kTeam);
  const Duration took =
      scene.until([&] { return scene.inside.netbird.keys(scene.inside.now()).empty(); }, kHour);
  at_most("keys issued into it", scene.issued(began), 0);
  at_most("seconds until its keys were ended", seconds(took), seconds(kResyncAtMost));
  // Each deletion is told, and no failure besides.
  at_most("log lines", scene.bill(began).log_lines, 30 + 10 + 10);
}

// The same while something of others keeps it from going, so that the SetupKeys' Secrets are gone
// and cannot be put back.
TEST(PileTest, OfANamespaceThatNeverGoes) {
  Scene scene;
  scene.apply_many(30);
  scene.start();
  scene.settle();
  const Instant began = scene.time();
  scene.refuse(kPostSecret, 403,
               "secrets is forbidden: unable to create new content in namespace team-a because it "
               "is being terminated");
  for (int i = 0; i < 30; ++i) scene.remove_secret("key-" + std::to_string(i));
  scene.pass(5 * kMinute);
  const Instant known = scene.time();
  scene.pass(kHour);
  at_most("keys issued into it", scene.issued(began), 0);
  expect_quiet_together(scene.bill(known));
}

}  // namespace
}  // namespace nbkeys::lasting
