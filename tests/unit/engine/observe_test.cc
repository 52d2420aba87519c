#include "engine/observe.h"

#include <gtest/gtest.h>

#include "world_fixture.h"

namespace nbkeys::engine {
namespace {

using testing::json;
using testing::secret_text;
using testing::setup_key_text;

class ObserveTest : public testing::WorldTest {
 protected:
  void watched(const std::string& text) {
    world.secrets.upsert(std::move(*kube::parse_secret_meta(json(text))));
  }
};

TEST_F(ObserveTest, ASecretNeitherWatchedNorLookedForIsUnknown) {
  EXPECT_EQ(observed().secret.state, SecretState::kUnknown);
}

TEST_F(ObserveTest, TheWatchTellsOursFromForeign) {
  watched(secret_text(60, 1));
  EXPECT_EQ(observed().secret.state, SecretState::kOurs);
  EXPECT_EQ(observed().secret.content, ContentState::kUnchecked);
  watched(R"({"metadata":{"namespace":"ns","name":"fleet","uid":"s","resourceVersion":"61",
              "labels":{"keys.netbird.io/setupkey-uid":"somebody-else"}}})");
  EXPECT_EQ(observed().secret.state, SecretState::kForeign);
}

TEST_F(ObserveTest, TheBindingSparesARead) {
  store(setup_key_text(11, R"({"binding": {"name": "fleet", "uid": "secret-uid",
                                           "resourceVersion": "60"}})"));
  watched(secret_text(60, 1));
  EXPECT_EQ(observed().secret.content, ContentState::kRight);
  watched(secret_text(61, 1));
  EXPECT_EQ(observed().secret.content, ContentState::kUnchecked);
}

TEST_F(ObserveTest, ACheckHoldsForTheVersionItSaw) {
  watched(secret_text(60, 1));
  flight().check = SecretCheck{"secret-uid", "60", true, true};
  EXPECT_EQ(observed().secret.content, ContentState::kRight);
  flight().check->template_right = false;
  EXPECT_EQ(observed().secret.content, ContentState::kTemplateAltered);
  flight().check->key_right = false;
  EXPECT_EQ(observed().secret.content, ContentState::kKeyAltered);
  flight().check->resource_version = "59";
  EXPECT_EQ(observed().secret.content, ContentState::kUnchecked);
  flight().check = SecretCheck{"of one before", "60", true, true};
  EXPECT_EQ(observed().secret.content, ContentState::kUnchecked);
}

TEST_F(ObserveTest, AFreePlaceIsNotLookedAtAgainAndAgainWhileAWriteFails) {
  flight().look = SecretLook{SecretLook::Found::kAbsent, std::nullopt, now.mono};
  flight().troubles.failed(WriteSecret{}, {base::ErrorCode::kForbidden, "write", "quota"},
                           now.mono);
  now.mono = now.mono + base::Duration{86'400'000};
  EXPECT_EQ(observed().secret.state, SecretState::kAbsent);
  flight().troubles.clear();
  EXPECT_EQ(observed().secret.state, SecretState::kUnknown);
}

TEST_F(ObserveTest, ALookIsBelievedForAWhileAndTheWatchOutranksIt) {
  flight().look = SecretLook{SecretLook::Found::kAbsent, std::nullopt, now.mono};
  EXPECT_EQ(observed().secret.state, SecretState::kAbsent);
  now.mono = now.mono + base::Duration{300'000};
  EXPECT_EQ(observed().secret.state, SecretState::kAbsent);
  now.mono = now.mono + base::Duration{1};
  EXPECT_EQ(observed().secret.state, SecretState::kUnknown);
  flight().look = SecretLook{SecretLook::Found::kForeign, std::nullopt, now.mono};
  now.mono = now.mono + base::Duration{30'000};
  EXPECT_EQ(observed().secret.state, SecretState::kForeign);
  now.mono = now.mono + base::Duration{1};
  EXPECT_EQ(observed().secret.state, SecretState::kUnknown);
  flight().look = SecretLook{SecretLook::Found::kAbsent, std::nullopt, now.mono};
  watched(secret_text(60, 1));
  EXPECT_EQ(observed().secret.state, SecretState::kOurs);
}

TEST_F(ObserveTest, KeysAreThoseOfTheOwner) {
  const auto owner = cache::owner_of(testing::kUid);
  netbird::Key mine, others;
  mine.id = "mine";
  mine.name = cache::marked_name("x", {owner, 2});
  others.id = "others";
  others.name = cache::marked_name("x", {cache::owner_of("uid-2"), 2});
  world.account.inventory().replace({mine, others}, {now.mono, now.wall});
  const Observed o = observed();
  ASSERT_EQ(o.keys.size(), 1u);
  EXPECT_EQ(o.keys[0].key.id, "mine");
  EXPECT_EQ(o.keys[0].revision, 2u);
}

TEST_F(ObserveTest, AnEditEndsEveryBackOff) {
  settle_flight(*resource(), now.mono, flight());
  flight().troubles.failed(WriteSecret{}, {base::ErrorCode::kForbidden, "s", "m"}, now.mono);
  settle_flight(*resource(), now.mono, flight());
  EXPECT_FALSE(flight().troubles.empty()) << "nobody edited anything";
  kube::SetupKey edited = *resource();
  edited.meta.generation += 1;
  settle_flight(edited, now.mono, flight());
  EXPECT_TRUE(flight().troubles.empty());
}

TEST_F(ObserveTest, WhatListsNoLongerHaveIsGone) {
  store(setup_key_text(11, R"({"revision": 3, "keyID": "id3", "previousKeys": [
      {"keyID": "id2", "revision": 2, "retireAt": "2026-01-01T00:00:00Z"}]})"));
  const auto key = [](const std::string& id, std::uint32_t revision) {
    netbird::Key made;
    made.id = id;
    made.name = cache::marked_name("x", {cache::owner_of(testing::kUid), revision});
    return made;
  };
  cache::Inventory& inventory = world.account.inventory();
  inventory.replace({key("id3", 3), key("id2", 2), key("id9", 9)}, {now.mono, now.wall});
  EXPECT_TRUE(observed().gone.empty());
  inventory.replace({key("id3", 3), key("id9", 9)}, {now.mono + base::Duration{1}, now.wall});
  EXPECT_EQ(observed().gone, (std::vector<std::string>{"id2"}));
  inventory.replace({key("id3", 3)}, {now.mono + base::Duration{2}, now.wall});
  EXPECT_EQ(observed().gone, (std::vector<std::string>{"id2"})) << "of those that status names";
}

TEST_F(ObserveTest, TellsWhenTheClockWasSet) {
  world.clock.note(now);
  EXPECT_EQ(observed().began, now.mono);
  EXPECT_FALSE(observed().clock_step);
  now.mono = now.mono + base::Duration{1'000};
  now.wall = now.wall + std::chrono::hours(9);
  world.clock.note(now);
  ASSERT_TRUE(observed().clock_step);
  EXPECT_EQ(observed().clock_step->at, now.mono);
}

TEST_F(ObserveTest, SettlingDropsWhatBelongsToAStateThatIsNoMore) {
  Flight& f = flight();
  f.claimed = 4;
  f.held.emplace();
  f.held->facts.revision = 4;
  f.deleted_keys = {"a", "b"};
  store(setup_key_text(11, R"({"claim": {"revision": 4}, "revision": 3,
      "previousKeys": [{"keyID": "b", "revision": 1, "retireAt": "2026-01-01T00:00:00Z"}]})"));
  settle_flight(*resource(), now.mono, flight());
  EXPECT_EQ(flight().claimed, 4u);
  EXPECT_TRUE(flight().held);
  EXPECT_EQ(flight().deleted_keys, (std::vector<std::string>{"b"}));
  EXPECT_EQ(flight().seen_revision, 3u);
  EXPECT_EQ(flight().seen_at, now.mono);
  store(setup_key_text(12, R"({"claim": {"revision": 5}, "revision": 3})"));
  settle_flight(*resource(), now.mono + base::Duration{9}, flight());
  EXPECT_EQ(flight().claimed, 0u);
  EXPECT_FALSE(flight().held);
  EXPECT_TRUE(flight().lost.empty()) << "its revision is known, as that of a stray";
  EXPECT_EQ(flight().seen_at, now.mono) << "the revision is the same";
}

// Its Secret may have been written, which only a look at that tells: it is a stray like others.
TEST_F(ObserveTest, AHeldKeyOfAClaimThatWasPutBackIsDroppedAndItsTicketRemembered) {
  store(setup_key_text(11, R"({"claim": {"revision": 4, "ticket": "abcdefgh"}, "revision": 3,
      "lastRevision": 4, "tickets": [{"revision": 4, "ticket": "abcdefgh"}]})"));
  flight().held.emplace();
  flight().held->facts.revision = 4;
  flight().held->facts.ticket = "abcdefgh";
  settle_flight(*resource(), now.mono, flight());
  EXPECT_TRUE(flight().held);
  store(setup_key_text(12, R"({"revision": 3, "lastRevision": 3})"));
  settle_flight(*resource(), now.mono, flight());
  EXPECT_FALSE(flight().held);
  EXPECT_TRUE(flight().lost.empty());
  EXPECT_EQ(flight().tickets, (std::vector<kube::Ticket>{{4, "abcdefgh"}}));
  EXPECT_EQ(flight().last_revision, 4u);
}

}  // namespace
}  // namespace nbkeys::engine
