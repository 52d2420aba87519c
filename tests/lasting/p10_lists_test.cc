// Lists lie: one that lacks keys ends nothing, one entry that nobody understands costs only itself,
// and one that is late makes no second key.

#include "lasting/scene.h"

namespace nbkeys::lasting {
namespace {

using fakes::at_path;
using fakes::text_at;

void set_body(io::HttpResponse& response, const Json& body) {
  response.body = base::SecretText(body.dump());
}

// A list that lacks keys for some time. `count` numbers the lists, from 1.
struct Lack {
  const char* name;
  Json (*show)(const Json& all, int count);
  int issued_at_most = 0;
  friend void PrintTo(const Lack& lack, std::ostream* out) { *out << lack.name; }
};

Json half_of(const Json& all) {
  Json out = Json::array();
  for (std::size_t i = 0; i < all.size() / 2; ++i) out.push_back(all[i]);
  return out;
}

Json of_another_tenant(const Json& all) {
  Json out = all;
  for (Json& key : out) {
    key["id"] = "c" + text_at(key, {"id"}).substr(1);
    key["name"] = "theirs";
  }
  return out;
}

const Lack kLacks[] = {
    {"empty_once", [](const Json& all, int count) { return count == 1 ? Json::array() : all; }},
    // What two lists in a row lack may be believed; the account's brake is what holds then.
    {"empty_twice", [](const Json& all, int count) { return count <= 2 ? Json::array() : all; },
     10},
    {"null_once", [](const Json& all, int count) { return count == 1 ? Json() : all; }},
    {"half_once", [](const Json& all, int count) { return count == 1 ? half_of(all) : all; }},
    {"half_every_other",
     [](const Json& all, int count) { return count % 2 == 1 ? half_of(all) : all; }},
    {"another_tenant_once",
     [](const Json& all, int count) { return count == 1 ? of_another_tenant(all) : all; }},
};

class Lacking : public testing::TestWithParam<Lack> {
 protected:
  void arm() {
    scene_.alter(kListKeys, [this](io::HttpResponse& response) {
      set_body(response, GetParam().show(Json::parse(response.body.reveal()), ++lists_));
    });
  }
  Scene scene_;
  int lists_ = 0;
};

TEST_P(Lacking, EndsAndIssuesNothing) {
  scene_.apply_many(20, {{"rotation", {{"overlap", "2h"}}}});
  const int replica = scene_.start();
  scene_.settle();
  const std::string replaced = scene_.key_id("key-0");
  scene_.rotate("key-0");
  scene_.settle();
  const Instant began = scene_.time();
  arm();
  for (int i = 0; i < 50 && scene_.good(replaced); ++i) scene_.pass(kMinute);
  at_most("keys issued", scene_.issued(began), GetParam().issued_at_most);
  EXPECT_TRUE(scene_.good(replaced)) << "the replaced key did not keep its overlap";
  at_least("keys that are good", static_cast<double>(scene_.ready_count()), 20);
  EXPECT_TRUE(scene_.inside.running(replica));
}

// A process that begins with such a list knows nothing better.
TEST_P(Lacking, EndsAndIssuesNothingAfterARestart) {
  scene_.apply_many(20, {{"rotation", {{"overlap", "2h"}}}});
  const int replica = scene_.start();
  scene_.settle();
  const std::string replaced = scene_.key_id("key-0");
  scene_.rotate("key-0");
  scene_.settle();
  const Instant began = scene_.time();
  scene_.inside.crash(replica);
  arm();
  scene_.start();
  for (int i = 0; i < 50 && scene_.good(replaced); ++i) scene_.pass(kMinute);
  at_most("keys issued", scene_.issued(began), GetParam().issued_at_most);
  EXPECT_TRUE(scene_.good(replaced)) << "the replaced key did not keep its overlap";
}

INSTANTIATE_TEST_SUITE_P(Lasting, Lacking, testing::ValuesIn(kLacks),
                         [](const auto& about) { return about.param.name; });

// An entry of others that is odd, in every list.
class OddEntry : public testing::TestWithParam<std::pair<const char*, Json>> {
 protected:
  static Json strange(Json change) {
    Json out = {{"id", "d1vddddddddddddddddd"},
                {"key", "ABCDE****"},
                {"name", "made by hand"},
                {"expires", "2027-01-01T00:00:00.123456Z"},
                {"type", "reusable"},
                {"valid", true},
                {"revoked", false},
                {"used_times", 0},
                {"last_used", "0001-01-01T00:00:00Z"},
                {"state", "valid"},
                {"auto_groups", Json::array()},
                {"updated_at", "2026-01-01T00:00:00Z"},
                {"usage_limit", 0},
                {"ephemeral", false},
                {"allow_extra_dns_labels", false}};
    if (!change.is_object()) return change;
    for (const auto& [name, value] : change.items()) {
      if (value == "absent") {
        out.erase(name);
      } else {
        out[name] = value;
      }
    }
    return out;
  }
};

TEST_P(OddEntry, CostsOnlyItself) {
  Scene scene;
  scene.apply_many(5);
  scene.start();
  scene.settle();
  scene.inside.netbird.add_odd_entry(strange(GetParam().second));
  scene.pass(kResyncAtMost);
  const Instant began = scene.time();
  scene.apply("new");
  scene.rotate("key-0");
  scene.edit("key-1", {{"revoked", true}});
  scene.remove("key-2");
  const Duration took = scene.until([&] { return scene.wrong().empty(); }, 30 * kMinute);
  at_most("seconds until all was done", seconds(took), 60);
  at_most("keys issued", scene.issued(began), 2);
}

INSTANTIATE_TEST_SUITE_P(
    Lasting, OddEntry,
    testing::Values(
        std::pair{"unknown_state", Json{{"state", "paused"}}},
        std::pair{"disabled", Json{{"state", "disabled"}, {"valid", false}}},
        std::pair{"null_state", Json{{"state", nullptr}}},
        std::pair{"no_state", Json{{"state", "absent"}}},
        std::pair{"no_id", Json{{"id", "absent"}}}, std::pair{"null_id", Json{{"id", nullptr}}},
        std::pair{"empty_id", Json{{"id", ""}}}, std::pair{"number_for_id", Json{{"id", 7}}},
        std::pair{"null_name", Json{{"name", nullptr}}},
        std::pair{"odd_time", Json{{"expires", "tomorrow"}}},
        std::pair{"time_beyond", Json{{"expires", "99999-01-01T00:00:00Z"}}},
        std::pair{"null_groups", Json{{"auto_groups", nullptr}}},
        std::pair{"text_for_number", Json{{"used_times", "many"}}}, std::pair{"null_entry", Json()},
        std::pair{"text_entry", Json("a key")}, std::pair{"list_entry", Json::array()},
        std::pair{"empty_entry", Json::object()}),
    [](const auto& about) { return about.param.first; });

// The entry of a key in use is odd: its state follows from what can be read.
class OddEntryOfOurs : public testing::TestWithParam<std::pair<const char*, Json>> {};

TEST_P(OddEntryOfOurs, IsReadAsFarAsItCanBe) {
  Scene scene;
  scene.apply_many(3);
  scene.start();
  scene.settle();
  const std::string id = scene.key_id("key-0");
  scene.alter(kListKeys, [id](io::HttpResponse& response) {
    Json all = Json::parse(response.body.reveal());
    for (Json& key : all) {
      if (text_at(key, {"id"}) == id) key.update(GetParam().second);
    }
    set_body(response, all);
  });
  const Instant began = scene.time();
  scene.pass(kHour);
  at_most("keys issued", scene.issued(began), 0);
  EXPECT_TRUE(scene.good(id));
  EXPECT_EQ(scene.condition("key-0", "Ready"), "True");
  EXPECT_EQ(scene.condition("key-1", "Ready"), "True");
  scene.rotate("key-1");
  const Duration took = scene.until([&] { return scene.issued(began) > 0; }, 30 * kMinute);
  at_most("seconds until another's rotation", seconds(took), 30);
}

INSTANTIATE_TEST_SUITE_P(Lasting, OddEntryOfOurs,
                         testing::Values(std::pair{"unknown_state", Json{{"state", "fresh"}}},
                                         std::pair{"null_state", Json{{"state", nullptr}}},
                                         std::pair{"odd_last_used", Json{{"last_used", "never"}}},
                                         std::pair{"odd_updated_at", Json{{"updated_at", 7}}},
                                         std::pair{"null_limit", Json{{"usage_limit", nullptr}}}),
                         [](const auto& about) { return about.param.first; });

// Lists that are behind by so much, all the time.
class Lagging : public testing::TestWithParam<int> {
 protected:
  Duration lag() const { return Duration{GetParam()}; }
};

TEST_P(Lagging, FortySetupKeysMakeFortyPosts) {
  Scene scene;
  scene.inside.netbird.set_list_lag(lag());
  engine::Options options = Scene::options();
  options.resync = kMinute;
  scene.start(options);
  const Instant began = scene.time();
  // One by one, so that lists come in between.
  for (int i = 0; i < 40; ++i) {
    scene.apply("key-" + std::to_string(i));
    scene.pass(5 * kSecond);
  }
  scene.pass(30 * kMinute);
  at_most("POSTs of keys", scene.bill(began).posts, 40);
  at_least("SetupKeys that are ready", scene.ready_count(), 40);
  for (int i = 0; i < 10; ++i) {
    scene.rotate("key-" + std::to_string(i));
    scene.pass(11 * kSecond);
  }
  scene.pass(30 * kMinute);
  at_most("POSTs of keys after ten rotations", scene.bill(began).posts, 50);
}

TEST_P(Lagging, RestartsMakeNoPosts) {
  Scene scene;
  scene.inside.netbird.set_list_lag(lag());
  scene.apply_many(40);
  const Instant began = scene.time();
  int replica = scene.start();
  for (const int wait_s : {1, 2, 5, 20, 60}) {
    scene.pass(wait_s * kSecond);
    scene.inside.crash(replica);
    replica = scene.start();
  }
  scene.pass(30 * kMinute);
  // A POST may be under way at the first crash or two, and its key be lost.
  at_most("POSTs of keys", scene.bill(began).posts, 50);
  at_least("SetupKeys that are ready", scene.ready_count(), 40);
  EXPECT_EQ(scene.wrong(), "");
}

INSTANTIATE_TEST_SUITE_P(Lasting, Lagging, testing::Values(500, 2'000, 10'000, 30'000),
                         [](const auto& about) {
                           return "by_" + std::to_string(about.param) + "_ms";
                         });

}  // namespace
}  // namespace nbkeys::lasting
