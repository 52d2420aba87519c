// No storm of keys: what nobody asked for is issued five times in an hour at most, and once an hour
// after it, whatever others do.

#include "lasting/scene.h"

namespace nbkeys::lasting {
namespace {

using fakes::at_path;
using fakes::text_at;

constexpr int kHours = 3;
constexpr int kKeysAtMost = 5 + (kHours - 1);

void overwrite_secret(Scene& s) {
  if (!s.secret("web").is_null()) s.patch_secret("web", {{"data", {{"setup-key", "bm8ga2V5"}}}});
}
void empty_secret(Scene& s) {
  if (!s.secret("web").is_null()) s.patch_secret("web", {{"data", {{"setup-key", nullptr}}}});
}
void delete_secret(Scene& s) {
  if (!s.secret("web").is_null()) s.remove_secret("web");
}
void delete_key(Scene& s) {
  const std::string id = s.key_id("web");
  if (!s.ended(id)) {
    s.person(io::Server::kNetBird, io::Method::kDelete, "/api/setup-keys/" + id);
  }
}
void revoke_key(Scene& s) {
  const std::string id = s.key_id("web");
  if (!s.ended(id)) {
    s.person(io::Server::kNetBird, io::Method::kPut, "/api/setup-keys/" + id,
             {{"revoked", true}, {"auto_groups", Json::array()}});
  }
}
void expire_key(Scene& s) {
  s.inside.netbird.expire_key(s.key_id("web"), s.inside.now().wall - kSecond);
}

// What somebody does every second.
struct Deed {
  const char* name;
  void (*act)(Scene&);
  friend void PrintTo(const Deed& deed, std::ostream* out) { *out << deed.name; }
};

class Storm : public testing::TestWithParam<Deed> {
 protected:
  void SetUp() override {
    scene_.apply("web");
    scene_.start();
    scene_.settle();
  }
  // Lets it go on for hours; false where it was given up.
  bool go_on(const std::function<void(int second)>& also = nullptr) {
    began_ = scene_.time();
    for (int second = 0; second < kHours * 3600; ++second) {
      GetParam().act(scene_);
      if (also) also(second);
      if (!scene_.pass(kSecond)) return false;
      if (scene_.issued(began_) > 40) break;  // far beyond the bound
    }
    return true;
  }
  Scene scene_;
  Instant began_;
};

TEST_P(Storm, IssuesFewKeys) {
  go_on();
  at_most("keys in three hours", scene_.issued(began_), kKeysAtMost);
  const Duration took = scene_.until([&] { return scene_.wrong().empty(); }, kHour);
  at_most("seconds until all was whole after the storm", seconds(took), seconds(kHour));
}

TEST_P(Storm, IssuesFewKeysThroughRestarts) {
  const int first = 0;
  int replica = first;
  go_on([&](int second) {
    if (second % 300 != 299) return;
    scene_.inside.crash(replica);
    replica = scene_.start();
  });
  at_most("keys in three hours", scene_.issued(began_), kKeysAtMost);
}

INSTANTIATE_TEST_SUITE_P(Lasting, Storm,
                         testing::Values(Deed{"secret_overwritten", overwrite_secret},
                                         Deed{"secret_emptied", empty_secret},
                                         Deed{"secret_deleted", delete_secret},
                                         Deed{"key_deleted", delete_key},
                                         Deed{"key_revoked", revoke_key},
                                         Deed{"key_expired", expire_key}),
                         [](const auto& about) { return about.param.name; });

// Told while it lasts: a condition, an Event that does not come with each key.
TEST(StormTest, IsTold) {
  Scene scene;
  scene.apply("web");
  scene.start();
  scene.settle();
  for (int second = 0; second < 1800; ++second) {
    overwrite_secret(scene);
    ASSERT_TRUE(scene.pass(kSecond));
  }
  EXPECT_NE(scene.condition("web", "Ready"), "True");
  at_least("warnings", static_cast<double>(scene.events().size()), 1);
  at_most("events", static_cast<double>(scene.events().size()), 20);
}

// A list that never shows the keys of one SetupKey.
TEST(StormTest, ListThatNeverShowsTheKey) {
  Scene scene;
  scene.apply("other");
  scene.start();
  scene.settle();
  scene.alter(kListKeys, [](io::HttpResponse& response) {
    const Json all = Json::parse(response.body.reveal());
    Json shown = Json::array();
    for (const Json& key : all) {
      if (!text_at(key, {"name"}).starts_with("web")) shown.push_back(key);
    }
    response.body = base::SecretText(shown.dump());
  });
  const Instant began = scene.time();
  scene.apply("web");
  for (int i = 0; i < kHours * 60 && scene.issued(began) < 40; ++i) scene.pass(kMinute);
  at_most("keys in three hours", scene.issued(began), 1 + kHours);
  EXPECT_NE(scene.condition("web", "Ready"), "True");
}

// Somebody else changes the key in place, again and again.
TEST(StormTest, GroupsThatSomebodyElsePutsBack) {
  Scene scene;
  scene.inside.netbird.add_group("servers");
  scene.apply("web", {{"autoGroups", {{{"name", "servers"}}}}});
  scene.start();
  scene.settle();
  const Instant began = scene.time();
  for (int second = 0; second < 3600; ++second) {
    scene.person(io::Server::kNetBird, io::Method::kPut, "/api/setup-keys/" + scene.key_id("web"),
                 {{"revoked", false}, {"auto_groups", Json::array()}});
    if (!scene.pass(kSecond)) break;
  }
  expect_quiet_of_one(scene.bill(began));
  at_most("keys", scene.issued(began), 0);
}

// The operator's clock is off; both servers' are right.
class StormOfClock : public testing::TestWithParam<int> {};

TEST_P(StormOfClock, IssuesFewKeys) {
  Scene scene;
  scene.apply("web", {{"expiresIn", "24h"}});
  scene.inside.start_operator(Scene::options(), GetParam() * kHour);
  const Instant began = scene.time();
  ASSERT_LT(scene.until([&] { return scene.issued(began) > 0; }, kMinute), kMinute);
  for (int i = 0; i < 360 && scene.issued(began) < 40; ++i) scene.pass(kSecond);
  // The one that was asked for, and one more at most.
  at_most("keys in six minutes", scene.issued(began), 2);
  for (int i = 0; i < 120 && scene.issued(began) < 40; ++i) scene.pass(kMinute);
  at_most("keys in two hours", scene.issued(began), 2);
}

INSTANTIATE_TEST_SUITE_P(Lasting, StormOfClock,
                         testing::Values(-49, -48, -25, -24, -23, -9, 9, 15, 17, 23, 24, 25, 48,
                                         49),
                         [](const auto& about) {
                           const int hours = about.param;
                           return (hours < 0 ? "behind_" : "ahead_") +
                                  std::to_string(hours < 0 ? -hours : hours) + "h";
                         });

// A mass event: everything is gone at once, and the account's brake holds.
struct Mass {
  const char* name;
  int setup_keys;
  bool secrets;  // else the keys at NetBird
  friend void PrintTo(const Mass& mass, std::ostream* out) { *out << mass.name; }
};

class StormOfMany : public testing::TestWithParam<Mass> {};

TEST_P(StormOfMany, IsBraked) {
  const Mass& mass = GetParam();
  Scene scene;
  scene.apply_many(mass.setup_keys);
  scene.start();
  scene.settle();
  const Instant began = scene.time();
  for (int i = 0; i < mass.setup_keys; ++i) {
    const std::string name = "key-" + std::to_string(i);
    if (mass.secrets) {
      scene.remove_secret(name);
    } else {
      scene.person(io::Server::kNetBird, io::Method::kDelete,
                   "/api/setup-keys/" + scene.key_id(name));
    }
  }
  const double an_hour = std::max(10.0, mass.setup_keys / 10.0);
  scene.pass(kHour - kMinute);
  at_most("unasked keys in the first hour", scene.issued(began), an_hour);
  // What is asked for is not braked.
  const Instant asked = scene.time();
  scene.rotate("key-0", "asked");
  scene.until([&] { return scene.issued(asked) > 0; }, kMinute);
  at_most("seconds until what was asked for", seconds(scene.time() - asked), 30);
}

INSTANTIATE_TEST_SUITE_P(Lasting, StormOfMany,
                         testing::Values(Mass{"50_secrets", 50, true}, Mass{"50_keys", 50, false},
                                         Mass{"200_secrets", 200, true},
                                         Mass{"200_keys", 200, false}),
                         [](const auto& about) { return about.param.name; });

// What is planned comes at most once an hour, whatever an older server let through.
class StormOfPlans : public testing::TestWithParam<std::tuple<const char*, Json>> {};

TEST_P(StormOfPlans, ComesOnceAnHour) {
  Scene scene;
  scene.apply("web", std::get<1>(GetParam()));
  scene.start();
  ASSERT_LT(scene.until([&] { return scene.ready("web"); }, kMinute), kMinute);
  const Instant began = scene.time();
  for (int i = 0; i < 6 * 60 && scene.issued(began) < 60; ++i) scene.pass(kMinute);
  at_most("keys in six hours", scene.issued(began), 7);
}

INSTANTIATE_TEST_SUITE_P(
    Lasting, StormOfPlans,
    testing::Values(std::tuple{"interval", Json{{"rotation", {{"interval", "1s"}}}}},
                    std::tuple{"renew_before", Json{{"expiresIn", "24h"},
                                                    {"rotation", {{"renewBefore", "23h59m59s"}}}}},
                    std::tuple{
                        "renew_percentage",
                        Json{{"expiresIn", "24h"}, {"rotation", {{"renewBeforePercentage", 99}}}}}),
    [](const auto& about) { return std::string(std::get<0>(about.param)); });

// Peers use each key up as soon as it is there.
TEST(StormTest, UsedUpAtOnceComesOnceAResync) {
  Scene scene;
  scene.apply("web", {{"usageLimit", 1}, {"rotation", {{"onOverused", true}}}});
  scene.start();
  scene.settle();
  const Instant began = scene.time();
  for (int second = 0; second < 3600; ++second) {
    const sim::KnownSecret* secret = scene.ledger().secret(kTeam, "web");
    if (secret != nullptr && !secret->key.empty()) {
      scene.inside.netbird.enrol(secret->key, scene.inside.now());
    }
    if (!scene.pass(kSecond)) break;
  }
  at_most("keys in an hour", scene.issued(began), 13);
}

}  // namespace
}  // namespace nbkeys::lasting
