#include "engine/outcome.h"

#include <gtest/gtest.h>

#include "kube/responses.h"
#include "netbird/requests.h"

namespace nbkeys::engine {
namespace {

using base::ErrorCode;
using io::Server;

struct Case {
  int status;
  Outcome at_netbird, at_kubernetes;
};

class OutcomeOf : public testing::TestWithParam<Case> {};

io::HttpOutcome answer(int status) {
  io::HttpResponse response;
  response.status = status;
  return response;
}

TEST_P(OutcomeOf, AnAnswerByItsStatus) {
  const Case& c = GetParam();
  EXPECT_EQ(outcome_of(netbird::accept_response(answer(c.status), "x").error(), Server::kNetBird),
            c.at_netbird);
  EXPECT_EQ(outcome_of(kube::accept_response(answer(c.status), "x").error(), Server::kKube),
            c.at_kubernetes);
}

INSTANTIATE_TEST_SUITE_P(
    All, OutcomeOf,
    testing::Values(Case{400, Outcome::kRefusedForGood, Outcome::kRefusedForGood},
                    Case{422, Outcome::kRefusedForGood, Outcome::kRefusedForGood},
                    Case{403, Outcome::kRefusedForNow, Outcome::kRefusedForNow},
                    Case{404, Outcome::kRefusedForNow, Outcome::kRefusedForNow},
                    Case{405, Outcome::kRefusedForNow, Outcome::kRefusedForNow},
                    Case{409, Outcome::kRefusedForNow, Outcome::kStale},
                    Case{410, Outcome::kRefusedForNow, Outcome::kRefusedForNow},
                    Case{412, Outcome::kRefusedForNow, Outcome::kRefusedForNow},
                    Case{413, Outcome::kRefusedForNow, Outcome::kRefusedForNow},
                    Case{401, Outcome::kServersTrouble, Outcome::kServersTrouble},
                    Case{429, Outcome::kServersTrouble, Outcome::kServersTrouble},
                    Case{302, Outcome::kUnknown, Outcome::kUnknown},
                    Case{500, Outcome::kUnknown, Outcome::kUnknown},
                    Case{502, Outcome::kUnknown, Outcome::kUnknown},
                    Case{504, Outcome::kUnknown, Outcome::kUnknown}),
    [](const auto& tested) { return "Http" + std::to_string(tested.param.status); });

TEST(Outcomes, WithoutAnAnswerOnlyWhatWasNotSentIsCertain) {
  for (const Server server : {Server::kNetBird, Server::kKube}) {
    EXPECT_TRUE(surely_not_carried_out({ErrorCode::kUnreachable, "s", "m"}, server));
    EXPECT_TRUE(surely_not_carried_out({ErrorCode::kInvalidInput, "s", "no token"}, server));
    EXPECT_FALSE(surely_not_carried_out({ErrorCode::kUnknown, "s", "m"}, server));
    EXPECT_FALSE(surely_not_carried_out({ErrorCode::kMalformed, "s", "m"}, server));
    EXPECT_FALSE(surely_not_carried_out({ErrorCode::kTooLarge, "s", "m"}, server));
  }
}

}  // namespace
}  // namespace nbkeys::engine
