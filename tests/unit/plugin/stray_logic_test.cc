#include "plugin/stray_logic.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "builders.h"

namespace nbkeys::plugin {
namespace {

using testing::HasSubstr;

struct Case {
  kube::SetupKey owner = setup_key("web");
  std::vector<ListedKey> keys = {marked("web", 2), marked("web", 1)};
  HeldKeys held = std::set<std::string>{"id-web"};

  std::vector<Stray> strays() const {
    const std::vector<kube::SetupKey> all = {owner};
    const Account account{keys, {}};
    const Joined joined = join(all, &account, {kNow, {}});
    auto found = find_strays(joined, held, kNow);
    for (Stray& each : found) each.key = nullptr, each.owner = nullptr;  // they point into locals
    return found;
  }
};

Stray only(const Case& c) {
  const auto found = c.strays();
  EXPECT_EQ(found.size(), 1u);
  return found.empty() ? Stray{} : found.front();
}

TEST(Strays, AreKeysThatNothingRefersTo) {
  const Stray stray = only({});
  EXPECT_EQ(stray.kind, StrayKind::kLeftOver);
  EXPECT_TRUE(stray.deletable) << stray.why;
  EXPECT_THAT(stray.why, HasSubstr("revision 1 of SetupKey team-a/web, which uses revision 2"));
}

TEST(Strays, AreNoneOfTheKeysInUse) {
  Case c;
  c.keys = {marked("web", 2), listed("h", "by hand")};
  EXPECT_TRUE(c.strays().empty());
}

TEST(Strays, StayWhileAnIssueMayBeUnderWay) {
  Case young;
  young.keys[1].updated = kNow - base::Duration{60'000};
  EXPECT_THAT(only(young).why, HasSubstr("younger than 5m"));
  Case unknown_age;
  unknown_age.keys[1].updated.reset();
  EXPECT_FALSE(only(unknown_age).deletable);
  Case claiming;
  claiming.owner.status.claim = kube::Claim{3, kNow, "", ""};
  EXPECT_THAT(only(claiming).why, HasSubstr("issuing a key"));
  Case failed;
  failed.owner.status.last_failure_time = kNow - base::Duration{60'000};
  EXPECT_THAT(only(failed).why, HasSubstr("failed less than 5m ago"));
  Case none_yet;
  none_yet.owner.status.revision = 0;
  none_yet.owner.status.key_id.clear();
  none_yet.keys = {marked("web", 1)};
  EXPECT_FALSE(only(none_yet).deletable);
}

TEST(Strays, StayWhileASecretMayCarryThem) {
  Case carried;
  carried.held->insert("id-web-r1");
  EXPECT_THAT(only(carried).why, HasSubstr("a Secret still carries it"));
  Case not_written;
  not_written.held->clear();
  EXPECT_THAT(only(not_written).why, HasSubstr("does not carry the key in use"));
  Case forbidden;
  forbidden.held.reset();
  EXPECT_FALSE(only(forbidden).deletable);
}

TEST(Strays, StayWithASetupKeyThatIsBeingDeleted) {
  Case c;
  c.owner.meta.deleting = kNow;
  EXPECT_FALSE(only(c).deletable);
}

TEST(Strays, OfUnknownOriginAreAPersonsToEnd) {
  Case c;
  c.keys = {marked("web", 2), marked("web", 7)};
  const Stray unknown = only(c);
  EXPECT_EQ(unknown.kind, StrayKind::kUnknownOrigin);
  EXPECT_FALSE(unknown.deletable);
  EXPECT_THAT(unknown.why, HasSubstr("keys.netbird.io/end-keys"));
}

TEST(Strays, OfNoSetupKeyAreOrphans) {
  Case c;
  c.keys = {marked("web", 2), marked("gone", 4)};
  const Stray orphan = only(c);
  EXPECT_EQ(orphan.kind, StrayKind::kOrphan);
  EXPECT_TRUE(orphan.deletable);
  EXPECT_THAT(orphan.why, HasSubstr("another cluster's"));
  c.held->insert("id-gone-r4");
  EXPECT_FALSE(only(c).deletable);
}

}  // namespace
}  // namespace nbkeys::plugin
