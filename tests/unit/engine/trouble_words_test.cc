#include "engine/trouble_words.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/judge.h"
#include "scene.h"

namespace nbkeys::engine {
namespace {

using base::ErrorCode;
using status::Reason;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::Scene;

Words words(const Action& action, ErrorCode code, const std::string& message = "HTTP 999: why") {
  Scene s;
  s.failed(action, code, message);
  return words_for(s.observed(), s.flight.troubles.all().front());
}

const Action kCreate = CreateKey{4, "default"};
const Action kGroups = UpdateGroups{"id3", "default"};
const Action kRevoke = RevokeKey{"id3", false, "default"};
const Action kDelete = DeleteKey{"id2", "default"};

constexpr ErrorCode kAnswers[] = {
    ErrorCode::kUnprocessable, ErrorCode::kForbidden,   ErrorCode::kNotFound,  ErrorCode::kConflict,
    ErrorCode::kRefused,       ErrorCode::kServerError, ErrorCode::kMalformed, ErrorCode::kUnknown,
    ErrorCode::kTooLarge,      ErrorCode::kGone};

TEST(TroubleWords, SayWhatWasAskedWhatCameAndWhomToAsk) {
  const std::pair<Action, const char*> asked[] = {
      {kCreate, "to make a key"},
      {kGroups, "to change the groups of key id3"},
      {kRevoke, "to revoke key id3"},
      {kDelete, "to delete key id2"},
  };
  for (const auto& [action, what] : asked) {
    for (const ErrorCode code : kAnswers) {
      const Words w = words(action, code);
      if (w.reason == Reason::kInvalidSpec) continue;
      EXPECT_THAT(w.message, HasSubstr(what)) << base::code_name(code);
      EXPECT_THAT(w.message, HasSubstr("HTTP 999: why")) << base::code_name(code);
      EXPECT_THAT(w.message, HasSubstr("; ")) << base::code_name(code) << " has no remedy";
    }
  }
}

TEST(TroubleWords, OnlyNetBirdsOwnRefusalBlamesTheSpec) {
  for (const ErrorCode code : kAnswers) {
    const bool own = code == ErrorCode::kUnprocessable;
    for (const Action& action : {kCreate, kGroups}) {
      EXPECT_EQ(words(action, code).reason == Reason::kInvalidSpec, own) << base::code_name(code);
      EXPECT_EQ(words(action, code).message.find("correct ") != std::string::npos, own)
          << base::code_name(code);
    }
    for (const Action& action : {kRevoke, kDelete}) {
      EXPECT_NE(words(action, code).reason, Reason::kInvalidSpec) << base::code_name(code);
    }
  }
}

TEST(TroubleWords, ARefusedEndingIsTheLoudest) {
  for (const ErrorCode code : kAnswers) {
    EXPECT_EQ(words(kRevoke, code).reason, Reason::kRevocationBlocked);
    EXPECT_EQ(words(kDelete, code).reason, Reason::kRetirementBlocked);
    for (const Action& action : {kRevoke, kDelete}) {
      EXPECT_TRUE(words(action, code).loud);
      EXPECT_THAT(words(action, code).message, HasSubstr("until then peers can enrol with it"));
    }
    EXPECT_FALSE(words(kCreate, code).loud);
  }
}

TEST(TroubleWords, EachAnswerOfNetBirdHasItsOwnRemedy) {
  EXPECT_THAT(words(kRevoke, ErrorCode::kForbidden).message, HasSubstr("what forbids this one"));
  EXPECT_THAT(words(kRevoke, ErrorCode::kNotFound).message, HasSubstr("whether the key is there"));
  EXPECT_THAT(words(kRevoke, ErrorCode::kServerError).message, HasSubstr("whoever runs NetBird"));
  EXPECT_THAT(words(kRevoke, ErrorCode::kMalformed).message, HasSubstr("proxy or gateway"));
  EXPECT_THAT(words(kRevoke, ErrorCode::kRefused).message, HasSubstr("proxy or gateway"));
  EXPECT_THAT(words(kRevoke, ErrorCode::kConflict).message, HasSubstr("proxy or gateway"));
}

TEST(TroubleWords, OfKubernetesNameTheObjectAndTheRight) {
  const std::tuple<Action, const char*, const char*> cases[] = {
      {AddFinalizer{}, "the finalizer of this SetupKey", "to patch setupkeys"},
      {RemoveFinalizer{}, "the finalizer of this SetupKey", "to patch setupkeys"},
      {ReadSetupKey{}, "does not show this SetupKey", "to get setupkeys"},
      {LookForSecret{}, "does not show Secret fleet", "to get secrets"},
      {ReadSecret{}, "does not show Secret fleet", "to get secrets"},
      {TryWritingSecret{}, "refuses Secret fleet", "to create and patch secrets"},
      {WriteSecret{}, "refuses Secret fleet", "to create and patch secrets"},
      {RepairSecret{}, "refuses Secret fleet", "to create and patch secrets"},
  };
  for (const auto& [action, object, right] : cases) {
    const Words w = words(action, ErrorCode::kForbidden, "no right");
    EXPECT_EQ(w.reason, Reason::kApiError);
    EXPECT_THAT(w.message, HasSubstr(object));
    EXPECT_THAT(w.message, HasSubstr(right));
    EXPECT_THAT(w.message, HasSubstr("no right"));
    EXPECT_THAT(words(action, ErrorCode::kServerError).message, Not(HasSubstr(right)));
  }
  EXPECT_THAT(words(WriteSecret{}, ErrorCode::kUnprocessable, "field is immutable").message,
              HasSubstr("delete the Secret where it is immutable"));
}

TEST(WorthTelling, IsARefusalAtOnceAndSilenceAfterSomeTries) {
  const auto worth = [](const Action& action, ErrorCode code, int tries) {
    Scene s;
    for (int i = 0; i < tries; ++i) s.failed(action, code);
    return worth_telling(s.flight.troubles.all().front());
  };
  for (const ErrorCode code : {ErrorCode::kUnprocessable, ErrorCode::kForbidden,
                               ErrorCode::kNotFound, ErrorCode::kRefused}) {
    EXPECT_TRUE(worth(kDelete, code, 1)) << base::code_name(code);
  }
  for (const ErrorCode code :
       {ErrorCode::kServerError, ErrorCode::kUnknown, ErrorCode::kMalformed}) {
    EXPECT_FALSE(worth(kDelete, code, 2)) << base::code_name(code);
    EXPECT_TRUE(worth(kDelete, code, 3)) << base::code_name(code);
  }
}

TEST(HeldUpBy, SilenceTakesNoReadinessAwayUnlessAnEditIsNotCarriedOut) {
  Scene s;
  for (int i = 0; i < 5; ++i) s.failed(kGroups, ErrorCode::kServerError);
  const Trouble& trouble = s.flight.troubles.all().front();
  EXPECT_TRUE(held_up_by(s.observed(), trouble).ready);
  s.resource.meta.generation += 1;
  EXPECT_FALSE(held_up_by(s.observed(), trouble).ready) << "the edit must not look as if it were";
  EXPECT_EQ(held_up_by(s.observed(), trouble).progress, status::Progress::kStalled);
}

TEST(HeldUpBy, ARefusalOrAnEndingThatDoesNotHappenTakesItAway) {
  Scene refused;
  refused.failed(kGroups, ErrorCode::kForbidden);
  EXPECT_FALSE(held_up_by(refused.observed(), refused.flight.troubles.all().front()).ready);
  Scene silent;
  silent.failed(kRevoke, ErrorCode::kServerError);
  EXPECT_FALSE(held_up_by(silent.observed(), silent.flight.troubles.all().front()).ready);
}

}  // namespace
}  // namespace nbkeys::engine
