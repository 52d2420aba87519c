#include "plugin/grades.h"

#include <gtest/gtest.h>

#include "builders.h"

namespace nbkeys::plugin {
namespace {

const JoinOptions kOptions{kNow, 90 * kDay};

Graded grade_of_setup_key(const base::Json& object, std::vector<ListedKey> keys = {}) {
  const std::vector<kube::SetupKey> all = {parsed(object)};
  const Account account{std::move(keys), {}};
  return grade_all(join(all, &account, kOptions), kOptions).front();
}

Graded grade_of_key(const ListedKey& key) {
  const Account account{{key}, {}};
  return grade_all(join({}, &account, kOptions), kOptions).front();
}

TEST(Grades, FollowFromPoints) {
  EXPECT_EQ(grade_of(12), 'A');
  EXPECT_EQ(grade_of(11), 'A');
  EXPECT_EQ(grade_of(10), 'B');
  EXPECT_EQ(grade_of(8), 'C');
  EXPECT_EQ(grade_of(6), 'D');
  EXPECT_EQ(grade_of(4), 'F');
}

TEST(Grades, OfSetupKeys) {
  base::Json object = setup_key_object("web");
  EXPECT_EQ(grade_of_setup_key(object).grade, 'A');
  EXPECT_EQ(grade_of_setup_key(object).points, 11);
  object["spec"].erase("usageLimit");
  EXPECT_EQ(grade_of_setup_key(object).grade, 'B');
  object["spec"]["rotation"]["policy"] = "Disabled";
  EXPECT_EQ(grade_of_setup_key(object).grade, 'C');
  object["spec"]["expiresIn"] = "0";
  EXPECT_EQ(grade_of_setup_key(object).grade, 'D');
  object["spec"]["suspend"] = true;
  EXPECT_EQ(grade_of_setup_key(object).grade, 'F');
}

TEST(Grades, OneOffIsBest) {
  base::Json object = setup_key_object("web");
  object["spec"] = {{"type", "one-off"}};
  EXPECT_EQ(grade_of_setup_key(object).points, 12);
  object["status"]["conditions"][0]["reason"] = "Used";
  EXPECT_EQ(grade_of_setup_key(object).points, 12);
}

TEST(Grades, UnusedKeysAreToBeRevoked) {
  base::Json object = setup_key_object("web");
  ListedKey key = marked("web", 2);
  key.key.last_used = kNow - 91 * kDay;
  EXPECT_EQ(grade_of_setup_key(object, {key}).rules[3].mark, Mark::kMissed);
  key.key.last_used = kNow - 89 * kDay;
  EXPECT_EQ(grade_of_setup_key(object, {key}).rules[3].mark, Mark::kMet);
}

TEST(Grades, OfHandMadeKeys) {
  ListedKey key = listed("h", "by hand");
  EXPECT_EQ(grade_of_key(key).grade, 'C');  // expires, limited, used, but nobody looks after it
  key.key.usage_limit = 0;
  EXPECT_EQ(grade_of_key(key).grade, 'D');
  key.key.expires.reset();
  EXPECT_EQ(grade_of_key(key).grade, 'F');
  EXPECT_EQ(grade_of_key(key).kind, "hand-made");
  key.key.state = netbird::KeyState::kRevoked;
  EXPECT_EQ(grade_of_key(key).grade, 'A');
  EXPECT_EQ(grade_of_key(marked("gone", 1)).kind, "no SetupKey");
}

TEST(Grades, LongLivesCountHalf) {
  ListedKey key = listed("h", "by hand");
  key.key.expires = kNow + 200 * kDay;
  EXPECT_EQ(grade_of_key(key).rules[0].mark, Mark::kHalf);
  key.key.expires = kNow + 900 * kDay;
  EXPECT_EQ(grade_of_key(key).rules[0].mark, Mark::kMissed);
}

}  // namespace
}  // namespace nbkeys::plugin
