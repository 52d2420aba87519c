#include "kube/lease.h"

#include <gtest/gtest.h>

#include <string>

#include "answers.h"

namespace nbkeys::kube {
namespace {

using testing::answer;
using testing::body_of;
using testing::done;
using testing::ms;
using testing::no_answer;
using testing::only;

base::Now at(std::int64_t t) { return {ms(t), {base::Duration{1'800'000'000'000 + t}}}; }

std::string lease_json(const std::string& holder, const std::string& renewal, int version,
                       int duration_s = 15) {
  return R"({"metadata":{"name":"nbkeys","namespace":"sys","resourceVersion":")" +
         std::to_string(version) + R"("},"spec":{"holderIdentity":")" + holder +
         R"(","leaseDurationSeconds":)" + std::to_string(duration_s) + R"(,"renewTime":")" +
         renewal + R"(","leaseTransitions":4}})";
}

class LeaseTest : public ::testing::Test {
 protected:
  io::SendHttp request() {
    auto sent = only<io::SendHttp>(out.take());
    EXPECT_EQ(sent.size(), 1u);
    return sent.empty() ? io::SendHttp{} : std::move(sent.front());
  }
  io::SendHttp tick(std::int64_t t) {
    lease.tick(at(t), out);
    return request();
  }
  bool quiet(std::int64_t t) {
    lease.tick(at(t), out);
    return out.take().empty();
  }
  bool answered(io::RequestId id, io::HttpOutcome outcome, std::int64_t t) {
    io::HttpDone event = done(id, std::move(outcome));
    return lease.handle(event, at(t), out);
  }
  // No Lease yet: created by us at t.
  void acquire(std::int64_t t) {
    answered(tick(t).id, answer(404), t);
    const auto create = tick(t);
    EXPECT_EQ(create.request.method, io::Method::kPost);
    answered(create.id, answer(201, lease_json("me", "r1", 1)), t);
  }

  io::Outbox out;
  Lease lease{{{"sys", "nbkeys"},
               "me",
               base::Duration{15'000},
               base::Duration{10'000},
               base::Duration{2'000}},
              1};
};

TEST_F(LeaseTest, CreatesTheLeaseWhereThereIsNone) {
  EXPECT_FALSE(lease.leading(ms(0)));
  const auto get = tick(0);
  EXPECT_EQ(get.request.method, io::Method::kGet);
  EXPECT_TRUE(answered(get.id, answer(404), 1));
  EXPECT_FALSE(lease.leading(ms(1)));
  const auto create = tick(1);
  EXPECT_EQ(create.request.method, io::Method::kPost);
  const auto body = body_of(create.request);
  EXPECT_EQ(base::string_or(body, {"spec", "holderIdentity"}), "me");
  EXPECT_EQ(base::int_at(body, {"spec", "leaseDurationSeconds"}), 15);
  EXPECT_EQ(base::find(body, {"metadata", "resourceVersion"}), nullptr);
  EXPECT_TRUE(answered(create.id, answer(201, lease_json("me", "r1", 1)), 2));
  EXPECT_TRUE(lease.leading(ms(2)));
  EXPECT_EQ(lease.holder(), "me");
}

TEST_F(LeaseTest, LosingTheCreateToAnotherIsNoProblem) {
  answered(tick(0).id, answer(404), 0);
  answered(tick(0).id, answer(409), 1);
  EXPECT_FALSE(lease.leading(ms(1)));
  EXPECT_FALSE(lease.problem());
  const auto again = tick(3'000);
  EXPECT_EQ(again.request.method, io::Method::kGet);
}

TEST_F(LeaseTest, RenewsUnderTheVersionLastSeen) {
  acquire(0);
  EXPECT_TRUE(quiet(1'000)) << "not before the retry period";
  const auto renew = tick(2'300);
  EXPECT_EQ(renew.request.method, io::Method::kPut);
  const auto body = body_of(renew.request);
  EXPECT_EQ(base::string_or(body, {"metadata", "resourceVersion"}), "1");
  EXPECT_EQ(base::int_at(body, {"spec", "leaseTransitions"}), 4) << "a renewal is no transition";
  answered(renew.id, answer(200, lease_json("me", "r2", 2)), 2'400);
  EXPECT_TRUE(lease.leading(ms(2'300 + 9'999)));
  EXPECT_FALSE(lease.leading(ms(2'300 + 10'000))) << "the term counts from when it was sent";
}

// The Lease is written every few seconds, so that it tells first of a state that was put back.
TEST_F(LeaseTest, AnOlderVersionIsToldOnce) {
  acquire(0);
  answered(tick(2'300).id, answer(200, lease_json("me", "r2", 20)), 2'400);
  answered(tick(5'000).id, answer(409), 5'010);
  EXPECT_FALSE(lease.take_went_back()) << "somebody may have been faster";
  answered(tick(8'000).id, answer(200, lease_json("me", "r1", 7)), 8'010);
  EXPECT_TRUE(lease.take_went_back());
  EXPECT_FALSE(lease.take_went_back());
  const auto renew = tick(8'020);
  EXPECT_EQ(base::string_or(body_of(renew.request), {"metadata", "resourceVersion"}), "7");
  answered(renew.id, answer(200, lease_json("me", "r3", 8)), 8'030);
  EXPECT_FALSE(lease.take_went_back());
  EXPECT_TRUE(lease.leading(ms(8'030)));
}

TEST_F(LeaseTest, AnothersLeaseCountsFromWhenWeSawItChange) {
  answered(tick(0).id, answer(200, lease_json("other", "r1", 5)), 0);
  int reads = 0;
  for (std::int64_t t = 100; t < 14'900; t += 100) {
    lease.tick(at(t), out);
    for (const auto& sent : only<io::SendHttp>(out.take())) {
      ASSERT_EQ(sent.request.method, io::Method::kGet) << t;
      ++reads;
      answered(sent.id, answer(200, lease_json("other", "r1", 5)), t);
    }
  }
  EXPECT_GE(reads, 4);
}

TEST_F(LeaseTest, TakesAnExpiredLeaseByOurOwnClock) {
  // The other's renewTime lies in our future by wall clock; only its silence counts.
  answered(tick(0).id, answer(200, lease_json("other", "2099-01-01T00:00:00.000000Z", 5)), 0);
  const auto take = tick(15'000);
  EXPECT_EQ(take.request.method, io::Method::kPut);
  const auto body = body_of(take.request);
  EXPECT_EQ(base::string_or(body, {"spec", "holderIdentity"}), "me");
  EXPECT_EQ(base::string_or(body, {"metadata", "resourceVersion"}), "5");
  EXPECT_EQ(base::int_at(body, {"spec", "leaseTransitions"}), 5);
  answered(take.id, answer(200, lease_json("me", "r9", 6)), 15'010);
  EXPECT_TRUE(lease.leading(ms(15'010)));
}

TEST_F(LeaseTest, ARenewalByTheOtherStartsItsTimeAnew) {
  answered(tick(0).id, answer(200, lease_json("other", "r1", 5)), 0);
  answered(tick(14'000).id, answer(200, lease_json("other", "r2", 6)), 14'000);
  EXPECT_EQ(tick(16'500).request.method, io::Method::kGet);
}

TEST_F(LeaseTest, AReleasedLeaseIsTakenAtOnce) {
  answered(tick(0).id, answer(200, lease_json("", "r1", 5)), 10);
  EXPECT_EQ(tick(10).request.method, io::Method::kPut);
}

TEST_F(LeaseTest, TheOthersLongerDurationIsRespected) {
  answered(tick(0).id, answer(200, lease_json("other", "r1", 5, 60)), 0);
  EXPECT_EQ(tick(30'000).request.method, io::Method::kGet);
}

TEST_F(LeaseTest, AConflictMeansReadBeforeWriting) {
  acquire(0);
  answered(tick(2'300).id, answer(409), 2'300);
  EXPECT_FALSE(lease.problem());
  EXPECT_TRUE(lease.leading(ms(2'301))) << "the last success still holds";
  const auto look = tick(4'700);
  EXPECT_EQ(look.request.method, io::Method::kGet);
  answered(look.id, answer(200, lease_json("other", "r7", 9)), 4'700);
  EXPECT_EQ(lease.holder(), "other");
  EXPECT_EQ(tick(7'000).request.method, io::Method::kGet);
}

// Found by the simulation: two that both thought they led undid each other's status without pause.
TEST_F(LeaseTest, WhoReadsAnothersNameLeadsNoLonger) {
  acquire(0);
  answered(tick(2'300).id, answer(409), 2'400);
  EXPECT_TRUE(lease.leading(ms(2'400))) << "a conflict alone tells nothing";
  answered(tick(4'700).id, answer(200, lease_json("other", "r9", 9)), 4'800);
  EXPECT_FALSE(lease.leading(ms(4'800))) << "although the term is not over";
}

TEST_F(LeaseTest, LeadershipEndsWithoutAnyAnswer) {
  acquire(0);
  const auto lost = tick(2'300);
  ASSERT_TRUE(lease.wake_at());
  EXPECT_EQ(*lease.wake_at(), ms(10'000)) << "the end of the term is an event";
  EXPECT_TRUE(lease.leading(ms(9'999)));
  EXPECT_FALSE(lease.leading(ms(10'000)));
  answered(lost.id, no_answer(), 12'000);
  EXPECT_FALSE(lease.leading(ms(12'000)));
  EXPECT_TRUE(lease.problem());
}

TEST_F(LeaseTest, AStoppedProcessSeesThatItNoLongerLeads) {
  acquire(0);
  const auto renew = tick(2'300);
  // Stopped right after sending; continued a minute later, when the answer is read: success, but
  // old.
  answered(renew.id, answer(200, lease_json("me", "r2", 2)), 62'300);
  EXPECT_FALSE(lease.leading(ms(62'300)));
}

TEST_F(LeaseTest, AnAnswerInAnothersNameIsNoRenewal) {
  answered(tick(0).id, answer(404), 0);
  answered(tick(0).id, answer(201, lease_json("other", "r1", 1)), 1);
  EXPECT_FALSE(lease.leading(ms(1)));
}

TEST_F(LeaseTest, GarbageIsNoRenewal) {
  answered(tick(0).id, answer(404), 0);
  answered(tick(0).id, answer(201, "<html>"), 1);
  EXPECT_FALSE(lease.leading(ms(1)));
  EXPECT_EQ(tick(5'000).request.method, io::Method::kGet);
}

TEST_F(LeaseTest, MissingRightsAreAProblem) {
  answered(tick(0).id, answer(403, R"({"message":"leases is forbidden"})"), 0);
  ASSERT_TRUE(lease.problem());
  EXPECT_EQ(lease.problem()->code, base::ErrorCode::kForbidden);
  EXPECT_FALSE(lease.leading(ms(0)));
}

TEST_F(LeaseTest, ReleaseGivesItUpUnderTheVersion) {
  acquire(0);
  EXPECT_TRUE(lease.release(at(1'000), out));
  EXPECT_FALSE(lease.leading(ms(1'000)));
  const auto given = request();
  const auto body = body_of(given.request);
  EXPECT_EQ(given.request.method, io::Method::kPut);
  EXPECT_EQ(base::string_or(body, {"spec", "holderIdentity"}, "?"), "");
  EXPECT_EQ(base::string_or(body, {"metadata", "resourceVersion"}), "1");
  EXPECT_TRUE(answered(given.id, answer(200, lease_json("", "r3", 3)), 1'010));
  EXPECT_FALSE(lease.leading(ms(1'010)));
  EXPECT_FALSE(lease.wake_at());
  EXPECT_TRUE(quiet(60'000)) << "nothing is taken again";
}

TEST_F(LeaseTest, WhoDoesNotLeadHasNothingToRelease) {
  answered(tick(0).id, answer(200, lease_json("other", "r1", 5)), 0);
  EXPECT_FALSE(lease.release(at(1), out));
  EXPECT_TRUE(out.take().empty());
}

TEST_F(LeaseTest, StaleNumbersAreNotOurs) {
  const auto get = tick(0);
  EXPECT_FALSE(answered(get.id + 1, answer(404), 0));
  EXPECT_TRUE(answered(get.id, answer(404), 0));
  EXPECT_FALSE(answered(get.id, answer(404), 0));
}

TEST_F(LeaseTest, OneRequestAtATime) {
  tick(0);
  EXPECT_TRUE(lease.busy());
  EXPECT_TRUE(quiet(60'000));
}

}  // namespace
}  // namespace nbkeys::kube
