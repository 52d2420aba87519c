// What others' objects weigh is nobody else's trouble.

#include "base/hash.h"
#include "behaviour/suite.h"
#include "kube/names.h"

namespace nbkeys::behaviour {
namespace {

// Eight thousand bytes each; the sum stays within what the schema takes.
Json big_data(int entries, char filler = 'x') {
  Json out = Json::object();
  for (int i = 0; i < entries; ++i) out["BIG_" + std::to_string(i)] = std::string(8'000, filler);
  return out;
}
Json template_with(const Json& data) { return {{"secretTemplate", {{"data", data}}}}; }

// As many as make more than one page's worth of bytes, far below one page's number of objects.
constexpr int kMany = 170;

class BigTest : public BehaviourTest {
 protected:
  static std::string big(int i) { return "big-" + std::to_string(i); }
  // Not by secret_value(), which takes what it gives for a secret of this test.
  bool entry_is(const std::string& entry, char filler) {
    const base::SecretText wanted = base::base64_encode(std::string(8'000, filler));
    return fakes::text_at(secret("fleet"), {"data", entry}) == wanted.reveal();
  }
};

TEST_F(BigTest, ATenantsBigSetupKeysDoNotKeepOthersFromTheirKeys) {
  if (!world().has_virtual_time()) GTEST_SKIP() << "the real servers have their own test of it";
  const int first = start();
  for (int i = 0; i < kMany; ++i) apply(big(i), template_with(big_data(7)));
  for (int i = 0; i < kMany; ++i) ASSERT_TRUE(await_ready(big(i)));
  world().kill_operator(first);
  apply("small");
  world().forget_requests();
  start();
  EXPECT_TRUE(await_ready("small"));
  EXPECT_GT(requests_like("^GET .*/setupkeys\\?limit=[0-9]+&continue="), 0) << "one page will do";
  EXPECT_LE(requests_like("^GET .*/setupkeys\\?limit="), 10);
  ASSERT_TRUE(stays("all others are at rest", [this] { return posts() == 1; }));
  EXPECT_EQ(requests_like("^PATCH .*/(secrets|setupkeys)/big-"), 0);
}

TEST_F(BigTest, ForeignAnnotationsOfLabelledSecretsDoNotEither) {
  if (!world().has_virtual_time()) GTEST_SKIP() << "the real servers have their own test of it";
  const Json labels = {{std::string(kube::kUidLabel), "somebody-elses"}};
  for (int i = 0; i < 60; ++i) {
    create_secret(big(i), {{"a", "b"}}, labels);
    patch_secret(big(i), {{"metadata", {{"annotations", {{"note", std::string(260'000, 'x')}}}}}});
  }
  apply("small");
  start();
  EXPECT_TRUE(await_ready("small"));
  EXPECT_GT(requests_like("^GET .*/secrets\\?.*&continue="), 0) << "one page will do";
}

TEST_F(BigTest, ABigTemplateIsPutBackFromTheSetupKeyAsItStandsThen) {
  start();
  apply("fleet", template_with(big_data(7)));
  ASSERT_TRUE(await_ready("fleet"));
  EXPECT_TRUE(entry_is("BIG_6", 'x'));
  patch_secret("fleet", {{"stringData", {{"BIG_6", "altered"}}}});
  ASSERT_TRUE(await("the entry is put back", [this] { return entry_is("BIG_6", 'x'); }));
  if (world().has_faults()) {
    EXPECT_GT(requests_like("^GET .*/setupkeys/fleet$"), 0) << "no values are kept";
  }
  edit("fleet", template_with(big_data(7, 'y')));
  ASSERT_TRUE(await("the edit shows", [this] { return entry_is("BIG_0", 'y'); }));
  EXPECT_TRUE(await_ready("fleet"));
  EXPECT_EQ(revision("fleet"), 1);
  rotate("fleet", "once");
  ASSERT_TRUE(await_revision("fleet", 2));
  EXPECT_TRUE(entry_is("BIG_3", 'y'));
}

// The record of their names is longer than what is kept of one.
TEST_F(BigTest, EntriesWithLongNamesLeaveTheSecretWithTheTemplate) {
  start();
  Json data = Json::object(), gone = Json::object();
  for (int i = 0; i < 30; ++i) {
    const std::string name = std::to_string(i) + std::string(200, 'n');
    data[name] = "v";
    if (i > 0) gone[name] = nullptr;
  }
  apply("fleet", template_with(data));
  ASSERT_TRUE(await_ready("fleet"));
  ASSERT_EQ(secret("fleet").at("data").size(), 31u);
  ASSERT_TRUE(stays("at rest", [] { return true; }));
  edit("fleet", template_with(gone));
  ASSERT_TRUE(await("they are gone", [this] { return secret("fleet").at("data").size() == 2; }));
  EXPECT_TRUE(await_ready("fleet"));
}

TEST_F(BigTest, AGroupsListOfAnySizeIsRead) {
  if (!world().has_virtual_time()) GTEST_SKIP() << "the fault's body is too much for the sandbox";
  const std::string id = add_group("devs");
  std::string body = R"([{"id": ")" + id + R"(", "name": ")" + group_name("devs");
  body += R"(", "peers": [)";
  for (int i = 0; i < 500'000; ++i) body += R"({"id": "peer", "name": "host with a name"},)";
  body += "{}]}]";
  ASSERT_GT(body.size(), 17u << 20) << "more than what is kept of such a list";
  answer_with(200, "^GET /api/groups$", 0, body);
  start();
  apply("fleet", {{"autoGroups", {{{"name", group_name("devs")}}}}});
  EXPECT_TRUE(await_ready("fleet"));
}

}  // namespace
}  // namespace nbkeys::behaviour
