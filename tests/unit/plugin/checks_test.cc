#include "plugin/checks.h"

#include <gtest/gtest.h>

namespace nbkeys::plugin {
namespace {

using base::ErrorCode;
using netbird::WriteRight;

TEST(TokenCheck, TheRightDecidesAndTheRoleIsTold) {
  TokenFacts token{netbird::User{"u", "keys", "auditor"}, WriteRight::kGranted, std::nullopt};
  EXPECT_EQ(token_check(token, "FILE").verdict, Verdict::kGood);
  EXPECT_NE(token_check(token, "FILE").message.find("role auditor (user \"keys\")"),
            std::string::npos);
  token.right = WriteRight::kRefused;
  token.refusal = base::Error{ErrorCode::kForbidden, "s", "HTTP 403"};
  const Check refused = token_check(token, "FILE");
  EXPECT_EQ(refused.verdict, Verdict::kBad);
  EXPECT_NE(refused.message.find("give it the role admin"), std::string::npos) << refused.message;
  EXPECT_NE(refused.remedy.find("FILE"), std::string::npos);
  token.right = WriteRight::kUnclear;
  EXPECT_EQ(token_check(token, "FILE").verdict, Verdict::kWarning);
  token = {std::nullopt, WriteRight::kGranted, std::nullopt};
  EXPECT_NE(token_check(token, "FILE").message.find("role unknown"), std::string::npos);
}

TEST(UnopenedCheck, OnlyWhatNobodyConfiguredIsSkipped) {
  const auto verdict = [](ErrorCode code) {
    return unopened_check({code, "reach NetBird", "why"}).verdict;
  };
  EXPECT_EQ(verdict(ErrorCode::kNotFound), Verdict::kSkipped);
  EXPECT_EQ(verdict(ErrorCode::kForbidden), Verdict::kWarning) << "the token is not for everybody";
  for (const ErrorCode code :
       {ErrorCode::kInvalidInput, ErrorCode::kUnreachable, ErrorCode::kServerError}) {
    EXPECT_EQ(verdict(code), Verdict::kBad) << base::code_name(code);
  }
}

}  // namespace
}  // namespace nbkeys::plugin
