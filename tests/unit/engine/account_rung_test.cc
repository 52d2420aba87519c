#include <gtest/gtest.h>

#include "scene.h"

namespace nbkeys::engine {
namespace {

using testing::after_s;
using testing::condition;
using testing::is;
using testing::key_valid;
using testing::kWall;
using testing::name;
using testing::next_of;
using testing::Scene;
using testing::told;

Scene with_another_token() {
  Scene s;
  s.account.id = "account-2";
  s.keys.clear();  // of that account
  s.gone = {"id3"};
  return s;
}

TEST(AccountOfTheKey, IsRecordedWhereItsListShowsTheKey) {
  Scene s;
  s.resource.status.account = {};
  const Decision d = s.decide();
  EXPECT_EQ(next_of(d).account.id, "account-1");
  EXPECT_EQ(next_of(d).account.name, "default");
  s.keys.clear();
  EXPECT_EQ(with_key_facts(s.observed(), s.resource.status).account.id, "")
      << "a list without the key says nothing about whose it is";
}

TEST(AccountOfTheKey, IsNotRecordedWhereItCannotBeAsked) {
  Scene s;
  s.resource.status.account = {};
  s.account.id.reset();
  EXPECT_TRUE(is<Rest>(s.decide()));
  EXPECT_FALSE(another_account(s.observed())) << "and blocks nothing";
}

// Else the key might be made in one account and be taken for another's.
TEST(AccountOfTheKey, IsAskedForBeforeTheFirstClaim) {
  Scene s = Scene::fresh();
  s.resource.status.account = {};
  s.account.id.reset();
  s.account.id_asked = false;
  EXPECT_TRUE(is<Rest>(s.decide())) << name(s.decide());
  s.account.id_asked = true;
  EXPECT_TRUE(is<Claim>(s.decide())) << name(s.decide()) << ": NetBird need not say";
}

TEST(AccountOfTheKey, IsRecordedWithTheFirstKey) {
  Scene s = Scene::fresh();
  s.claimed(1, "FirstIssue");
  s.secret_of(1);
  s.keys = {s.key(1)};
  EXPECT_EQ(next_of(s.decide()).account.id, "account-1");
}

TEST(AnotherAccount, IsToldWithBothNamesAndTheWayOut) {
  Scene s = with_another_token();
  const Decision d = s.decide();
  EXPECT_EQ(told(d), "Ready=False/AccountChanged Stalled");
  const std::string message = condition(next_of(d), "Ready")->message;
  EXPECT_NE(message.find("account-1"), std::string::npos);
  EXPECT_NE(message.find("account-2"), std::string::npos);
  EXPECT_NE(message.find("keys.netbird.io/accept-account"), std::string::npos);
  ASSERT_TRUE(d.event);
  EXPECT_EQ(d.event->reason, "AccountChanged");
  EXPECT_EQ(next_of(d).account.id, "account-1") << "the record stays";
  s.at_rest();
  EXPECT_TRUE(is<Rest>(s.decide()));
}

TEST(AnotherAccount, NothingIsIssuedEndedOrWritten) {
  const std::pair<const char*, void (*)(Scene&)> cases[] = {
      {"asked", [](Scene& s) { s.resource.rotate = "now"; }},
      {"revoked", [](Scene& s) { s.resource.spec.revoked = true; }},
      {"spec changed", [](Scene& s) { s.resource.spec.settings.usage_limit = 9; }},
      {"Secret gone", [](Scene& s) { s.secret_state = SecretState::kAbsent; }},
      {"overlap over",
       [](Scene& s) {
         s.resource.status.previous_keys = {{"id2", 2, after_s(-1)}};
         s.keys = {s.key(2)};
       }},
      {"claimed",
       [](Scene& s) {
         s.claimed(4);
         s.flight.claimed = 4;
       }},
      {"lost",
       [](Scene& s) {
         s.flight.lost = {{4, s.now.mono}};
         s.keys = {s.key(4)};
       }},
  };
  for (const auto& [what, change] : cases) {
    for (const bool asked : {true, false}) {
      Scene s = with_another_token();
      if (asked) s.account.id.reset();
      change(s);
      for (int i = 0; i < 5; ++i) {
        const Decision d = s.decide();
        ASSERT_TRUE(is<WriteStatus>(d) || is<Rest>(d)) << what << ": " << name(d);
        if (!is<WriteStatus>(d)) break;
        EXPECT_EQ(next_of(d).previous_keys.size(), s.resource.status.previous_keys.size()) << what;
        EXPECT_EQ(next_of(d).revision, 3u) << what;
        s.resource.status = next_of(d);
      }
    }
  }
}

TEST(AnotherAccount, GoingBackHeals) {
  Scene s = with_another_token();
  s.at_rest();
  s.account.id = "account-1";
  s.keys = {s.key(3)};
  s.gone.clear();
  s.at_rest();
  EXPECT_EQ(told(s.resource.status), "Ready=True/Issued");
}

TEST(AnotherAccount, IsTakenOverWhereThatIsMeant) {
  Scene s = with_another_token();
  s.resource.status.previous_keys = {{"id2", 2, after_s(99)}};
  s.resource.accept_account = "account-2";
  const Decision d = s.decide();
  ASSERT_TRUE(is<WriteStatus>(d)) << name(d);
  EXPECT_EQ(next_of(d).account.id, "account-2");
  EXPECT_EQ(told(d), "Ready=False/Progressing Reconciling") << "there is no key yet";
  EXPECT_EQ(next_of(d).revision, 0u);
  EXPECT_EQ(next_of(d).last_revision, 3u) << "no revision is used twice";
  EXPECT_TRUE(next_of(d).previous_keys.empty()) << "they are no longer ours to end";
  ASSERT_TRUE(d.event);
  EXPECT_EQ(d.event->reason, "KeyLeftAlive");
  EXPECT_NE(d.event->message.find("id3"), std::string::npos);
  s.resource.status = next_of(d);
  EXPECT_TRUE(is<Claim>(s.decide())) << name(s.decide());
}

TEST(AnotherAccount, AnAcceptanceOfYetAnotherOneIsNone) {
  Scene s = with_another_token();
  s.resource.accept_account = "account-3";
  EXPECT_EQ(told(s.decide()), "Ready=False/AccountChanged Stalled");
}

TEST(AnotherAccount, OneThatCannotBeAskedTakesNoReadinessFromAGoodKey) {
  Scene s;
  s.account.id.reset();
  EXPECT_TRUE(is<Rest>(s.decide()));
  s.resource.rotate = "now";
  EXPECT_FALSE(is<Claim>(s.decide())) << "only reads are right";
  for (kube::Condition& c : s.resource.status.conditions) {
    if (c.type == "Ready") c.status = false;
  }
  const Decision d = s.decide();
  EXPECT_EQ(told(d), "Ready=False/AccountNotReady Reconciling");
  EXPECT_NE(condition(next_of(d), "Ready")->message.find("/api/accounts"), std::string::npos);
}

TEST(AnotherAccount, BeforeItWasAskedNothingIsSaid) {
  Scene s;
  s.account.id.reset();
  s.account.id_asked = false;
  s.resource.rotate = "now";
  EXPECT_TRUE(is<Rest>(s.decide()));
  s.resource.meta.deleting = kWall;
  EXPECT_TRUE(is<Rest>(s.decide()));
}

TEST(AnotherAccount, DeletionIsBlockedWithAWayOut) {
  Scene s = with_another_token();
  s.resource.meta.deleting = kWall;
  const Decision d = s.decide();
  EXPECT_EQ(told(d), "Ready=False/DeletionBlocked Stalled");
  const std::string message = condition(next_of(d), "Ready")->message;
  EXPECT_NE(message.find("account-1"), std::string::npos);
  EXPECT_NE(message.find("keys.netbird.io/abandon"), std::string::npos);
  s.resource.abandon = true;
  EXPECT_EQ(name(s.decide()), "remove_finalizer");
}

TEST(AnotherAccount, CallsNothingDeleted) {
  Scene s;
  s.account.id = "account-2";
  s.keys.clear();
  s.gone = {"id3"};
  const Decision d = s.decide();
  EXPECT_EQ(told(d), "Ready=False/AccountChanged Stalled");
  EXPECT_EQ(next_of(d).state, "valid");
  EXPECT_EQ(key_valid(next_of(d)), "Valid");
}

}  // namespace
}  // namespace nbkeys::engine
