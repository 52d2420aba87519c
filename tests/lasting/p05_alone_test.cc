// Alone: what one namespace, one SetupKey or one list does cannot stop or starve another.

#include "lasting/scene.h"

namespace nbkeys::lasting {
namespace {

using fakes::text_at;

constexpr char kFlood[] = "flood";
constexpr Duration kSlow{20'000};

// 20 SetupKeys whose PUT fails for ever, 20 new ones and 10 rotations.
class FailingWrites : public testing::TestWithParam<int> {};

TEST_P(FailingWrites, AreTheirOwnTrouble) {
  Scene scene;
  scene.inside.netbird.add_group("servers");
  scene.inside.netbird.add_group("laptops");
  scene.apply_many(20, {{"autoGroups", {{{"name", "servers"}}}}});
  for (int i = 0; i < 10; ++i) scene.apply("other-" + std::to_string(i));
  scene.start();
  scene.settle();
  scene.refuse(kPutKey, GetParam(), "internal server error");
  for (int i = 0; i < 20; ++i) {
    scene.edit("key-" + std::to_string(i), {{"autoGroups", {{{"name", "laptops"}}}}});
  }
  scene.pass(kMinute);
  const Instant began = scene.time();
  for (int i = 0; i < 20; ++i) scene.apply("new-" + std::to_string(i));
  for (int i = 0; i < 10; ++i) scene.rotate("other-" + std::to_string(i));
  const Duration took = scene.until([&] { return scene.issued(began) >= 30; }, 5 * kMinute);
  at_least("issued and rotated", scene.issued(began), 30);
  at_most("seconds until all 30 were done", seconds(took), 60);
}

INSTANTIATE_TEST_SUITE_P(Lasting, FailingWrites, testing::Values(400, 403, 404, 409, 422, 500, 503),
                         [](const auto& about) { return std::to_string(about.param); });

// The same for the POSTs of one namespace's keys, known by their name.
TEST(AloneTest, FailingPostsOfOneSetupKey) {
  Scene scene;
  scene.apply("other");
  scene.start();
  scene.settle();
  scene.inside.network = [](int, const io::HttpRequest& request) -> std::optional<fakes::Mishap> {
    const bool bad = request.operation == "create_key" &&
                     request.body.reveal().find("bad-") != std::string_view::npos;
    if (!bad) return std::nullopt;
    fakes::Mishap out;
    out.fault.kind = FaultKind::kAnswer;
    out.fault.status = 500;
    out.fault.body = R"({"message":"internal server error","code":500})";
    return out;
  };
  for (int i = 0; i < 20; ++i) scene.apply("bad-" + std::to_string(i));
  scene.pass(kMinute);
  scene.apply("good");
  const Duration took = scene.until([&] { return scene.ready("good"); }, 10 * kMinute);
  at_most("seconds until another's first issue", seconds(took), 10);
}

// A groups list that fails concerns those who name a group.
struct Groups {
  const char* name;
  void (*arm)(Scene&);
  friend void PrintTo(const Groups& groups, std::ostream* out) { *out << groups.name; }
};

void answer_no_json(io::HttpResponse& response) {
  response.body = base::SecretText(std::string("{]"));
}
void answer_null(io::HttpResponse& response) {
  response.body = base::SecretText(std::string("null"));
}
void answer_odd_groups(io::HttpResponse& response) {
  response.body = base::SecretText(std::string(R"([null,{"id":7},{"name":"x"},"group"])"));
}

const Groups kGroupLists[] = {
    {"500", [](Scene& s) { s.refuse(kListGroups, 500); }},
    {"403", [](Scene& s) { s.refuse(kListGroups, 403, "permission denied"); }},
    {"404", [](Scene& s) { s.refuse(kListGroups, 404); }},
    {"no_json", [](Scene& s) { s.alter(kListGroups, answer_no_json); }},
    {"null", [](Scene& s) { s.alter(kListGroups, answer_null); }},
    {"odd", [](Scene& s) { s.alter(kListGroups, answer_odd_groups); }},
    {"cut", [](Scene& s) { s.alter(kListGroups, cut_short); }},
    {"lost", [](Scene& s) { s.strike(kListGroups, FaultKind::kDropAnswer); }},
};

class AloneWithGroups : public testing::TestWithParam<Groups> {};

TEST_P(AloneWithGroups, OnlyThoseWhoNameOneWait) {
  Scene scene;
  scene.inside.netbird.add_group("servers");
  GetParam().arm(scene);
  for (int i = 0; i < 5; ++i) {
    scene.apply("grouped-" + std::to_string(i), {{"autoGroups", {{{"name", "servers"}}}}});
  }
  const Instant began = scene.time();
  scene.start();
  scene.pass(10 * kSecond);
  scene.apply_many(5);
  const Duration took = scene.until([&] { return scene.issued(began) >= 5; }, 10 * kMinute);
  at_most("seconds until the five without groups", seconds(took), 1);
  const Instant known = scene.time();
  scene.pass(kHour);
  at_most("calls of the groups list in an hour", scene.requests_like(kListGroups, known), 60);
  const Instant asked = scene.time();
  scene.rotate("key-0");
  const Duration rotated = scene.until([&] { return scene.issued(asked) > 0; }, 10 * kMinute);
  at_most("seconds until another's rotation", seconds(rotated), 1);
}

INSTANTIATE_TEST_SUITE_P(Lasting, AloneWithGroups, testing::ValuesIn(kGroupLists),
                         [](const auto& about) { return about.param.name; });

// 90 MB of groups, most of it members, and the one that is named stands last.
TEST(AloneTest, HugeListOfGroupsWorks) {
  Scene scene;
  const std::string id = scene.inside.netbird.add_group("servers");
  scene.alter(kListGroups, [id](io::HttpResponse& response) {
    std::string peers;
    for (int i = 0; i < 1'000; ++i) {
      peers += R"({"id":"d1vddddddddddddddddd","name":"peer-with-a-long-name"},)";
    }
    peers.pop_back();
    std::string body = "[";
    for (int i = 0; body.size() < 90'000'000; ++i) {
      body += R"({"id":"d1w)" + std::to_string(10'000 + i) + R"(","name":"group-)" +
              std::to_string(i) + R"(","peers":[)" + peers + "]},";
    }
    body += R"({"id":")" + id + R"(","name":"servers","peers":null}])";
    response.body = base::SecretText(std::move(body));
  });
  scene.apply("plain");
  scene.apply("web", {{"autoGroups", {{{"name", "servers"}}}}});
  scene.start();
  const Duration took =
      scene.until([&] { return scene.ready("web") && scene.ready("plain"); }, 2 * kMinute);
  at_most("seconds until both were issued", seconds(took), 60);
}

// One namespace floods; what others want takes at most twice as long as without it, and a second.
struct Want {
  const char* name;
  void (*ask)(Scene&);
  bool (*done)(const Scene&);
  friend void PrintTo(const Want& want, std::ostream* out) { *out << want.name; }
};

const Want kWants[] = {
    {"issue", [](Scene& s) { s.apply("mine"); }, [](const Scene& s) { return s.ready("mine"); }},
    {"revocation",
     [](Scene& s) {
       s.edit("web", {{"revoked", true}});
     },
     [](const Scene& s) { return s.reason("web", "Ready") == "Revoked"; }},
    {"deletion", [](Scene& s) { s.remove("web"); },
     [](const Scene& s) { return s.resource("web").is_null(); }},
    {"secret_repair",
     [](Scene& s) {
       s.patch_secret("web",
                      {{"metadata", {{"labels", {{"app.kubernetes.io/managed-by", "me"}}}}}});
     },
     [](const Scene& s) {
       return text_at(s.secret("web"), {"metadata", "labels", "app.kubernetes.io/managed-by"}) ==
              "nbkeys";
     }},
};

class Flooded : public testing::TestWithParam<std::tuple<Want, int>> {
 protected:
  static double time_of(const Want& want, int flooding, int per_minute, Duration slow) {
    Scene scene;
    scene.add_namespace(kFlood);
    scene.apply("web");
    engine::Options options = Scene::options();
    options.account.requests_per_minute = per_minute;
    options.account.burst = per_minute > 0 ? 5 : 0;
    scene.start(options);
    scene.settle();
    if (slow.count() > 0) {
      Fault fault;
      fault.kind = FaultKind::kDelay;
      fault.server = io::Server::kNetBird;
      fault.pattern = "api";
      fault.times = 0;
      fault.delay = slow;
      scene.inside.faults.add(std::move(fault));
    }
    scene.apply_many(flooding, Json::object(), kFlood);
    scene.inside.advance(flooding > 0 ? Duration{100} : Duration{0});
    want.ask(scene);
    return seconds(scene.until([&] { return want.done(scene); }, 20 * kMinute));
  }
};

TEST_P(Flooded, ByTheNumberOfItsSetupKeys) {
  const auto& [want, per_minute] = GetParam();
  const double alone = time_of(want, 0, per_minute, {});
  at_most("seconds beside 400 others", time_of(want, 400, per_minute, {}), 2 * alone + 1);
}

INSTANTIATE_TEST_SUITE_P(Lasting, Flooded,
                         testing::Combine(testing::ValuesIn(kWants), testing::Values(0, 30)),
                         [](const auto& about) {
                           return std::string(std::get<0>(about.param).name) + "_with_" +
                                  std::to_string(std::get<1>(about.param)) + "_a_minute";
                         });

// NetBird's calls take 20 s each: what only Kubernetes is needed for does not wait for them.
TEST_F(Flooded, SlowNetBirdTakesNoTurnFromKubernetes) {
  for (const Want& want : kWants) {
    if (std::string(want.name) != "secret_repair") continue;
    at_most("seconds until a Secret was repaired", time_of(want, 100, 0, kSlow), 2);
  }
  Scene scene;
  scene.apply("web", {{"deletionPolicy", "Retain"}});
  scene.start();
  scene.settle();
  Fault fault;
  fault.kind = FaultKind::kDelay;
  fault.server = io::Server::kNetBird;
  fault.pattern = "api";
  fault.times = 0;
  fault.delay = kSlow;
  scene.inside.faults.add(std::move(fault));
  scene.apply_many(100);
  scene.inside.advance(kSecond);
  scene.remove("web");
  const Duration took = scene.until([&] { return scene.resource("web").is_null(); }, kHour);
  at_most("seconds until a finalizer was taken off", seconds(took), 2);
  scene.edit("key-99", {{"suspend", true}});
  const Duration told =
      scene.until([&] { return scene.reason("key-99", "Ready") == "Suspended"; }, kHour);
  at_most("seconds until a status was written", seconds(told), 2);
}

// Objects as big as they may be, in a namespace of their own.
TEST(AloneTest, BigSetupKeysOfAnotherNamespace) {
  Scene scene;
  scene.add_namespace(kFlood);
  const std::string big(200'000, 'a');
  Json entries = Json::object();
  for (int i = 0; i < 32; ++i) entries["ENTRY_" + std::to_string(i)] = std::string(8'000, 'b');
  for (int i = 0; i < 100; ++i) {
    const std::string name = "big-" + std::to_string(i);
    scene.apply(name, {{"secretTemplate", {{"data", entries}}}}, kFlood);
    scene.person(io::Server::kKube, io::Method::kPatch, setup_key_path(name, kFlood),
                 {{"metadata", {{"annotations", {{"note", big}}}}}});
  }
  scene.apply("web");
  scene.start();
  const Duration took = scene.until([&] { return scene.ready("web"); }, 5 * kMinute);
  at_most("seconds until the other's first issue", seconds(took), 10);
}

TEST(AloneTest, BigSecretsOfAnotherNamespace) {
  Scene scene;
  scene.add_namespace(kFlood);
  for (int i = 0; i < 140; ++i) {
    scene.person(io::Server::kKube, io::Method::kPost,
                 std::string("/api/v1/namespaces/") + kFlood + "/secrets",
                 {{"apiVersion", "v1"},
                  {"kind", "Secret"},
                  {"metadata",
                   {{"name", "big-" + std::to_string(i)},
                    {"labels", {{"keys.netbird.io/setupkey-uid", "nobody"}}},
                    {"annotations", {{"note", std::string(260'000, 'a')}}}}}},
                 "application/json");
  }
  scene.apply("web");
  scene.start();
  const Duration took = scene.until([&] { return scene.ready("web"); }, 5 * kMinute);
  at_most("seconds until the other's first issue", seconds(took), 10);
}

}  // namespace
}  // namespace nbkeys::lasting
