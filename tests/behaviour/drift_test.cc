// What others do to the keys at NetBird, and to the status.

#include "behaviour/suite.h"

namespace nbkeys::behaviour {
namespace {

class DriftTest : public BehaviourTest {
 protected:
  void rest(const std::string& name) {
    start();
    apply(name, {{"rotation", {{"overlap", "0"}}}});
    ASSERT_TRUE(await_ready(name));
    ASSERT_TRUE(await_whole(name));
  }
};

// A list has shown the key, and shows another one still: else it would be asked for again first.
TEST_F(DriftTest, DeletedKeyIsReplaced) {
  rest("fleet");
  apply("beside");
  ASSERT_TRUE(await_ready("beside"));
  world().revoke_key(active_key("beside"));
  ASSERT_TRUE(await_condition("beside", "KeyValid", "False", "RevokedExternally")) << "a list came";
  world().delete_key(active_key("fleet"));
  ASSERT_TRUE(await_revision("fleet", 2));
  ASSERT_TRUE(await_whole("fleet"));
  EXPECT_EQ(condition("fleet", "KeyValid").status, "True");
  EXPECT_TRUE(stays("once", [&] { return revision("fleet") == 2; }));
}

TEST_F(DriftTest, KeyRevokedByAPersonIsLeftRevoked) {
  rest("fleet");
  const std::string id = active_key("fleet");
  world().revoke_key(id);
  ASSERT_TRUE(await_condition("fleet", "KeyValid", "False", "RevokedExternally"));
  EXPECT_EQ(condition("fleet", "Ready").status, "False");
  EXPECT_EQ(condition("fleet", "Stalled").status, "True");
  EXPECT_EQ(status("fleet").at("state"), "revoked");
  EXPECT_NE(condition("fleet", "Ready").message.find("rotate"), std::string::npos)
      << "the way out is named";
  EXPECT_TRUE(stays("it is not undone",
                    [&] { return revision("fleet") == 1 && keys("fleet").size() == 1; }));
  EXPECT_TRUE(await("an event tells it", [&] { return events("RevokedExternally").size() == 1; }));
  rotate("fleet", "heal");
  ASSERT_TRUE(await_revision("fleet", 2));
  ASSERT_TRUE(await_whole("fleet"));
  EXPECT_EQ(condition("fleet", "Stalled").status, "");
  EXPECT_EQ(condition("fleet", "KeyValid").status, "True");
}

TEST_F(DriftTest, LostStatusIsRebuiltFromTheSecret) {
  rest("fleet");
  const std::string id = active_key("fleet");
  const std::string digest = secret_digest("fleet");
  world().kill_operator(0);
  const Json before = status("fleet");
  Json lost;
  for (const auto& entry : before.items()) lost[entry.key()] = nullptr;
  const Reply done = world().patch({"setupkeys", name_space(), "fleet"}, {{"status", lost}}, true);
  ASSERT_TRUE(done.ok) << done.problem;
  start();
  ASSERT_TRUE(await_ready("fleet"));
  ASSERT_TRUE(await_whole("fleet"));
  EXPECT_EQ(active_key("fleet"), id);
  EXPECT_EQ(revision("fleet"), 1);
  EXPECT_EQ(secret_digest("fleet"), digest);
}

TEST_F(DriftTest, RestCostsOneListPerResync) {
  if (!world().has_virtual_time()) GTEST_SKIP() << "takes an hour";
  rest("fleet");
  world().wait(std::chrono::minutes(10));
  world().forget_requests();
  world().wait(std::chrono::hours(1));
  const int lists = requests_like("^GET /api/setup-keys$");
  EXPECT_GE(lists, 9);
  EXPECT_LE(lists, 15);
  EXPECT_EQ(requests_like(kNetBirdCalls) - lists, 0) << "nothing else is asked of NetBird";
  EXPECT_EQ(requests_like("^(PATCH|POST|PUT|DELETE) "), 0) << "nothing is written";
}

}  // namespace
}  // namespace nbkeys::behaviour
