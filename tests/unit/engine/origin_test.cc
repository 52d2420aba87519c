#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "scene.h"
#include "status/conditions.h"

namespace nbkeys::engine {
namespace {

using testing::after_s;
using testing::as;
using testing::condition;
using ::testing::HasSubstr;
using testing::is;
using testing::kWall;
using testing::ms;
using testing::name;
using testing::next_of;
using testing::Scene;

// An id that NetBird would have given so many seconds after the present.
std::string id_made(std::int64_t seconds) {
  // Base32hex of 12 bytes, of which the first four are the time.
  constexpr std::string_view kDigits = "0123456789abcdefghijklmnopqrstuv";
  const auto time = static_cast<std::uint32_t>((kWall.since_epoch.count() / 1000) + seconds);
  std::string out;
  const std::uint64_t bits = static_cast<std::uint64_t>(time) << 3;  // 35 bits: 7 digits
  for (int shift = 30; shift >= 0; shift -= 5) out += kDigits[(bits >> shift) & 31];
  return out + "0000000000000";
}

// Keys of a copy of the cluster: with our mark, and a ticket that we do not know.
Scene beside_a_copy(std::int64_t made_s) {
  Scene s;
  s.account.term_began = after_s(-600);
  cache::MarkedKey other = s.key(4);
  other.key.id = id_made(made_s);
  other.ticket = "otherone";
  s.keys.push_back(other);
  return s;
}

TEST(Origin, TheIdsOfTheseTestsTellTheirTime) {
  EXPECT_EQ(netbird::made_at(id_made(-700)), after_s(-700));
}

TEST(Origin, AnUnknownKeyIsToldOnceAndLeftAlone) {
  Scene s = beside_a_copy(-700);
  const Decision d = s.decide();
  ASSERT_TRUE(is<WriteStatus>(d)) << name(d);
  ASSERT_TRUE(d.event);
  EXPECT_EQ(d.event->reason, "UnknownOrigin");
  EXPECT_THAT(d.event->message, HasSubstr(id_made(-700)));
  s.resource.status = next_of(d);
  EXPECT_EQ(condition(s.resource.status, "UnknownKeys")->reason, "UnknownOrigin");
  EXPECT_TRUE(condition(s.resource.status, "Ready")->status) << "it stops nothing";
  EXPECT_TRUE(is<Rest>(s.decide())) << name(s.decide());
}

TEST(Origin, AKeyThatWasMadeWithinOurTermIsASecondInstallations) {
  for (const auto& [made, reason] :
       {std::pair(-470, "SecondInstallation"), std::pair(-490, "UnknownOrigin")}) {
    const Scene s = beside_a_copy(made);
    const Decision d = s.decide();
    ASSERT_TRUE(d.event) << made;
    EXPECT_EQ(d.event->reason, reason) << "two minutes after the term began";
  }
}

TEST(Origin, AnAlarmStaysUntilAPersonHasDecided) {
  Scene s = beside_a_copy(-100);
  s.resource.status = next_of(s.decide());
  s.account.term_began = kWall;  // a later term, in which nothing has been made
  EXPECT_TRUE(is<Rest>(s.decide()));
  cache::MarkedKey more = s.keys.back();
  more.key.id = id_made(-90);
  s.keys.push_back(more);
  const Decision d = s.decide();
  ASSERT_TRUE(is<WriteStatus>(d));
  EXPECT_EQ(condition(next_of(d), "UnknownKeys")->reason, "SecondInstallation");
  EXPECT_FALSE(d.event) << "one Event for one cause";
  s.resource.leave_keys = {id_made(-100), id_made(-90)};
  const Decision left = s.decide();
  ASSERT_TRUE(is<WriteStatus>(left)) << name(left);
  for (const kube::Condition& c : next_of(left).conditions) EXPECT_NE(c.type, "UnknownKeys");
}

TEST(Origin, ByAPersonsWordItIsEnded) {
  Scene s = beside_a_copy(-100);
  s.resource.status = next_of(s.decide());
  s.resource.end_keys = {id_made(-100)};
  s.flight.proven_revision = 3;
  const Decision d = s.decide();
  ASSERT_TRUE(is<DeleteKey>(d)) << name(d);
  EXPECT_EQ(as<DeleteKey>(d).key_id, id_made(-100));
}

TEST(Origin, WhatCannotEnrolIsNotTold) {
  Scene s = beside_a_copy(-100);
  s.keys.back().key.revoked = true;
  EXPECT_TRUE(is<Rest>(s.decide()));
  s.keys.back().key.revoked = false;
  s.keys.back().key.state = netbird::KeyState::kExpired;
  EXPECT_TRUE(is<Rest>(s.decide()));
}

TEST(Origin, TheWordsDoNotGrowWithTheKeys) {
  Scene s = beside_a_copy(-100);
  for (int i = 0; i < 500; ++i) {
    s.keys.push_back(s.keys.back());
    s.keys.back().key.id = id_made(-99 + i);
  }
  const Decision d = s.decide();
  EXPECT_THAT(d.event->message, HasSubstr("and 496 more"));
  EXPECT_LT(d.event->message.size(), 700u);
}

TEST(Origin, DeletingTheSetupKeyEndsOnlyItsOwn) {
  Scene s = beside_a_copy(-100);
  s.resource.meta.deleting = kWall;
  const Decision first = s.decide();
  ASSERT_TRUE(is<DeleteKey>(first));
  EXPECT_EQ(as<DeleteKey>(first).key_id, "id3");
  s.keys.erase(s.keys.begin());
  const Decision last = s.decide();
  EXPECT_EQ(name(last), "remove_finalizer");
  ASSERT_TRUE(last.event) << "what stays alive leaves a trace";
  EXPECT_EQ(last.event->reason, "KeyLeftAlive");
  EXPECT_THAT(last.event->message, HasSubstr(id_made(-100)));
}

TEST(Origin, ACopysKeyIsNoPreviousOneWhereStatusIsRebuilt) {
  Scene s = beside_a_copy(-100);
  cache::MarkedKey older = s.key(2);
  s.keys.push_back(older);
  s.resource.status = kube::KeyStatus{};
  const Decision d = s.decide();
  ASSERT_TRUE(is<RestoreStatus>(d)) << name(d);
  ASSERT_TRUE(d.event);
  EXPECT_EQ(d.event->reason, "Adopted");
  ASSERT_EQ(next_of(d).previous_keys.size(), 1u);
  EXPECT_EQ(next_of(d).previous_keys[0].key_id, "id2");
}

TEST(PutBack, WhatTheProcessRemembersIsWrittenFirst) {
  Scene s;
  s.flight.tickets = {{3, "threethr"}, {5, "fivefive"}};
  s.flight.last_revision = 5;
  s.resource.rotate = "now";  // whatever else is to be done
  const Decision d = s.decide();
  ASSERT_TRUE(is<RestoreStatus>(d)) << name(d);
  EXPECT_FALSE(d.event);
  EXPECT_EQ(next_of(d).last_revision, 5u);
  EXPECT_EQ(next_of(d).tickets, s.flight.tickets);
  EXPECT_EQ(next_of(d).last_without_ticket, 3u) << "as status had it";
  EXPECT_EQ(d.priority, Priority::kEnding);
  s.failed(d.action, base::ErrorCode::kForbidden);
  EXPECT_TRUE(is<Claim>(s.decide())) << "where that is refused all else goes on";
}

TEST(PutBack, WhoeverTakesItAwayAgainAndAgainIsToldAndWaitedFor) {
  Scene s;
  s.flight.last_revision = 5;
  for (int time = 0; time < 2; ++time) {
    const Decision d = s.decide();
    ASSERT_TRUE(is<RestoreStatus>(d)) << name(d);
    EXPECT_FALSE(d.event) << "this may be a state that was put back";
    s.flight.troubles.repeated(d.action, s.now.mono);
  }
  EXPECT_TRUE(is<Rest>(s.decide())) << name(s.decide());
  EXPECT_EQ(s.decide().wake_at, s.now.mono + base::Duration{25'000});
  s.resource.rotate = "now";
  EXPECT_EQ(as<Claim>(s.decide()).revision, 6u) << "all else goes on, by what is remembered";
  s.resource.rotate.clear();
  s.pass(std::chrono::minutes(5));
  const Decision d = s.decide();
  ASSERT_TRUE(is<RestoreStatus>(d)) << name(d);
  ASSERT_TRUE(d.event);
  EXPECT_EQ(d.event->reason, "StatusDrift");
  EXPECT_TRUE(d.event->warning);
  EXPECT_THAT(d.event->message, HasSubstr("--show-managed-fields"));
}

TEST(DrawTicket, StandsInTheClaimAndInTheBook) {
  Scene s;
  s.resource.rotate = "now";
  const Observed o = s.observed();
  Decision d = decide(o);
  ASSERT_TRUE(is<Claim>(d)) << name(d);
  auto& claim = std::get<Claim>(d.action);
  draw_ticket(claim, o, "abcdefgh");
  EXPECT_EQ(claim.next.claim->ticket, "abcdefgh");
  EXPECT_EQ(claim.next.tickets, (std::vector<kube::Ticket>{{4, "abcdefgh"}}));
  EXPECT_EQ(claim.next.last_without_ticket, 3u) << "keys of the release before are ours";
  draw_ticket(claim, o, "hgfedcba");
  EXPECT_EQ(claim.next.claim->ticket, "abcdefgh") << "a claim that is renewed keeps its own";
}

TEST(DrawTicket, TheSecretOfAnotherTicketIsNotTheClaims) {
  Scene s;
  s.claimed(4);
  s.resource.status.claim->ticket = "abcdefgh";
  s.resource.status.tickets = {{4, "abcdefgh"}};
  s.secret_of(4);
  s.secret.ticket = "hgfedcba";
  s.keys.push_back(s.key(4));
  s.keys.back().ticket = "hgfedcba";
  EXPECT_FALSE(is<WriteStatus>(s.decide()) && next_of(s.decide()).revision == 4)
      << name(s.decide());
  s.secret.ticket = "abcdefgh";
  EXPECT_EQ(next_of(s.decide()).revision, 4u);
}

TEST(DrawTicket, AClaimOfTheSameNumberIsNotTheOneThatThisProcessMade) {
  Scene s;
  s.claimed(4);
  s.resource.status.claim->ticket = "abcdefgh";
  s.resource.status.tickets = {{4, "abcdefgh"}};
  s.flight.claimed = 4;
  s.flight.claimed_ticket = "abcdefgh";
  EXPECT_TRUE(is<CreateKey>(s.decide())) << name(s.decide());
  EXPECT_EQ(as<CreateKey>(s.decide()).ticket, "abcdefgh");
  s.flight.claimed_ticket = "hgfedcba";
  EXPECT_FALSE(is<CreateKey>(s.decide()));
  s.hold(4);
  EXPECT_FALSE(is<WriteSecret>(s.decide())) << "nor is the key in hand made for it";
}

}  // namespace
}  // namespace nbkeys::engine
