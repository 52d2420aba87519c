#include "engine/collections.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "world_fixture.h"

namespace nbkeys::engine {
namespace {

using testing::json;
using testing::secret_text;
using testing::setup_key_text;

class CollectionsTest : public testing::WorldTest {
 protected:
  std::vector<std::string> touched() { return std::exchange(touched_, {}); }
  Touch touch() {
    return [this](const kube::ObjectRef& who) { touched_.push_back(who.name); };
  }
  std::vector<std::string> touched_;
  SetupKeySink keys{"", world, touch()};
  SecretSink secrets{"", world, touch()};
};

using Names = std::vector<std::string>;

TEST_F(CollectionsTest, AListReplacesWhatWasKnown) {
  keys.list_begun();
  keys.list_ended("50");
  EXPECT_EQ(resource(), nullptr);
  EXPECT_EQ(touched(), (Names{"fleet"}));
}

TEST_F(CollectionsTest, WhatIsNewerThanTheListStays) {
  store(setup_key_text(60));
  keys.list_begun();
  keys.list_ended("50");
  EXPECT_NE(resource(), nullptr);
}

TEST_F(CollectionsTest, AListOfAHistoryThatWentBackIsBelieved) {
  store(setup_key_text(60, R"({"revision": 2})"));
  secrets.changed(json(secret_text(61, 2)));
  EXPECT_EQ(keys.newest(), 60u);
  EXPECT_EQ(secrets.newest(), 61u);
  for (kube::WatchSink* sink :
       {static_cast<kube::WatchSink*>(&keys), static_cast<kube::WatchSink*>(&secrets)}) {
    sink->list_begun();
    sink->listed(
        json(sink == &keys ? setup_key_text(40, R"({"revision": 1})") : secret_text(41, 1)));
    sink->history_went_back();
    sink->list_ended("50");
  }
  EXPECT_EQ(resource()->status.revision, 1u);
  EXPECT_EQ(world.secrets.find(ref)->revision, 1u);
}

// Versions that go on from where they were, as after "etcdutl snapshot restore --bump-revision".
TEST_F(CollectionsTest, AnOlderObjectInANewerListWasPutBack) {
  store(setup_key_text(60, R"({"revision": 2})"));
  flight().needs_refresh = true;
  flight().troubles.failed(WriteStatus{}, {base::ErrorCode::kConflict, "", "stale"}, now.mono);
  keys.list_begun();
  keys.listed(json(setup_key_text(40, R"({"revision": 1})")));
  EXPECT_EQ(keys.list_ended("1000"), kube::WatchSink::Ended::kWentBack);
  EXPECT_EQ(resource()->status.revision, 1u);
  EXPECT_FALSE(flight().needs_refresh) << "what failed before it is of the past";
  EXPECT_TRUE(flight().troubles.empty());
  keys.list_begun();
  keys.listed(json(setup_key_text(40, R"({"revision": 1})")));
  EXPECT_EQ(keys.list_ended("1001"), kube::WatchSink::Ended::kGoesOn);
}

TEST_F(CollectionsTest, AnOlderSecretInANewerListTellsOfAnotherHistory) {
  secrets.changed(json(secret_text(60, 2)));
  secrets.list_begun();
  secrets.listed(json(secret_text(41, 1)));
  EXPECT_EQ(secrets.list_ended("70"), kube::WatchSink::Ended::kWentBack);
  EXPECT_EQ(world.secrets.find(ref)->revision, 1u);
}

TEST_F(CollectionsTest, NobodySeesHalfAList) {
  keys.list_begun();
  keys.listed(json(setup_key_text(40)));
  EXPECT_EQ(resource()->meta.resource_version, "10");
  keys.list_begun();  // the first try broke off
  keys.list_ended("50");
  EXPECT_EQ(resource(), nullptr) << "what the broken list showed does not count";
}

TEST_F(CollectionsTest, AnInstallationsOwnRefusalsCountWhereverASetupKeyComesFrom) {
  options.also_refused = {"tier=gold"};
  const auto text = [](int version) {
    return setup_key_text(version, "{}", testing::kUid,
                          R"({"secretTemplate":{"labels":{"tier":"gold"}}})");
  };
  keys.list_begun();
  keys.listed(json(text(40)));
  keys.list_ended("50");
  EXPECT_NE(resource()->spec_error, "");
  keys.changed(json(text(51)));
  EXPECT_NE(resource()->spec_error, "");
  answered(ReadSetupKey{}, testing::answer(200, text(52)));
  EXPECT_NE(resource()->spec_error, "");
  answered(WriteStatus{}, testing::answer(200, text(53)));
  EXPECT_EQ(resource()->meta.resource_version, "53");
  EXPECT_NE(resource()->spec_error, "");
}

TEST_F(CollectionsTest, EventsTouchTheirSetupKey) {
  keys.changed(json(setup_key_text(11)));
  EXPECT_EQ(resource()->meta.resource_version, "11");
  keys.changed(json("{}"));
  keys.removed(json(setup_key_text(12)));
  EXPECT_EQ(resource(), nullptr);
  EXPECT_EQ(touched(), (Names{"fleet", "fleet"}));
}

TEST_F(CollectionsTest, ASecretTouchesWhoNamesItAndEndsALook) {
  flight().look = SecretLook{SecretLook::Found::kAbsent, std::nullopt, now.mono};
  secrets.changed(json(secret_text(60, 1)));
  EXPECT_EQ(touched(), (Names{"fleet"}));
  EXPECT_FALSE(flight().look);
  secrets.changed(json(secret_text(60, 1)));
  EXPECT_TRUE(touched().empty()) << "the same version again";
  secrets.removed(json(secret_text(61, 1)));
  EXPECT_EQ(touched(), (Names{"fleet"}));
}

TEST_F(CollectionsTest, ASecretOfNobodyTouchesNobody) {
  secrets.changed(json(R"({"metadata":{"namespace":"ns","name":"x","uid":"u",
                           "resourceVersion":"5"}})"));
  EXPECT_TRUE(touched().empty());
}

TEST_F(CollectionsTest, AListOfSecretsTouchesTheOwnersOfWhatCameAndWent) {
  secrets.changed(json(secret_text(60, 1)));
  touched();
  secrets.list_begun();
  secrets.list_ended("70");
  EXPECT_EQ(touched(), (Names{"fleet"}));
  EXPECT_EQ(world.secrets.find(ref), nullptr);
}

}  // namespace
}  // namespace nbkeys::engine
