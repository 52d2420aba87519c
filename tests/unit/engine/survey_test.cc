#include "engine/survey.h"

#include "world_fixture.h"

namespace nbkeys::engine {
namespace {

using testing::netbird_key_text;
using testing::setup_key_text;

class SurveyTest : public testing::WorldTest {
 protected:
  io::SetupKeyFacts only() {
    io::SetupKeyFacts last;
    int seen = 0;
    each_setup_key(world, [&](const io::SetupKeyFacts& facts) {
      last = facts;
      ++seen;
    });
    EXPECT_EQ(seen, 1);
    return last;
  }
  void netbird_has(const std::vector<std::string>& texts) {
    std::vector<netbird::Key> keys;
    for (const std::string& text : texts) {
      auto key = netbird::parse_key(testing::json(text));
      ASSERT_TRUE(key.ok());
      keys.push_back(std::move(*key));
    }
    world.account.inventory().replace(std::move(keys), {now.mono, now.wall});
  }
};

TEST_F(SurveyTest, BeforeTheFirstKeyThereIsLittleToTell) {
  const io::SetupKeyFacts facts = only();
  EXPECT_EQ(facts.name_space, "ns");
  EXPECT_EQ(facts.name, "fleet");
  EXPECT_EQ(facts.type, "reusable");
  EXPECT_EQ(facts.state, "");
  EXPECT_FALSE(facts.ready);
  EXPECT_EQ(facts.reason, "");
  EXPECT_FALSE(facts.expires || facts.renewal || facts.used_times);
}

TEST_F(SurveyTest, TellsWhatStatusSays) {
  store(setup_key_text(11, R"({"observedGeneration":1,"state":"valid","usedTimes":3,
      "expiresAt":"2027-02-01T00:00:00Z","renewalTime":"2027-01-20T00:00:00Z","conditions":[
      {"type":"KeyValid","status":"False","reason":"Expired"},
      {"type":"Ready","status":"True","reason":"Issued"}]})",
                       testing::kUid, R"({"type":"one-off","usageLimit":1})"));
  const io::SetupKeyFacts facts = only();
  EXPECT_TRUE(facts.ready);
  EXPECT_EQ(facts.reason, "Issued");
  EXPECT_EQ(facts.state, "valid");
  EXPECT_EQ(facts.type, "one-off");
  EXPECT_EQ(facts.used_times, 3);
  ASSERT_TRUE(facts.expires && facts.renewal);
  EXPECT_EQ(base::format_rfc3339(*facts.expires), "2027-02-01T00:00:00Z");
  EXPECT_EQ(base::format_rfc3339(*facts.renewal), "2027-01-20T00:00:00Z");
}

TEST_F(SurveyTest, SortsTheAccountsKeysByTheirUse) {
  store(setup_key_text(11, R"({"observedGeneration":1,"revision":3,"lastRevision":5,"keyID":"id3",
      "claim":{"revision":5,"since":"2027-01-15T08:00:00Z","reason":"Requested"},
      "previousKeys":[{"keyID":"id2","revision":2,"retireAt":"2027-01-15T09:00:00Z"}]})"));
  const std::string foreign = R"({"id":"x","state":"valid","name":"by hand","auto_groups":[]})";
  const std::string elsewhere =
      R"({"id":"y","state":"valid","name":"far [k8s-0123456789abcdef-r1]","auto_groups":[]})";
  netbird_has({netbird_key_text("id3", 3), netbird_key_text("id2", 2), netbird_key_text("id4", 4),
               netbird_key_text("id5", 5), foreign, foreign, elsewhere});
  const io::AccountKeys keys = count_account_keys(world);
  EXPECT_EQ(keys.in_use, 1u);
  EXPECT_EQ(keys.previous, 1u);
  EXPECT_EQ(keys.issuing, 1u);
  EXPECT_EQ(keys.stray, 1u);
  EXPECT_EQ(keys.elsewhere, 1u);
  EXPECT_EQ(keys.unmarked, 2u);
}

}  // namespace
}  // namespace nbkeys::engine
