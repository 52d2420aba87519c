#include "engine/account_words.h"

#include <gtest/gtest.h>

namespace nbkeys::engine {
namespace {

using base::ErrorCode;

std::string text(ErrorCode code) { return account_problem({code, "list setup keys", "HTTP 4xx"}); }

TEST(AccountWords, EachCauseNamesItsRemedy) {
  EXPECT_NE(text(ErrorCode::kUnauthorized).find("token file"), std::string::npos);
  EXPECT_NE(text(ErrorCode::kForbidden).find("role admin"), std::string::npos);
  EXPECT_NE(text(ErrorCode::kNotFound).find("--netbird-url"), std::string::npos);
  EXPECT_NE(text(ErrorCode::kRateLimited).find("--netbird-requests-per-minute"), std::string::npos);
}

TEST(AccountWords, AMissingRightNamesUserAndRole) {
  const base::Error error{ErrorCode::kForbidden, "ask", "HTTP 403"};
  const auto told = [&error](netbird::User user) { return missing_right(error, std::move(user)); };
  EXPECT_NE(told({"u1", "", "auditor"}).find("user u1 has the role auditor"), std::string::npos);
  EXPECT_NE(told({"u1", "ci", "network_admin"}).find("\"ci\" has the role network_admin"),
            std::string::npos);
  EXPECT_NE(told({"u1", "ci", "admin"}).find("what is between"), std::string::npos)
      << "the role is not what is missing";
  EXPECT_NE(missing_right(error, std::nullopt).find("role admin"), std::string::npos);
}

}  // namespace
}  // namespace nbkeys::engine
