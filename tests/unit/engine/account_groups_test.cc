// The groups of an account, by name and id.

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "account_fixture.h"

namespace nbkeys::engine {
namespace {

using testing::AccountTest;
using testing::answer;
using testing::ms;
using testing::News;

TEST_F(AccountTest, GroupsAreListedForWhoeverNamesOne) {
  become_ready(0);
  EXPECT_EQ(account.resolve({{"", "servers"}}).state, GroupFacts::State::kNotLoaded);
  account.want_groups(ms(10));
  auto sent = tick(10);
  ASSERT_TRUE(sent.contains("list_groups"));
  EXPECT_EQ(answered(sent["list_groups"],
                     answer(200, R"([{"id": "g2", "name": "servers"}, {"id": "g1", "name": "dup"},
                                     {"id": "g3", "name": "dup"}])"),
                     11),
            News::kReconsiderAll);
  EXPECT_EQ(account.resolve({{"", "servers"}}).ids, (std::vector<std::string>{"g2"}));
  EXPECT_EQ(account.resolve({{"", "dup"}}).state, GroupFacts::State::kAmbiguous);
  const GroupFacts missing = account.resolve({{"g9", ""}, {"", "nobody"}});
  EXPECT_EQ(missing.state, GroupFacts::State::kMissing);
  EXPECT_EQ(missing.name, "nobody");
}

TEST_F(AccountTest, IdsNeedNoListAndAreSortedWithoutRepeats) {
  const GroupFacts resolved = account.resolve({{"b", ""}, {"a", ""}, {"b", ""}});
  EXPECT_EQ(resolved.state, GroupFacts::State::kResolved);
  EXPECT_EQ(resolved.ids, (std::vector<std::string>{"a", "b"}));
  EXPECT_TRUE(account.resolve({}).ids.empty());
}

TEST_F(AccountTest, AMissingGroupIsAskedForMoreAndMoreSeldom) {
  become_ready(0);
  std::int64_t t = 0, last_gap = 0;
  for (int i = 0; i < 12; ++i) {
    account.want_groups(ms(t));
    std::int64_t due = t;
    std::map<std::string, io::RequestId> sent;
    while (!(sent = tick(due)).contains("list_groups")) {
      if (sent.contains("list_keys")) answered(sent["list_keys"], answer(200, "[]"), due);
      due += 500;
      ASSERT_LT(due, t + 400'000) << i;
    }
    if (i > 0) {
      EXPECT_GE(due - t + 1'000, last_gap) << i;
      last_gap = due - t;
    }
    t = due;
    answered(sent["list_groups"], answer(200, "[]"), t);
  }
  EXPECT_GE(last_gap, 200'000);
}

TEST_F(AccountTest, AFailingListOfGroupsConcernsOnlyThoseWhoNameAGroup) {
  for (const int status : {403, 404, 500}) {
    account.begin_term(ms(0));
    become_ready(0);
    account.want_groups(ms(10));
    EXPECT_EQ(answered(tick(10)["list_groups"], answer(status, "{}"), 10), News::kReconsiderAll);
    EXPECT_EQ(state(), AccountState::kReady) << status;
    EXPECT_FALSE(account.gate().paused(ms(10))) << status;
    const GroupFacts facts = account.resolve({{"", "servers"}});
    EXPECT_EQ(facts.state, GroupFacts::State::kNotLoaded);
    EXPECT_NE(facts.problem, "") << status;
    account.want_groups(ms(11));
    EXPECT_TRUE(tick(5'009).empty()) << status;
    auto sent = tick(5'010);
    ASSERT_TRUE(sent.contains("list_groups")) << status;
    EXPECT_EQ(answered(sent["list_groups"], answer(status, "{}"), 5'010), News::kNone);
    sent = tick(15'010);
    EXPECT_EQ(
        answered(sent["list_groups"], answer(200, R"([{"id": "g", "name": "servers"}])"), 15'010),
        News::kReconsiderAll);
    EXPECT_EQ(account.resolve({{"", "servers"}}).state, GroupFacts::State::kResolved);
  }
}

TEST_F(AccountTest, AFailingListOfGroupsIsAskedForSeldom) {
  become_ready(0);
  int asked = 0;
  for (std::int64_t t = 0; t < 3'600'000; t += 500) {
    account.want_groups(ms(t));
    account.note_group_names_in_use();
    auto sent = tick(t);
    if (sent.contains("list_keys")) answered(sent["list_keys"], answer(200, "[]"), t);
    if (!sent.contains("list_groups")) continue;
    ++asked;
    answered(sent["list_groups"], answer(500, "{}"), t);
  }
  EXPECT_LE(asked, 60);
  EXPECT_GE(asked, 12) << "within five minutes after the fault all is done";
}

TEST_F(AccountTest, NamesInUseAreRefreshedWithEachList) {
  become_ready(0);
  account.want_groups(ms(0));
  answered(tick(0)["list_groups"], answer(200, "[]"), 0);
  account.note_group_names_in_use();
  auto sent = tick(330'000);
  EXPECT_TRUE(sent.contains("list_keys"));
  EXPECT_TRUE(sent.contains("list_groups"));
  answered(sent["list_keys"], answer(200, "[]"), 330'000);
  answered(sent["list_groups"], answer(200, "[]"), 330'000);
  EXPECT_FALSE(tick(660'000).contains("list_groups")) << "nobody named one since";
}

TEST_F(AccountTest, AnEditDoesNotWaitForAListOfGroupsThatFailsButEditsAreBounded) {
  become_ready(0);
  const auto fails = [&](std::int64_t t) {
    auto sent = tick(t);
    if (!sent.contains("list_groups")) return false;
    answered(sent["list_groups"], answer(500, "{}"), t);
    return true;
  };
  account.want_groups(ms(10));
  EXPECT_TRUE(fails(10));
  account.want_groups(ms(11), /*at_once=*/true);
  EXPECT_TRUE(fails(11)) << "before its back-off is over";
  account.want_groups(ms(12), /*at_once=*/true);
  EXPECT_FALSE(fails(12)) << "once a minute";
  account.want_groups(ms(60'011), /*at_once=*/true);
  EXPECT_TRUE(fails(60'011));
}

}  // namespace
}  // namespace nbkeys::engine
