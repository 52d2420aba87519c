// Servers that refuse, fail, stay silent or forget.

#include "behaviour/suite.h"

namespace nbkeys::behaviour {
namespace {

using testing::SizeIs;

class FaultsTest : public BehaviourTest {
 protected:
  void SetUp() override {
    BehaviourTest::SetUp();
    if (!world().has_faults()) GTEST_SKIP() << "this world has no faults";
  }
  void rest(const std::string& name) {
    start();
    apply(name, {{"rotation", {{"overlap", "0"}}}});
    ASSERT_TRUE(await_ready(name));
    ASSERT_TRUE(await_whole(name));
  }
};

struct Refusal {
  const char* name;
  int status;
  const char* body;
  const char* reason;
};

void PrintTo(const Refusal& refusal, std::ostream* out) { *out << refusal.name; }

// NetBird refuses or fails in some way, whatever it is asked.
class NetBirdRefusesTest : public FaultsTest, public testing::WithParamInterface<Refusal> {};

TEST_P(NetBirdRefusesTest, FirstIssueWaitsSaysWhyAndRecovers) {
  answer_with(GetParam().status, kNetBirdCalls, 0, GetParam().body);
  start();
  apply("fleet");
  ASSERT_TRUE(await_condition("fleet", "Ready", "False", GetParam().reason));
  EXPECT_EQ(keys("fleet").size(), 0U);
  EXPECT_TRUE(secret("fleet").is_null());
  world().clear_faults();
  ASSERT_TRUE(await_ready("fleet")) << "without a restart";
  ASSERT_TRUE(await_whole("fleet"));
}

TEST_P(NetBirdRefusesTest, ReadyDoesNotFlapWhileTheKeyIsKnownGood) {
  rest("fleet");
  const std::string since = condition("fleet", "Ready").since;
  answer_with(GetParam().status, kNetBirdCalls, 0, GetParam().body);
  // Less than the three resyncs after which the last list is too old to go by.
  bool flapped = false;
  world().until(
      [&] {
        flapped |= condition("fleet", "Ready").status != "True";
        return flapped;
      },
      world().has_virtual_time() ? Milliseconds{420'000} : Milliseconds{2'500});
  EXPECT_FALSE(flapped);
  world().clear_faults();
  ASSERT_TRUE(await_whole("fleet"));
  EXPECT_EQ(condition("fleet", "Ready").since, since);
  EXPECT_EQ(revision("fleet"), 1);
}

TEST_P(NetBirdRefusesTest, CallsBackOff) {
  if (!world().has_virtual_time()) GTEST_SKIP() << "takes an hour";
  answer_with(GetParam().status, kNetBirdCalls, 0, GetParam().body);
  start();
  for (int i = 0; i < 10; ++i) apply("fleet-" + std::to_string(i));
  ASSERT_TRUE(await_condition("fleet-0", "Ready", "False", GetParam().reason));
  world().wait(std::chrono::minutes(10));
  world().forget_requests();
  world().wait(std::chrono::hours(1));
  EXPECT_LE(requests_like(kNetBirdCalls), 150) << "ten resources share one pause";
  EXPECT_LE(requests_like("^PATCH"), 20) << "the same status is not written again and again";
}

INSTANTIATE_TEST_SUITE_P(
    All, NetBirdRefusesTest,
    testing::Values(Refusal{"Unauthorized", 401, R"({"message":"token invalid","code":401})",
                            "AccountNotReady"},
                    Refusal{"Forbidden", 403, R"({"message":"permission denied","code":403})",
                            "AccountNotReady"},
                    Refusal{"RateLimited", 429, R"({"message":"rate limit exceeded","code":429})",
                            "RateLimited"},
                    Refusal{"ServerError", 500, R"({"message":"internal error","code":500})",
                            "APIError"},
                    Refusal{"Garbage", 200, "<html>not JSON</html>", "APIError"}),
    [](const auto& param) { return std::string(param.param.name); });

TEST_F(FaultsTest, PostRefusedForGoodBacksOffAndIsTriedAtOnceAfterAnEdit) {
  answer_with(422, "^POST /api/setup-keys$", 0, R"({"message":"name is not nice","code":422})");
  start();
  apply("fleet");
  ASSERT_TRUE(
      await("Stalled says why", [&] { return condition("fleet", "Stalled").status == "True"; }));
  EXPECT_NE(condition("fleet", "Ready").message.find("name is not nice"), std::string::npos);
  world().forget_requests();
  EXPECT_TRUE(stays("hardly any POST", [&] { return posts() <= 8; }));
  EXPECT_LE(events("InvalidSpec").size(), 1U) << "told once";
  world().clear_faults();
  edit("fleet", {{"usageLimit", 3}});
  ASSERT_TRUE(await_ready("fleet"));
  ASSERT_TRUE(await_whole("fleet"));
}

TEST_F(FaultsTest, RetryAfterIsHonoured) {
  rest("first");
  Fault fault;
  fault.status = 429;
  fault.pattern = "^POST /api/setup-keys$";
  fault.retry_after = Milliseconds{3'000};
  world().add_fault(fault);
  world().forget_requests();
  apply("second");
  ASSERT_TRUE(await("it is refused once", [&] { return posts() == 1; }));
  world().wait(Milliseconds{2'000});
  EXPECT_EQ(requests_like("^(POST|PUT|DELETE) /api/setup-keys"), 1);
  ASSERT_TRUE(await_ready("second"));
  ASSERT_TRUE(await_whole("second"));
}

TEST_F(FaultsTest, ServersOwnLimiterIsLivedWith) {
  if (!world().has_virtual_time()) GTEST_SKIP() << "takes minutes";
  world().limit_rate(6, 3);
  start();
  for (int i = 0; i < 8; ++i) apply("fleet-" + std::to_string(i));
  for (int i = 0; i < 8; ++i) ASSERT_TRUE(await_ready("fleet-" + std::to_string(i)));
  world().limit_rate(0, 0);
  for (int i = 0; i < 8; ++i) EXPECT_THAT(keys("fleet-" + std::to_string(i)), SizeIs(1));
}

TEST_F(FaultsTest, OwnBudgetIsKept) {
  if (!world().has_virtual_time()) GTEST_SKIP() << "takes minutes";
  start({.requests_per_minute = 30});
  for (int i = 0; i < 60; ++i) apply("fleet-" + std::to_string(i));
  world().wait(std::chrono::minutes(1));
  EXPECT_LE(requests_like(kNetBirdCalls), 61) << "a burst and a minute";
  for (int i = 0; i < 60; ++i) ASSERT_TRUE(await_ready("fleet-" + std::to_string(i)));
}

TEST_F(FaultsTest, SilentNetBirdIsWaitedFor) {
  if (!world().has_virtual_time()) GTEST_SKIP() << "takes minutes";
  add_fault(FaultKind::kDropRequest, kNetBirdCalls, 1, 0);
  start();
  apply("fleet");
  ASSERT_TRUE(await_condition("fleet", "Ready", "False", "APIError"));
  world().clear_faults();
  ASSERT_TRUE(await_ready("fleet"));
  ASSERT_TRUE(await_whole("fleet"));
}

TEST_F(FaultsTest, PostThatLandsLateMakesOnlyAStray) {
  if (!world().has_virtual_time()) GTEST_SKIP() << "takes minutes";
  Fault fault;
  fault.kind = FaultKind::kDelay;
  fault.pattern = "^POST /api/setup-keys$";
  fault.delay = Milliseconds{600'000};
  world().add_fault(fault);
  start();
  apply("fleet");
  ASSERT_TRUE(await_ready("fleet"));
  EXPECT_EQ(revision("fleet"), 2) << "the first revision is burnt";
  world().wait(Milliseconds{600'000});
  ASSERT_TRUE(await_whole("fleet"));
  EXPECT_EQ(posts(), 2);
}

TEST_F(FaultsTest, RefusedSecretKeepsTheKeyInHand) {
  answer_with(403, "^POST /api/v1/namespaces/[^/]*/secrets", 0,
              R"({"kind":"Status","message":"quota exceeded","reason":"Forbidden","code":403})");
  start();
  apply("fleet");
  ASSERT_TRUE(await("it says why", [&] {
    return condition("fleet", "Ready").message.find("quota exceeded") != std::string::npos;
  }));
  EXPECT_TRUE(stays("one key at most", [&] { return posts() <= 1 && keys("fleet").size() <= 1; }));
  world().clear_faults();
  ASSERT_TRUE(await_ready("fleet"));
  ASSERT_TRUE(await_whole("fleet"));
  EXPECT_EQ(posts(), 1) << "the key in hand is used";
}

TEST_F(FaultsTest, KubernetesFailuresPass) {
  rest("fleet");
  answer_with(500, "(PATCH|GET|POST) /api(s)?/(v1|keys.netbird.io)", 5);
  rotate("fleet", "now");
  ASSERT_TRUE(await_revision("fleet", 2));
  ASSERT_TRUE(await_whole("fleet"));
}

TEST_F(FaultsTest, ConflictsAreLookedAtAgain) {
  rest("fleet");
  answer_with(409, "^PATCH .*/setupkeys/fleet/status", 3,
              R"({"kind":"Status","reason":"Conflict","code":409})");
  rotate("fleet", "now");
  ASSERT_TRUE(await_revision("fleet", 2));
  ASSERT_TRUE(await_whole("fleet"));
  EXPECT_LE(posts(), 2);
}

class HistoryTest : public FaultsTest, public testing::WithParamInterface<bool> {};

TEST_P(HistoryTest, NothingIsMissedWhereTheHistoryIsGone) {
  rest("fleet");
  apply("second");
  ASSERT_TRUE(await_ready("second"));
  // Nobody can open a watch for a while, and what happens meanwhile is compacted away.
  answer_with(503, "watch=true");
  world().break_watches();
  apply("third");
  remove("second");
  remove_secret("fleet");
  world().compact_history(GetParam());
  world().wait(Milliseconds{1'500});
  world().clear_faults();
  ASSERT_TRUE(await_ready("third"));
  ASSERT_TRUE(await_gone("second"));
  ASSERT_TRUE(await_revision("fleet", 2));
  ASSERT_TRUE(await_whole("fleet"));
  ASSERT_TRUE(await_whole("third"));
  EXPECT_TRUE(stays("nothing is issued twice",
                    [&] { return revision("fleet") == 2 && revision("third") == 1; }));
}

INSTANTIATE_TEST_SUITE_P(GoneBy, HistoryTest, testing::Bool(), [](const auto& param) {
  return param.param ? "HttpStatus" : "ErrorEvent";
});

TEST_F(FaultsTest, BrokenWatchesAreResumed) {
  rest("fleet");
  for (int i = 0; i < 3; ++i) {
    world().break_watches();
    rotate("fleet", "turn " + std::to_string(i));
    ASSERT_TRUE(await_revision("fleet", i + 2));
  }
  ASSERT_TRUE(await_whole("fleet"));
}

TEST_F(FaultsTest, StopFinishesWhatIsInFlight) {
  Fault fault;
  fault.kind = FaultKind::kDelay;
  fault.pattern = "^POST /api/setup-keys$";
  fault.delay = Milliseconds{800};
  const int operator_number = start();
  apply("first");
  ASSERT_TRUE(await_ready("first"));
  world().forget_requests();
  world().add_fault(fault);
  apply("fleet");
  ASSERT_TRUE(await("the claim is written", [&] { return status("fleet").contains("claim"); }));
  EXPECT_EQ(world().stop_operator(operator_number), 0);
  start();
  ASSERT_TRUE(await_ready("fleet"));
  ASSERT_TRUE(await_whole("fleet"));
}

}  // namespace
}  // namespace nbkeys::behaviour
