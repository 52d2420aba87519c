// Whether the next key's Secret could be written: asked by a dry run where something speaks against
// it, before NetBird is asked for a key.

#include <gtest/gtest.h>

#include "scene.h"

namespace nbkeys::engine {
namespace {

using testing::is;
using testing::kWall;
using testing::name;
using testing::Scene;
using testing::told;

TEST(SecretRefused, TheNextFirstIssueTriesADryRunBeforeItsPost) {
  Scene s = Scene::fresh();
  s.failed(WriteSecret{}, base::ErrorCode::kForbidden, "no right");
  EXPECT_EQ(name(s.decide()), "try_writing_secret");
  s.failed(TryWritingSecret{}, base::ErrorCode::kForbidden, "no right");
  EXPECT_EQ(told(s.decide()), "Ready=False/APIError Stalled");
  s.flight.troubles.clear();
  EXPECT_EQ(name(s.decide()), "claim");
  s.failed(WriteSecret{}, base::ErrorCode::kForbidden, "no right");
  s.flight.dry_run_passed = true;
  EXPECT_EQ(name(s.decide()), "claim");
}

// Whoever has deleted it may have seen to it that it cannot be made again: a namespace that ends, a
// right that was taken away.
TEST(Trial, WhetherTheSecretCanBeMadeAgainIsTriedBeforeAKeyIs) {
  Scene s;
  s.secret_state = SecretState::kAbsent;
  EXPECT_TRUE(is<TryWritingSecret>(s.decide())) << name(s.decide());
  s.flight.dry_run_passed = true;
  EXPECT_TRUE(is<Claim>(s.decide())) << name(s.decide());
}

TEST(Trial, IsNotNeededWhereNothingSpeaksAgainstTheFirstKey) {
  EXPECT_TRUE(is<Claim>(Scene::fresh().decide()));
}

TEST(Trial, ComesFirstWhereTheWritesOfOthersAreRefused) {
  Scene s = Scene::fresh();
  s.secret_writes_fail = true;
  EXPECT_TRUE(is<TryWritingSecret>(s.decide())) << name(s.decide());
}

// A restart forgets what was refused; status does not.
TEST(Trial, ComesFirstWhereARefusalHasBeenTold) {
  Scene s = Scene::fresh();
  s.resource.status.observed_generation = s.resource.meta.generation;
  s.resource.status.conditions = {
      {"Ready", false, "APIError", "Kubernetes refuses to write the Secret", kWall, 2}};
  EXPECT_TRUE(is<TryWritingSecret>(s.decide())) << name(s.decide());
}

}  // namespace
}  // namespace nbkeys::engine
