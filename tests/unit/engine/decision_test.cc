#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

#include "scene.h"

namespace nbkeys::engine {
namespace {

using testing::after_s;
using testing::is;
using testing::ms;
using testing::Scene;

TEST(ActionNames, EachActionHasItsWord) {
  const std::vector<Action> all = {
      Rest{},        ReadSetupKey{}, AddFinalizer{},  RemoveFinalizer{}, WriteStatus{},
      Claim{},       CreateKey{},    LookForSecret{}, ReadSecret{},      TryWritingSecret{},
      WriteSecret{}, RepairSecret{}, UpdateGroups{},  RevokeKey{},       DeleteKey{}};
  std::set<std::string> names;
  for (const Action& action : all) names.insert(action_name(action));
  EXPECT_EQ(names.size(), std::variant_size_v<Action>);
}

TEST(ListIsProof, OnlyIfAskedForAfterEverythingItIsToProve) {
  Scene s;
  EXPECT_TRUE(list_is_proof(s.observed()));
  s.flight.seen_at = ms(999'000);
  EXPECT_TRUE(list_is_proof(s.observed())) << "begun in that very moment";
  s.flight.seen_at = ms(999'001);
  EXPECT_FALSE(list_is_proof(s.observed()));
  s.flight.seen_at = ms(0);
  s.flight.list_needed_since = ms(999'001);
  EXPECT_FALSE(list_is_proof(s.observed()));
  s.flight.list_needed_since = ms(999'000);
  EXPECT_TRUE(list_is_proof(s.observed()));
  s.account.snapshot.reset();
  EXPECT_FALSE(list_is_proof(s.observed()));
}

TEST(ToMono, IsNeverInThePastNorTooFar) {
  const Scene s;
  EXPECT_EQ(to_mono(s.observed(), after_s(10)) - s.now.mono, base::Duration{10'001});
  EXPECT_EQ(to_mono(s.observed(), after_s(-10)) - s.now.mono, base::Duration{1});
  EXPECT_EQ(to_mono(s.observed(), after_s(999'999)) - s.now.mono, base::Duration{3'600'001});
}

TEST(WithKeyFacts, TakesOverWhatNetBirdSays) {
  Scene s;
  s.active().key.used_times = 7;
  s.active().key.auto_groups = {"g"};
  s.active().key.state = netbird::KeyState::kOverused;
  const kube::KeyStatus next = with_key_facts(s.observed(), s.resource.status);
  EXPECT_EQ(next.used_times, 7);
  EXPECT_EQ(next.auto_group_ids, (std::vector<std::string>{"g"}));
  EXPECT_EQ(next.state, "overused");
  EXPECT_EQ(next.key_prefix, "ABCDE");
  EXPECT_TRUE(next.renewal_time);
}

TEST(WithKeyFacts, MissingNeedsProof) {
  Scene s;
  s.keys.clear();
  EXPECT_EQ(with_key_facts(s.observed(), s.resource.status).state, "missing");
  s.flight.list_needed_since = s.now.mono;
  EXPECT_EQ(with_key_facts(s.observed(), s.resource.status).state, "valid");
}

TEST(WithKeyFacts, TheBindingIsOfASecretKnownRight) {
  Scene s;
  s.secret.resource_version = "61";
  EXPECT_EQ(with_key_facts(s.observed(), s.resource.status).binding.resource_version, "61");
  s.content = ContentState::kUnchecked;
  s.secret.resource_version = "62";
  EXPECT_EQ(with_key_facts(s.observed(), s.resource.status).binding.resource_version, "60");
}

TEST(Settle, RestsWhereNothingChanges) {
  const Scene s;
  EXPECT_TRUE(is<Rest>(settle(s.observed(), status::Report{})) == false);
  Scene told;
  told.resource.status = settle(told.observed(), status::Report{}).next;
  EXPECT_TRUE(is<Rest>(settle(told.observed(), status::Report{})));
}

}  // namespace
}  // namespace nbkeys::engine
