#include "engine/trouble.h"

#include <gtest/gtest.h>

#include "engine/judge.h"

namespace nbkeys::engine {
namespace {

using base::ErrorCode;

base::Instant ms(std::int64_t t) { return {base::Duration{t}}; }
base::Error error(ErrorCode code, const std::string& message = "m", int status = 0) {
  base::Error out{code, "step", message};
  out.http_status = status;
  return out;
}

// Where every call of one kind is one too many, whatever others say.
TEST(Troubles, TooManyCallsHoldNothingUpAtFirstAndNotForLong) {
  Troubles troubles;
  const Action remove = DeleteKey{"id4", "default"};
  for (int i = 0; i < 3; ++i) {
    troubles.limited(remove, ms(0));
    EXPECT_FALSE(troubles.hold(remove, ms(0))) << i;
  }
  base::Instant now = ms(0);
  int tries = 0;
  for (; now < ms(3'600'000); ++tries) {
    troubles.limited(remove, now);
    const auto held = troubles.hold(remove, now);
    ASSERT_TRUE(held);
    EXPECT_LE(*held - now, base::Duration{170'000});
    now = *held;
  }
  EXPECT_LE(tries, 25);
  EXPECT_FALSE(worth_telling(*troubles.with(remove))) << "the account tells of it";
  troubles.worked(remove);
  troubles.limited(remove, now);
  EXPECT_FALSE(troubles.hold(remove, now));
}

TEST(Troubles, EachKindOfRequestBacksOffOnItsOwn) {
  Troubles troubles;
  troubles.failed(WriteStatus{}, error(ErrorCode::kServerError), ms(0));
  EXPECT_TRUE(troubles.hold(WriteStatus{}, ms(999)));
  EXPECT_FALSE(troubles.hold(WriteStatus{}, ms(1'000)));
  EXPECT_FALSE(troubles.hold(WriteSecret{}, ms(0)));
  EXPECT_TRUE(troubles.hold(Claim{}, ms(0))) << "a claim is a write of status as well";
  troubles.worked(ReadSetupKey{});
  EXPECT_TRUE(troubles.hold(WriteStatus{}, ms(0))) << "a read says nothing about a write";
  troubles.worked(WriteStatus{});
  EXPECT_TRUE(troubles.empty());
}

TEST(Troubles, EachKeyBacksOffOnItsOwn) {
  Troubles troubles;
  troubles.failed(DeleteKey{"a", "x"}, error(ErrorCode::kForbidden), ms(0));
  EXPECT_TRUE(troubles.hold(DeleteKey{"a", "x"}, ms(0)));
  EXPECT_FALSE(troubles.hold(DeleteKey{"b", "x"}, ms(0)));
  EXPECT_FALSE(troubles.hold(RevokeKey{"a", false, "x"}, ms(0)));
  troubles.worked(DeleteKey{"b", "x"});
  EXPECT_NE(troubles.with(DeleteKey{"a", "x"}), nullptr);
}

TEST(Troubles, WaitsGrowToNearlyFiveMinutes) {
  Troubles troubles;
  base::Instant now = ms(0);
  base::Duration last{0};
  for (int i = 0; i < 12; ++i) {
    troubles.failed(WriteSecret{}, error(ErrorCode::kForbidden), now);
    const auto until = troubles.hold(WriteSecret{}, now);
    ASSERT_TRUE(until);
    EXPECT_GE(*until - now, last);
    last = *until - now;
    now = *until;
  }
  EXPECT_EQ(last, base::Duration{285'000}) << "all is done within five minutes after a fault";
}

TEST(Troubles, TheFirstConflictIsNoReasonToWait) {
  Troubles troubles;
  troubles.failed(WriteStatus{}, error(ErrorCode::kConflict), ms(0));
  EXPECT_FALSE(troubles.hold(WriteStatus{}, ms(0)));
  troubles.failed(WriteStatus{}, error(ErrorCode::kConflict), ms(1));
  EXPECT_TRUE(troubles.hold(WriteStatus{}, ms(1)));
}

// 409 is a precondition at Kubernetes alone.
TEST(Troubles, AConflictAtNetBirdIsNotTriedAgainAtOnce) {
  Troubles troubles;
  troubles.failed(RevokeKey{"a", false, "x"}, error(ErrorCode::kConflict, "HTTP 409", 409), ms(0));
  EXPECT_TRUE(troubles.hold(RevokeKey{"a", false, "x"}, ms(0)));
}

TEST(Troubles, WhatWorksAgainAndAgainBacksOffUntilItIsQuiet) {
  Troubles troubles;
  troubles.repeated(RepairSecret{}, ms(0));
  EXPECT_FALSE(troubles.hold(RepairSecret{}, ms(0))) << "once is no repetition";
  troubles.repeated(RepairSecret{}, ms(1));
  troubles.repeated(RepairSecret{}, ms(2));
  EXPECT_EQ(troubles.hold(RepairSecret{}, ms(2)), ms(4'002));
  EXPECT_EQ(troubles.with(RepairSecret{})->error.message, "") << "nothing is wrong";
  troubles.repeated(RepairSecret{}, ms(604'003));
  EXPECT_EQ(troubles.with(RepairSecret{})->backoff.failures, 1) << "after ten quiet minutes";
  troubles.failed(RepairSecret{}, error(ErrorCode::kForbidden), ms(604'004));
  troubles.failed(RepairSecret{}, error(ErrorCode::kForbidden), ms(610'000));
  troubles.repeated(RepairSecret{}, ms(620'000));
  EXPECT_EQ(troubles.with(RepairSecret{})->backoff.failures, 1) << "failures are none";
}

TEST(Troubles, WordsThatChangeWhileTheKindStaysAreNoNews) {
  Troubles troubles;
  troubles.failed(WriteSecret{}, error(ErrorCode::kForbidden, "request 1", 403), ms(0));
  EXPECT_EQ(
      troubles.failed(WriteSecret{}, error(ErrorCode::kForbidden, "request 2", 403), ms(5'000))
          .error.message,
      "request 1");
  EXPECT_EQ(
      troubles.failed(WriteSecret{}, error(ErrorCode::kServerError, "request 3", 500), ms(9'000))
          .error.message,
      "request 3");
  EXPECT_EQ(troubles.failed(WriteSecret{}, error(ErrorCode::kServerError, "4", 503), ms(20'000))
                .error.message,
            "4")
      << "another status is another cause";
  EXPECT_EQ(troubles.with(WriteSecret{})->backoff.failures, 4) << "they are in a row all the same";
}

TEST(Troubles, WhatTheServerAsksForIsHonoured) {
  Troubles troubles;
  base::Error slow = error(ErrorCode::kServerError);
  slow.retry_after = base::Duration{30'000};
  troubles.failed(WriteStatus{}, slow, ms(0));
  EXPECT_EQ(troubles.hold(WriteStatus{}, ms(0)), ms(30'000));
}

TEST(Troubles, AreFewAndTheOldestGoFirst) {
  Troubles troubles;
  for (int i = 0; i < 40; ++i) {
    troubles.failed(DeleteKey{"k" + std::to_string(i), ""}, error(ErrorCode::kForbidden), ms(i));
  }
  EXPECT_EQ(troubles.all().size(), 32u);
  EXPECT_EQ(troubles.with(DeleteKey{"k7", ""}), nullptr);
  EXPECT_NE(troubles.with(DeleteKey{"k8", ""}), nullptr);
  troubles.clear();
  EXPECT_TRUE(troubles.empty());
}

}  // namespace
}  // namespace nbkeys::engine
