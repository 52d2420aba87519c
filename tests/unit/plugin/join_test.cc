#include "plugin/join.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "builders.h"

namespace nbkeys::plugin {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::vector<std::string> kinds(const JoinedSetupKey& entry) {
  std::vector<std::string> out;
  for (const Remark& r : entry.remarks) out.push_back(r.kind);
  return out;
}

// The remarks about one SetupKey and the keys that NetBird has.
std::vector<std::string> remarks(const kube::SetupKey& resource, std::vector<ListedKey> keys,
                                 base::Duration unused_after = base::Duration{0}) {
  const std::vector<kube::SetupKey> all = {resource};
  const Account account{std::move(keys), {}};
  return kinds(join(all, &account, {kNow, unused_after}).setup_keys.front());
}

TEST(Join, AKeyOfUnknownOriginIsRemarkedOn) {
  EXPECT_THAT(remarks(setup_key("web"), {marked("web", 2), marked("web", 7)}),
              ElementsAre("unknown-origin"));
}

TEST(Join, TheIdentityBelongsToTheOwner) {
  const std::vector<kube::SetupKey> all = {setup_key("web")};
  const Account account{{marked("web", 2)}, {}};
  const Joined joined = join(all, &account, {kNow, {}, "copy"});
  EXPECT_EQ(joined.setup_keys[0].active(), nullptr);
  EXPECT_EQ(joined.unowned.size(), 1u);
}

TEST(Join, GivesEachKeyToItsOwner) {
  const std::vector<kube::SetupKey> all = {setup_key("web"), setup_key("db")};
  const Account account{{marked("db", 2), listed("h", "by hand"), marked("web", 2),
                         marked("gone", 1), marked("web", 1)},
                        {}};
  const Joined joined = join(all, &account, {kNow, {}});
  ASSERT_EQ(joined.setup_keys.size(), 2u);
  ASSERT_EQ(joined.setup_keys[0].keys.size(), 2u);
  EXPECT_EQ(joined.setup_keys[0].active()->key.id, "id-web");
  EXPECT_EQ(joined.setup_keys[0].keys[1].role, cache::KeyRole::kStray);
  EXPECT_THAT(kinds(joined.setup_keys[0]), ElementsAre("left-over"));
  EXPECT_EQ(joined.setup_keys[1].active()->key.id, "id-db");
  EXPECT_THAT(joined.setup_keys[1].remarks, IsEmpty());
  ASSERT_EQ(joined.hand_made.size(), 1u);
  EXPECT_EQ(joined.hand_made[0]->key.id, "h");
  ASSERT_EQ(joined.unowned.size(), 1u);
  EXPECT_EQ(joined.unowned[0]->key.id, "id-gone-r1");
}

TEST(Join, SaysNothingOfNetBirdWhereThatIsNotKnown) {
  const std::vector<kube::SetupKey> all = {setup_key("web")};
  const Joined joined = join(all, nullptr, {kNow, {}});
  EXPECT_THAT(joined.setup_keys.front().remarks, IsEmpty());
}

TEST(Join, RemarksOnDrift) {
  const kube::SetupKey web = setup_key("web");
  EXPECT_THAT(remarks(web, {marked("web", 2)}), IsEmpty());
  EXPECT_THAT(remarks(web, {}), ElementsAre("missing"));
  ListedKey revoked = marked("web", 2);
  revoked.key.revoked = true;
  revoked.key.state = netbird::KeyState::kRevoked;
  EXPECT_THAT(remarks(web, {revoked}), ElementsAre("revoked-externally"));
  ListedKey expired = marked("web", 2);
  expired.key.state = netbird::KeyState::kExpired;
  EXPECT_THAT(remarks(web, {expired}), ElementsAre("state"));
  ListedKey grouped = marked("web", 2);
  grouped.key.auto_groups = {"g1"};
  EXPECT_THAT(remarks(web, {grouped}), ElementsAre("groups"));
  kube::SetupKey renamed = web;
  renamed.spec.settings.display_name = "fleet";
  EXPECT_THAT(remarks(renamed, {marked("web", 2)}), ElementsAre("name"));
  kube::SetupKey to_revoke = web;
  to_revoke.spec.revoked = true;
  EXPECT_THAT(remarks(to_revoke, {marked("web", 2)}), ElementsAre("not-revoked"));
}

TEST(Join, RemarksOnKeysThatNobodyUses) {
  ListedKey idle = marked("web", 2);
  idle.key.last_used = kNow - 40 * kDay;
  EXPECT_THAT(remarks(setup_key("web"), {idle}, 30 * kDay), ElementsAre("unused"));
  EXPECT_THAT(remarks(setup_key("web"), {idle}, 41 * kDay), IsEmpty());
  // Never used, but issued only ten days ago.
  idle.key.last_used.reset();
  EXPECT_THAT(remarks(setup_key("web"), {idle}, 30 * kDay), IsEmpty());
}

TEST(Join, KnowsTheRolesOfAllThatARotationLeaves) {
  base::Json object = setup_key_object("web");
  object["status"]["previousKeys"] = {{{"keyID", "old"}, {"revision", 1}}};
  object["status"]["claim"] = {{"revision", 3}};
  object["status"]["lastRevision"] = 3;
  const kube::SetupKey web = parsed(object);
  ListedKey old = marked("web", 1);
  old.key.id = "old";
  EXPECT_EQ(role_of(web, old), cache::KeyRole::kPrevious);
  EXPECT_EQ(role_of(web, marked("web", 2)), cache::KeyRole::kInUse);
  EXPECT_EQ(role_of(web, marked("web", 3)), cache::KeyRole::kIssuing);
  EXPECT_EQ(role_of(web, marked("web", 4)), cache::KeyRole::kUnknownOrigin);
  EXPECT_EQ(role_of(web, marked("web", 1)), cache::KeyRole::kStray);
}

}  // namespace
}  // namespace nbkeys::plugin
