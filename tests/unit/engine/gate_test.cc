#include "engine/gate.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace nbkeys::engine {
namespace {

using kube::ObjectRef;

base::Instant ms(std::int64_t t) { return {base::Duration{t}}; }

constexpr Gate::Needs kBoth{true, true};     // a call that nobody has paid for
constexpr Gate::Needs kPermit{true, false};  // a claim, which pays for the call that follows
constexpr Gate::Needs kPlace{false, true};   // that call

const ObjectRef kA{"ns", "a"}, kB{"ns", "b"}, kC{"ns", "c"};

// A permit each second, and one at the start.
Gate tight(std::size_t window = 8) { return Gate(netbird::Budget(60, 1), window); }
Gate wide(std::size_t window = 8) { return Gate(netbird::Budget(0, 0), window); }

// Serves one call each second, as the engine does: who is called asks again.
std::vector<std::string> served(Gate& gate, Gate::Needs needs, Priority priority,
                                std::int64_t from_ms, int seconds) {
  std::vector<std::string> out;
  for (int i = 0; i < seconds; ++i) {
    const base::Instant now = ms(from_ms + i * 1'001);
    const auto who = gate.call(now);
    if (!who) continue;
    if (gate.admit(*who, needs, priority, now)) out.push_back(who->name_space + "/" + who->name);
  }
  return out;
}
using Names = std::vector<std::string>;

TEST(Gate, LetsPassWhileThereIsRoom) {
  Gate gate = wide();
  EXPECT_TRUE(gate.admit(kA, kBoth, Priority::kRepair, ms(0)));
  EXPECT_TRUE(gate.admit(kB, kBoth, Priority::kRepair, ms(0)));
  EXPECT_EQ(gate.waiting(), 0u);
  EXPECT_FALSE(gate.call(ms(0)));
  EXPECT_FALSE(gate.next_at(ms(0)));
}

TEST(Gate, WithoutAPermitItWaitsInLineAndIsCalledOnce) {
  Gate gate = tight();
  EXPECT_TRUE(gate.admit(kA, kBoth, Priority::kRepair, ms(0)));
  EXPECT_FALSE(gate.admit(kB, kBoth, Priority::kRepair, ms(0)));
  EXPECT_EQ(gate.waiting(), 1u);
  EXPECT_FALSE(gate.call(ms(999)));
  EXPECT_EQ(gate.next_at(ms(0)), ms(1'001));
  EXPECT_EQ(gate.call(ms(1'001)), kB);
  EXPECT_FALSE(gate.call(ms(1'001))) << "told once";
  EXPECT_TRUE(gate.admit(kB, kBoth, Priority::kRepair, ms(1'001)));
  EXPECT_EQ(gate.waiting(), 0u);
  EXPECT_FALSE(gate.admit(kC, kBoth, Priority::kRepair, ms(1'001))) << "the permit is spent";
}

TEST(Gate, TheMostUrgentGoesFirstHoweverLateItComes) {
  Gate gate = tight();
  gate.admit(kA, kBoth, Priority::kRepair, ms(0));
  gate.admit({"ns", "repair"}, kBoth, Priority::kRepair, ms(0));
  gate.admit({"ns", "planned"}, kBoth, Priority::kPlannedRotation, ms(0));
  gate.admit({"ns", "asked"}, kBoth, Priority::kAskedRotation, ms(0));
  gate.admit({"ns", "first"}, kBoth, Priority::kFirstIssue, ms(0));
  gate.admit({"ns", "ending"}, kBoth, Priority::kEnding, ms(0));
  for (const auto& [name, priority] :
       {std::pair("ending", Priority::kEnding), std::pair("first", Priority::kFirstIssue),
        std::pair("asked", Priority::kAskedRotation),
        std::pair("planned", Priority::kPlannedRotation), std::pair("repair", Priority::kRepair)}) {
    const base::Instant now = *gate.next_at(ms(0));
    const auto who = gate.call(now);
    ASSERT_TRUE(who) << name;
    EXPECT_EQ(who->name, name);
    EXPECT_TRUE(gate.admit(*who, kBoth, priority, now)) << name;
    gate.budget().too_many(now, now);  // nothing is left until the next second
  }
}

TEST(Gate, WhoComesWhileOthersOfItsUrgencyWaitGoesBehindThem) {
  Gate gate = tight();
  gate.admit(kA, kBoth, Priority::kRepair, ms(0));
  gate.admit(kB, kBoth, Priority::kRepair, ms(0));
  EXPECT_FALSE(gate.admit(kC, kBoth, Priority::kRepair, ms(1'001))) << "the permit is for b";
  EXPECT_TRUE(gate.admit({"ns", "urgent"}, kBoth, Priority::kEnding, ms(1'001)))
      << "more urgent than all that wait";
  EXPECT_EQ(served(gate, kBoth, Priority::kRepair, 2'500, 3), (Names{"ns/b", "ns/c"}));
}

TEST(Gate, NamespacesTakeTurnsAmongEquals) {
  Gate gate = tight();
  gate.admit(kA, kBoth, Priority::kFirstIssue, ms(0));
  for (const char* name : {"1", "2", "3", "4"}) {
    gate.admit({"flood", name}, kBoth, Priority::kFirstIssue, ms(0));
  }
  gate.admit({"x", "1"}, kBoth, Priority::kFirstIssue, ms(0));
  gate.admit({"y", "1"}, kBoth, Priority::kFirstIssue, ms(0));
  EXPECT_EQ(served(gate, kBoth, Priority::kFirstIssue, 1'001, 7),
            (Names{"flood/1", "x/1", "y/1", "flood/2", "flood/3", "flood/4"}));
}

TEST(Gate, AFloodThatGoesOnDelaysOthersByOneTurnEach) {
  Gate gate = tight();
  gate.admit(kA, kBoth, Priority::kFirstIssue, ms(0));
  for (int i = 0; i < 500; ++i) {
    gate.admit({"flood", std::to_string(i)}, kBoth, Priority::kFirstIssue, ms(0));
  }
  served(gate, kBoth, Priority::kFirstIssue, 1'001, 100);
  gate.admit({"x", "1"}, kBoth, Priority::kFirstIssue, ms(101'000));
  gate.admit({"x", "2"}, kBoth, Priority::kFirstIssue, ms(101'000));
  const Names next = served(gate, kBoth, Priority::kFirstIssue, 102'000, 4);
  EXPECT_EQ(std::count(next.begin(), next.end(), "x/1"), 1);
  EXPECT_EQ(std::count(next.begin(), next.end(), "x/2"), 1);
}

TEST(Gate, APlaceInLineIsKeptHoweverOftenItAsks) {
  Gate gate = tight();
  gate.admit(kA, kBoth, Priority::kRepair, ms(0));
  gate.admit(kB, kBoth, Priority::kRepair, ms(0));
  gate.admit(kC, kBoth, Priority::kRepair, ms(0));
  for (int i = 0; i < 10; ++i) EXPECT_FALSE(gate.admit(kB, kBoth, Priority::kRepair, ms(i)));
  EXPECT_EQ(gate.waiting(), 2u);
  EXPECT_EQ(gate.call(ms(1'001)), kB);
}

TEST(Gate, WhatBecomesMoreUrgentMovesUp) {
  Gate gate = tight();
  gate.admit(kA, kBoth, Priority::kRepair, ms(0));
  gate.admit(kB, kBoth, Priority::kRepair, ms(0));
  gate.admit(kC, kBoth, Priority::kRepair, ms(0));
  gate.admit(kC, kBoth, Priority::kEnding, ms(1));
  EXPECT_EQ(gate.waiting(), 2u);
  EXPECT_EQ(gate.call(ms(1'001)), kC);
}

TEST(Gate, WhoLeavesMakesRoomForTheNext) {
  Gate gate = tight();
  gate.admit(kA, kBoth, Priority::kRepair, ms(0));
  gate.admit(kB, kBoth, Priority::kRepair, ms(0));
  gate.admit(kC, kBoth, Priority::kRepair, ms(0));
  EXPECT_EQ(gate.call(ms(1'001)), kB);
  gate.leave(kB);
  EXPECT_EQ(gate.call(ms(1'001)), kC) << "the permit was not spent";
  gate.leave(kB);
  EXPECT_EQ(gate.waiting(), 1u);
}

// Whoever was called and could not go after all is called again.
TEST(Gate, ACallThatCameToNothingIsRepeated) {
  Gate gate = wide(1);
  gate.sent();
  EXPECT_FALSE(gate.admit(kA, kBoth, Priority::kRepair, ms(0)));
  EXPECT_FALSE(gate.call(ms(0)));
  gate.answered();
  EXPECT_EQ(gate.call(ms(0)), kA);
  gate.sent();
  EXPECT_FALSE(gate.admit(kA, kBoth, Priority::kRepair, ms(1)));
  gate.answered();
  EXPECT_EQ(gate.call(ms(2)), kA);
}

TEST(Gate, OnlySoManyAreUnderWayAtOnce) {
  Gate gate = wide(2);
  for (int i = 0; i < 2; ++i) {
    EXPECT_TRUE(gate.admit(kA, kBoth, Priority::kRepair, ms(0)));
    gate.sent();
  }
  EXPECT_FALSE(gate.admit(kB, kBoth, Priority::kRepair, ms(0)));
  EXPECT_FALSE(gate.next_at(ms(0))) << "an answer makes room, not the clock";
  EXPECT_TRUE(gate.admit(kC, kPermit, Priority::kFirstIssue, ms(0))) << "a claim needs no place";
  gate.answered();
  EXPECT_EQ(gate.call(ms(0)), kB);
}

// Its claim grows old while it waits.
TEST(Gate, WhoHasPaidGoesBeforeAllOthers) {
  Gate gate = wide(1);
  gate.sent();
  gate.admit(kA, kBoth, Priority::kEnding, ms(0));
  gate.admit(kB, kPlace, Priority::kRepair, ms(0));
  gate.answered();
  EXPECT_EQ(gate.call(ms(0)), kB);
}

TEST(Gate, NobodyPassesAPause) {
  Gate gate = wide();
  gate.pause_until(ms(5'000));
  EXPECT_FALSE(gate.admit(kA, kBoth, Priority::kEnding, ms(0)));
  EXPECT_FALSE(gate.admit(kB, kPlace, Priority::kEnding, ms(0))) << "nor who has paid";
  EXPECT_FALSE(gate.admit_own(Priority::kEnding, true, ms(0)));
  EXPECT_FALSE(gate.call(ms(4'999)));
  EXPECT_EQ(gate.next_at(ms(0)), ms(5'000));
  EXPECT_EQ(gate.call(ms(5'000)), kB);
  gate.pause_until(std::nullopt);
  EXPECT_FALSE(gate.paused(ms(0)));
}

TEST(Gate, ListsNeverUseUpWhatIsLeft) {
  Gate gate(netbird::Budget(60, 2), 8);
  EXPECT_TRUE(gate.admit_own(Priority::kList, false, ms(0))) << "two are left";
  EXPECT_FALSE(gate.admit_own(Priority::kList, false, ms(0))) << "the last one is for others";
  EXPECT_EQ(gate.own_next_at(ms(0)), ms(1'001));
  EXPECT_TRUE(gate.admit(kA, kBoth, Priority::kRepair, ms(0)));
}

TEST(Gate, AListThatSomebodyWaitsForIsAsUrgentAsThat) {
  Gate gate = tight();
  gate.admit(kA, kBoth, Priority::kRepair, ms(0));
  gate.admit(kB, kBoth, Priority::kFirstIssue, ms(0));
  EXPECT_FALSE(gate.admit_own(Priority::kList, false, ms(1'001)));
  EXPECT_FALSE(gate.admit_own(Priority::kFirstIssue, false, ms(1'001))) << "behind its equals";
  EXPECT_TRUE(gate.admit_own(Priority::kEnding, false, ms(1'001)));
}

TEST(Gate, AListThatIsOverdueWaitsForNobody) {
  Gate gate = tight();
  gate.admit(kA, kBoth, Priority::kRepair, ms(0));
  gate.admit(kB, kBoth, Priority::kEnding, ms(0));
  EXPECT_FALSE(gate.admit_own(Priority::kList, true, ms(999))) << "not even then without a permit";
  EXPECT_TRUE(gate.admit_own(Priority::kList, true, ms(1'001)));
}

TEST(Gate, ANewTermBeginsWithAnEmptyLine) {
  Gate gate = tight();
  gate.admit(kA, kBoth, Priority::kRepair, ms(0));
  gate.admit(kB, kBoth, Priority::kRepair, ms(0));
  gate.call(ms(1'001));
  gate.clear();
  EXPECT_EQ(gate.waiting(), 0u);
  EXPECT_FALSE(gate.call(ms(1'001)));
  EXPECT_TRUE(gate.admit(kC, kBoth, Priority::kRepair, ms(1'001)));
}

TEST(Gate, AnOverdueListDoesNotTakeEveryPermit) {
  Gate gate(netbird::Budget(60, 1), 8);
  const kube::ObjectRef who{"ns", "a"};
  ASSERT_TRUE(gate.admit_own(Priority::kList, true, base::Instant{base::Duration{0}}));
  const Gate::Needs needs{true, true};
  EXPECT_FALSE(gate.admit(who, needs, Priority::kFirstIssue, base::Instant{base::Duration{1}}));
  const base::Instant next{base::Duration{1'100}};
  EXPECT_FALSE(gate.admit_own(Priority::kList, true, next)) << "it had the last one";
  EXPECT_TRUE(gate.admit(who, needs, Priority::kFirstIssue, next));
}

}  // namespace
}  // namespace nbkeys::engine
