// Many at once, and many at rest.

#include "behaviour/suite.h"
#include "kube/names.h"

namespace nbkeys::behaviour {
namespace {

constexpr int kMany = 200;

class ScaleTest : public BehaviourTest {
 protected:
  static std::string name_of(int i) { return "key-" + std::to_string(i); }
  void apply_many() {
    for (int i = 0; i < kMany; ++i) apply(name_of(i));
  }
  int ready_now() {
    int out = 0;
    for (const Json& object : world().list("setupkeys", name_space())) {
      for (const Json& c : fakes::at_path(object, {"status", "conditions"})) {
        out += c.at("type") == "Ready" && c.at("status") == "True" ? 1 : 0;
      }
    }
    return out;
  }
  bool all_ready() { return ready_now() == kMany; }
};

TEST_F(ScaleTest, BurstCostsOnePostEach) {
  start();
  apply_many();
  ASSERT_TRUE(await("all are ready", [&] { return all_ready(); }));
  std::map<std::string, std::string> key_of_secret;
  for (const Json& object : world().list("secrets", name_space())) {
    key_of_secret[object.at("metadata").at("name")] =
        fakes::text_at(object, {"metadata", "annotations", std::string(kube::kKeyIdAnnotation)});
  }
  std::set<std::string> distinct;
  for (const Json& object : world().list("setupkeys", name_space())) {
    const std::string id = fakes::text_at(object, {"status", "keyID"});
    EXPECT_EQ(key_of_secret[object.at("metadata").at("name")], id);
    distinct.insert(id);
  }
  EXPECT_EQ(distinct.size(), static_cast<std::size_t>(kMany));
  if (world().has_faults()) {
    EXPECT_EQ(posts(), kMany);
    EXPECT_EQ(requests_like("^(GET|PUT|DELETE) /api/setup-keys/(?!nbkeys-may-i-write)"), 0);
  }
}

TEST_F(ScaleTest, StartWithManyAtRestWritesNothing) {
  if (!world().has_faults()) GTEST_SKIP() << "requests are not seen in this world";
  const int first = start();
  apply_many();
  ASSERT_TRUE(await("all are ready", [&] { return all_ready(); }));
  ASSERT_TRUE(stays("at rest", [] { return true; }));
  world().kill_operator(first);
  world().forget_requests();
  start();
  ASSERT_TRUE(await("keys are listed", [&] { return requests_like("^GET /api/setup-keys$") > 0; }));
  EXPECT_TRUE(stays("nothing is written", [&] {
    return requests_like("^(PATCH|POST|PUT|DELETE) (?!.*/nbkeys-may-i-write)") == 0;
  }));
  EXPECT_EQ(requests_like("^GET .*/(secrets|setupkeys)/"), 0) << "nothing is read one by one";
}

TEST_F(ScaleTest, ManyGroupsNamesCostOneList) {
  if (!world().has_faults()) GTEST_SKIP() << "requests are not seen in this world";
  add_group("servers");
  start();
  ASSERT_TRUE(await("keys are listed", [&] { return requests_like("^GET /api/setup-keys$") > 0; }));
  for (int i = 0; i < 20; ++i)
    apply(name_of(i), {{"autoGroups", {{{"name", group_name("servers")}}}}});
  ASSERT_TRUE(await("all are ready", [&] { return ready_now() == 20; }));
  EXPECT_LE(requests_like("^GET /api/groups"), 2);
}

}  // namespace
}  // namespace nbkeys::behaviour
