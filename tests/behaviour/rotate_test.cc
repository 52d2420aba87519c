// Replacement of a key: by annotation, by time and by use.

#include "base/time.h"
#include "behaviour/suite.h"

namespace nbkeys::behaviour {
namespace {

using std::chrono::hours;

class RotateTest : public BehaviourTest {
 protected:
  void enrol_times(const std::string& name, int times) {
    for (int i = 0; i < times; ++i) EXPECT_TRUE(world().enrol(secret_value(name)));
  }
  // As if its key had been issued that much earlier.
  void age(const std::string& name, Milliseconds by) {
    const auto issued = base::parse_rfc3339(status(name).at("issuedAt").get<std::string>());
    ASSERT_TRUE(issued);
    const Json change = {{"status", {{"issuedAt", base::format_rfc3339(*issued - by)}}}};
    ASSERT_TRUE(world().patch({"setupkeys", name_space(), name}, change, true).ok);
  }
  static Milliseconds days(int count) { return hours{24 * count}; }
};

TEST_F(RotateTest, AnnotationRotatesOncePerValue) {
  start();
  apply("fleet", {{"rotation", {{"overlap", "2s"}}}});
  ASSERT_TRUE(await_ready("fleet"));
  const std::string old_digest = secret_digest("fleet");
  const std::string uid = fakes::text_at(secret("fleet"), {"metadata", "uid"});
  const std::string ready_since = condition("fleet", "Ready").since;
  rotate("fleet", "monday");
  ASSERT_TRUE(await_revision("fleet", 2));
  EXPECT_EQ(status("fleet").at("lastHandledRotate"), "monday");
  EXPECT_NE(secret_digest("fleet"), old_digest);
  EXPECT_EQ(fakes::text_at(secret("fleet"), {"metadata", "uid"}), uid) << "the same Secret";
  EXPECT_TRUE(status("fleet").contains("lastRotationTime"));
  EXPECT_NE(status("fleet").value("lastRotationReason", ""), "");
  ASSERT_TRUE(await_whole("fleet"));
  EXPECT_EQ(condition("fleet", "Ready").since, ready_since) << "Ready does not flap";
  EXPECT_EQ(condition("fleet", "Rotating").status, "");
  rotate("fleet", "monday");
  EXPECT_TRUE(stays("the same value does nothing", [&] { return revision("fleet") == 2; }));
  rotate("fleet", "tuesday");
  ASSERT_TRUE(await_revision("fleet", 3));
  EXPECT_TRUE(await("each is told", [&] { return events("Rotated").size() == 2; }));
}

TEST_F(RotateTest, AnnotationFromTheStartIsMetByTheFirstKey) {
  apply("fleet");
  rotate("fleet", "before");
  start();
  ASSERT_TRUE(await_ready("fleet"));
  EXPECT_TRUE(stays("one key", [&] { return revision("fleet") == 1; }));
}

TEST_F(RotateTest, ReadyNeverLeavesTrueDuringARotation) {
  start();
  apply("fleet", {{"rotation", {{"overlap", "1s"}}}});
  ASSERT_TRUE(await_ready("fleet"));
  rotate("fleet", "now");
  bool flapped = false;
  ASSERT_TRUE(await("it is rotated", [&] {
    flapped |= condition("fleet", "Ready").status != "True";
    flapped |= condition("fleet", "Reconciling").status == "True";
    return revision("fleet") == 2;
  }));
  EXPECT_FALSE(flapped);
}

TEST_F(RotateTest, IntervalRotatesInRealTimeToo) {
  start();
  apply("fleet", {{"rotation", {{"interval", "1h"}, {"overlap", "1s"}}}});
  ASSERT_TRUE(await_ready("fleet"));
  age("fleet", hours{1} - std::chrono::seconds{3});
  ASSERT_TRUE(await_revision("fleet", 2));
  EXPECT_LE(keys("fleet").size(), 2U);
}

TEST_F(RotateTest, AThirdOfTheLifeIsLeftByDefault) {
  if (!world().has_virtual_time()) GTEST_SKIP() << "takes twenty days";
  start();
  apply("fleet");
  ASSERT_TRUE(await_ready("fleet"));
  world().wait(days(19) + hours{23});
  EXPECT_EQ(revision("fleet"), 1);
  world().wait(hours{2});
  EXPECT_EQ(revision("fleet"), 2);
  world().wait(hours{1});
  EXPECT_EQ(keys("fleet").size(), 1U) << "the overlap of an hour is over";
}

TEST_F(RotateTest, ShareOfLifeThatRemains) {
  if (!world().has_virtual_time()) GTEST_SKIP() << "takes days";
  start();
  apply("fleet", {{"expiresIn", "10d"}, {"rotation", {{"renewBeforePercentage", 80}}}});
  ASSERT_TRUE(await_ready("fleet"));
  world().wait(days(2) - hours{1});
  EXPECT_EQ(revision("fleet"), 1);
  world().wait(hours{2});
  EXPECT_EQ(revision("fleet"), 2);
}

TEST_F(RotateTest, RenewBeforeAndIntervalWhicheverComesFirst) {
  if (!world().has_virtual_time()) GTEST_SKIP() << "takes days";
  start();
  apply("early", {{"expiresIn", "10d"}, {"rotation", {{"renewBefore", "8d"}, {"interval", "5d"}}}});
  apply("often", {{"expiresIn", "10d"}, {"rotation", {{"renewBefore", "2d"}, {"interval", "3d"}}}});
  ASSERT_TRUE(await_ready("early"));
  ASSERT_TRUE(await_ready("often"));
  world().wait(days(2) + hours{1});
  EXPECT_EQ(revision("early"), 2);
  EXPECT_EQ(revision("often"), 1);
  world().wait(days(1));
  EXPECT_EQ(revision("often"), 2);
}

TEST_F(RotateTest, KeyThatNeverExpiresIsLeftAlone) {
  if (!world().has_virtual_time()) GTEST_SKIP() << "takes a year";
  start({.resync = hours{6}});
  apply("fleet", {{"expiresIn", "0"}});
  ASSERT_TRUE(await_ready("fleet"));
  world().wait(days(30));
  EXPECT_EQ(revision("fleet"), 1);
  EXPECT_EQ(condition("fleet", "Ready").status, "True");
}

TEST_F(RotateTest, DisabledShowsTheExpiryAndWaits) {
  if (!world().has_virtual_time()) GTEST_SKIP() << "takes a day";
  start();
  apply("fleet", {{"expiresIn", "1d"}, {"rotation", {{"policy", "Disabled"}, {"overlap", "1s"}}}});
  ASSERT_TRUE(await_ready("fleet"));
  world().wait(days(1) + hours{1});
  EXPECT_EQ(revision("fleet"), 1);
  EXPECT_EQ(condition("fleet", "KeyValid").reason, "Expired");
  EXPECT_EQ(condition("fleet", "KeyValid").status, "False");
  EXPECT_EQ(condition("fleet", "Ready").status, "False");
  EXPECT_EQ(condition("fleet", "Ready").reason, "Expired");
  EXPECT_EQ(condition("fleet", "Stalled").status, "True");
  EXPECT_EQ(status("fleet").at("state"), "expired");
  rotate("fleet", "please");
  ASSERT_TRUE(await_revision("fleet", 2));
  EXPECT_EQ(condition("fleet", "Stalled").status, "");
  ASSERT_TRUE(await_whole("fleet"));
}

TEST_F(RotateTest, OperatorThatWasAwayRotatesWhatIsDue) {
  if (!world().has_virtual_time()) GTEST_SKIP() << "takes days";
  const int first = start();
  apply("fleet", {{"expiresIn", "3d"}, {"rotation", {{"overlap", "1s"}}}});
  ASSERT_TRUE(await_ready("fleet"));
  world().kill_operator(first);
  world().wait(days(5));
  start();
  ASSERT_TRUE(await_revision("fleet", 2));
  ASSERT_TRUE(await_whole("fleet"));
}

TEST_F(RotateTest, ShareOfTheUsageLimit) {
  if (!world().can_enrol()) GTEST_SKIP() << "peers enrol in another suite";
  start();
  apply("ci", {{"usageLimit", 5}, {"rotation", {{"usagePercent", 60}, {"overlap", "1s"}}}});
  ASSERT_TRUE(await_ready("ci"));
  enrol_times("ci", 2);
  ASSERT_TRUE(await("use is seen", [&] { return status("ci").value("usedTimes", 0) == 2; }));
  EXPECT_TRUE(stays("not yet", [&] { return revision("ci") == 1; }));
  enrol_times("ci", 1);
  ASSERT_TRUE(await_revision("ci", 2));
  EXPECT_EQ(status("ci").at("usedTimes"), 0) << "each key counts from zero";
  ASSERT_TRUE(await_whole("ci"));
}

TEST_F(RotateTest, OverusedIsReplacedOnlyWhenAsked) {
  if (!world().can_enrol()) GTEST_SKIP() << "peers enrol in another suite";
  start();
  apply("asked", {{"usageLimit", 2}, {"rotation", {{"onOverused", true}, {"overlap", "0"}}}});
  apply("left", {{"usageLimit", 2}});
  ASSERT_TRUE(await_ready("asked"));
  ASSERT_TRUE(await_ready("left"));
  enrol_times("asked", 2);
  enrol_times("left", 2);
  ASSERT_TRUE(await_revision("asked", 2));
  ASSERT_TRUE(await_whole("asked"));
  ASSERT_TRUE(await_condition("left", "Stalled", "True", "Overused"));
  EXPECT_EQ(condition("left", "Ready").status, "False");
  EXPECT_EQ(condition("left", "KeyValid").reason, "Overused");
  EXPECT_EQ(revision("left"), 1);
}

TEST_F(RotateTest, SpentOneOffKeyIsReplacedWhenAsked) {
  if (!world().can_enrol()) GTEST_SKIP() << "peers enrol in another suite";
  start();
  apply("laptop", {{"type", "one-off"}, {"rotation", {{"onOverused", true}, {"overlap", "0"}}}});
  ASSERT_TRUE(await_ready("laptop"));
  enrol_times("laptop", 1);
  ASSERT_TRUE(await_revision("laptop", 2));
  ASSERT_TRUE(await_whole("laptop"));
  EXPECT_EQ(condition("laptop", "KeyValid").status, "True");
}

TEST_F(RotateTest, HistoryIsBounded) {
  start();
  apply("fleet", {{"revisionHistoryLimit", 2}, {"rotation", {{"overlap", "1h"}}}});
  ASSERT_TRUE(await_ready("fleet"));
  for (int i = 2; i <= 5; ++i) {
    rotate("fleet", "turn " + std::to_string(i));
    ASSERT_TRUE(await_revision("fleet", i));
  }
  EXPECT_LE(status("fleet").at("previousKeys").size(), 2U);
  EXPECT_TRUE(await("what is not listed is gone", [&] { return keys("fleet").size() <= 3; }));
}

}  // namespace
}  // namespace nbkeys::behaviour
