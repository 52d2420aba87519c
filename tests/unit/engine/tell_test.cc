#include "engine/tell.h"

#include <gtest/gtest.h>

namespace nbkeys::engine {
namespace {

base::Instant at_s(int seconds) { return {std::chrono::seconds(seconds)}; }

TEST(EventGate, LetsEachCauseOfASetupKeyPassOnceInAWhile) {
  EventGate gate;
  const kube::Event conflict{true, "SecretConflict", "Secret fleet exists"};
  EXPECT_TRUE(gate.admit("uid-1", conflict, at_s(0)));
  EXPECT_FALSE(gate.admit("uid-1", conflict, at_s(599)));
  EXPECT_TRUE(gate.admit("uid-2", conflict, at_s(599)));
  EXPECT_TRUE(gate.admit("uid-1", conflict, at_s(600)));
  EXPECT_TRUE(gate.admit("uid-1", {true, "SecretConflict", "another Secret"}, at_s(600)));
}

TEST(EventGate, TakesAFightForOneCauseWhicheverKeyItHits) {
  EventGate gate;
  EXPECT_TRUE(gate.admit("uid-1", {true, "SecretDataDrift", "no longer holds key 7"}, at_s(0)));
  EXPECT_FALSE(gate.admit("uid-1", {true, "SecretDataDrift", "no longer holds key 8"}, at_s(10)));
  EXPECT_TRUE(gate.admit("uid-1", {false, "Rotated", "key 8"}, at_s(10)));
  EXPECT_TRUE(gate.admit("uid-1", {false, "Rotated", "key 9"}, at_s(20)));
}

TEST(EventGate, TellsTheAccountsCauseToAFewOnly) {
  EventGate gate;
  int passed = 0;
  for (int i = 0; i < 1000; ++i) {
    passed += gate.admit("uid-" + std::to_string(i), {true, "AccountNotReady", "refused"}, at_s(1));
  }
  EXPECT_EQ(passed, 10);
  EXPECT_TRUE(gate.admit("uid-1", {true, "AccountNotReady", "refused"}, at_s(700)));
}

TEST(EventGate, ForgetsRatherThanGrows) {
  EventGate gate;
  for (int i = 0; i < 10'000; ++i) {
    EXPECT_TRUE(gate.admit("uid-" + std::to_string(i), {false, "Issued", "key"}, at_s(1)));
  }
  EXPECT_TRUE(gate.admit("uid-0", {false, "Issued", "key"}, at_s(1)));
  EXPECT_FALSE(gate.admit("uid-9999", {false, "Issued", "key"}, at_s(1)));
}

TEST(LogEvent, NamesEachReasonDifferently) {
  EXPECT_STREQ(log_event_of("Issued"), "key_issued");
  EXPECT_STREQ(log_event_of("DeletionBlocked"), "deletion_blocked");
  EXPECT_STREQ(log_event_of("not a reason"), "setupkey_event");
}

}  // namespace
}  // namespace nbkeys::engine
