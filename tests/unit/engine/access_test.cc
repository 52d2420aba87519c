#include "engine/access.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "account_fixture.h"

namespace nbkeys::engine {
namespace {

using testing::answer;
using testing::may_not_write;
using testing::may_write;
using testing::ms;

io::HttpOutcome service_user(const std::string& role) {
  return answer(200,
                R"([{"id": "u", "name": "keys", "is_current": true, "role": ")" + role + "\"}]");
}

class AccessTest : public ::testing::Test {
 protected:
  AccessTest() { access.begin(ms(0)); }

  // The method that the right is asked for with, once it is due.
  std::optional<io::Method> asks(std::int64_t t) {
    if (!access.right.due(ms(t))) return std::nullopt;
    access.right.at.reset();
    return access.right_request().method;
  }
  bool right(io::HttpOutcome outcome, std::int64_t t) {
    return access.right_answered(std::move(outcome), ms(t));
  }
  bool user(io::HttpOutcome outcome, std::int64_t t) {
    access.user_call.at.reset();
    return access.user_answered(std::move(outcome), ms(t));
  }
  void refuse(std::int64_t t) {
    ASSERT_TRUE(asks(t));
    right(may_not_write(), t);
    ASSERT_TRUE(asks(t));
    right(may_not_write(), t);
  }

  Access access;
};

TEST_F(AccessTest, NothingIsMadeBeforeTheRightIsKnown) {
  EXPECT_FALSE(access.asked());
  EXPECT_EQ(asks(0), io::Method::kPut);
  EXPECT_TRUE(right(may_write(), 5));
  EXPECT_TRUE(access.asked());
  EXPECT_TRUE(access.may_write());
  EXPECT_EQ(asks(1'000'000), std::nullopt) << "asked once";
}

TEST_F(AccessTest, OneKindOfRequestThatIsRefusedIsNotTheToken) {
  EXPECT_EQ(asks(0), io::Method::kPut);
  EXPECT_FALSE(right(may_not_write(), 5));
  EXPECT_FALSE(access.asked());
  EXPECT_EQ(asks(5), io::Method::kDelete);
  EXPECT_TRUE(right(may_write(), 6));
  EXPECT_TRUE(access.may_write());
}

TEST_F(AccessTest, ARoleThatIsTooSmallIsNamedWithTheRemedy) {
  refuse(0);
  EXPECT_FALSE(access.may_write());
  EXPECT_FALSE(access.asked()) << "told once, with the role";
  EXPECT_TRUE(user(service_user("auditor"), 10));
  EXPECT_TRUE(access.asked());
  const std::string problem = access.problem();
  EXPECT_NE(problem.find("\"keys\" has the role auditor"), std::string::npos) << problem;
  EXPECT_NE(problem.find("role admin"), std::string::npos) << problem;
}

TEST_F(AccessTest, WhereTheUserCannotBeReadNobodyWaitsForIt) {
  refuse(0);
  user(answer(500, "{}"), 10);
  EXPECT_TRUE(access.asked());
  EXPECT_NE(access.problem().find("role admin"), std::string::npos);
}

TEST_F(AccessTest, APersonIsAskedForInAnotherWay) {
  EXPECT_EQ(access.user_request().operation, "list_service_users");
  EXPECT_FALSE(user(answer(200, "[]"), 1));
  ASSERT_TRUE(access.user_call.due(ms(1)));
  EXPECT_EQ(access.user_request().operation, "get_current_user");
  EXPECT_TRUE(user(answer(200, R"({"id": "p", "role": "owner"})"), 2));
  EXPECT_EQ(access.user()->role, "owner");
}

TEST_F(AccessTest, AnUnclearAnswerIsNoReasonToWait) {
  for (const int status : {404, 405, 429, 500}) {
    access.begin(ms(0));
    asks(0);
    EXPECT_TRUE(right(answer(status, "{}"), 5)) << status;
    EXPECT_TRUE(access.asked());
    EXPECT_TRUE(access.may_write());
    EXPECT_EQ(asks(15'004), std::nullopt);
    EXPECT_EQ(asks(15'005), io::Method::kPut) << status;
    EXPECT_FALSE(right(answer(status, "{}"), 15'010)) << "no news";
  }
}

TEST_F(AccessTest, WhileRefusedItIsAskedForAtMostEachFourMinutes) {
  refuse(0);
  int asked = 0;
  for (std::int64_t t = 0; t < 3'600'000; t += 1'000) {
    if (!asks(t)) continue;
    ++asked;
    EXPECT_FALSE(right(may_not_write(), t));
  }
  EXPECT_GE(asked, 15);
  EXPECT_LE(asked, 20);
}

TEST_F(AccessTest, WhileRefusedTheRoleIsReadWithAListAtMostOnceAMinute) {
  access.list_sent(ms(0));
  user(service_user("auditor"), 10);
  access.list_sent(ms(70'000));
  EXPECT_FALSE(access.user_call.due(ms(70'000))) << "nobody is refused anything";
  refuse(70'000);
  access.list_sent(ms(70'100));
  EXPECT_TRUE(access.user_call.due(ms(70'100)));
  user(service_user("auditor"), 70'110);
  access.list_sent(ms(130'109));
  EXPECT_FALSE(access.user_call.due(ms(130'109)));
  access.list_sent(ms(130'110));
  EXPECT_TRUE(access.user_call.due(ms(130'110)));
}

TEST_F(AccessTest, AnotherRoleIsAReasonToAskAtOnce) {
  refuse(0);
  user(service_user("auditor"), 10);
  asks(10);
  EXPECT_TRUE(user(service_user("admin"), 100));
  ASSERT_TRUE(asks(100));
  EXPECT_TRUE(right(may_write(), 110));
  EXPECT_TRUE(access.may_write());
  EXPECT_EQ(access.problem(), "");
}

TEST_F(AccessTest, ARoleThatIsLoweredAfterTheFirstAnswerIsFoundByTheFirstRefusal) {
  asks(0);
  right(may_write(), 5);
  access.write_refused(io::Method::kPost, ms(1'000));
  EXPECT_EQ(asks(1'000), io::Method::kPut);
  EXPECT_TRUE(right(may_not_write(), 1'010)) << "two kinds of writes are refused";
  EXPECT_FALSE(access.may_write());
}

TEST_F(AccessTest, ARoleThatIsLoweredIsReadAnewBeforeItIsTold) {
  asks(0);
  right(may_write(), 5);
  user(service_user("admin"), 6);
  access.write_refused(io::Method::kPost, ms(1'000));
  ASSERT_TRUE(asks(1'000));
  right(may_not_write(), 1'010);
  EXPECT_FALSE(access.refused());
  EXPECT_FALSE(access.asked()) << "and nothing is claimed meanwhile";
  ASSERT_TRUE(access.user_call.due(ms(1'010)));
  EXPECT_TRUE(user(service_user("auditor"), 1'020));
  EXPECT_TRUE(access.refused());
  EXPECT_NE(access.problem().find("the role auditor"), std::string::npos) << access.problem();
}

TEST_F(AccessTest, ARefusalAfterAnUnclearAnswerIsAskedAboutAtOnce) {
  asks(0);
  right(answer(401, "{}"), 5);
  access.write_refused(io::Method::kPost, ms(1'000));
  EXPECT_TRUE(asks(1'000)) << "whatever the pause";
}

TEST_F(AccessTest, OtherWordsOfTheSameRefusalAreNoNews) {
  refuse(0);
  user(service_user("auditor"), 10);
  const std::string told = access.problem();
  ASSERT_TRUE(asks(20'000));
  EXPECT_FALSE(right(answer(403, R"({"message": "permission denied, request 2"})"), 20'010));
  EXPECT_EQ(access.problem(), told);
}

TEST_F(AccessTest, ANewTokenIsAskedAnew) {
  refuse(0);
  user(service_user("auditor"), 10);
  access.begin(ms(1'000));
  EXPECT_FALSE(access.asked());
  EXPECT_FALSE(access.refused()) << "that was the token before";
  EXPECT_FALSE(access.user());
  EXPECT_EQ(asks(1'000), io::Method::kPut);
  EXPECT_TRUE(right(may_write(), 1'010));
  EXPECT_TRUE(access.asked());
}

}  // namespace
}  // namespace nbkeys::engine
