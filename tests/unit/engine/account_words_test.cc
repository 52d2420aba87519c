#include "engine/account_words.h"

#include <gtest/gtest.h>

namespace nbkeys::engine {
namespace {

using base::ErrorCode;

constexpr char kUrl[] = "https://netbird.example.com";

base::Error error_of(ErrorCode code, int status = 0, std::string message = "cause") {
  base::Error out{code, "list setup keys", std::move(message)};
  out.http_status = status;
  return out;
}

bool has(const std::string& text, const char* part) { return text.find(part) != std::string::npos; }

TEST(AccountWords, EachCauseNamesItsRemedy) {
  const auto text = [](ErrorCode code) { return account_problem(error_of(code), kUrl); };
  EXPECT_PRED2(has, text(ErrorCode::kUnauthorized), "token file");
  EXPECT_PRED2(has, text(ErrorCode::kUnauthorized), kUrl);
  EXPECT_PRED2(has, text(ErrorCode::kForbidden), "role admin");
  EXPECT_PRED2(has, text(ErrorCode::kNotFound), "another NetBird");
  EXPECT_PRED2(has, text(ErrorCode::kNotFound), kUrl);
  EXPECT_PRED2(has, text(ErrorCode::kRateLimited), "--netbird-requests-per-minute");
  EXPECT_PRED2(has, text(ErrorCode::kServerError), "see whether NetBird is up");
}

// A certificate or a proxy is at fault, and the cause says so.
TEST(AccountWords, WhatNeverReachedNetBirdIsNotCalledItsTrouble) {
  EXPECT_EQ(account_problem(error_of(ErrorCode::kUnreachable, 0, "the certificate ..."), kUrl),
            "the certificate ...; it is asked again by itself");
}

TEST(AccountWords, WhatAnswersInItsPlaceIsNamed) {
  base::Error page = error_of(ErrorCode::kForbidden, 403, "HTTP 403 and a page of HTML");
  page.by_another = true;
  const std::string told = account_problem(page, kUrl);
  EXPECT_PRED2(has, told, "https://netbird.example.com answers HTTP 403 and a page of HTML");
  EXPECT_PRED2(has, told, "not NetBird's API");
  EXPECT_PRED2(has, told, "--netbird-url");
  page.http_status = 502;
  EXPECT_PRED2(has, account_problem(page, kUrl), "it is asked again by itself");
}

// NetBird answers 401 to good tokens while its database is down.
TEST(AccountWords, ATokenThatHasWorkedIsNotCalledWrong) {
  const auto text = [](TokenPast past) {
    return account_problem(error_of(ErrorCode::kUnauthorized, 401), kUrl, past);
  };
  EXPECT_PRED2(has, text(TokenPast::kNone), "put a valid one");
  EXPECT_FALSE(has(text(TokenPast::kWorked), "put a"));
  EXPECT_PRED2(has, text(TokenPast::kWorkedLongAgo), "its database is down");
  EXPECT_PRED2(has, text(TokenPast::kWorkedLongAgo), "has expired");
}

TEST(AccountWords, AreBounded) {
  const std::string much(5'000, 'x');
  for (const ErrorCode code :
       {ErrorCode::kUnauthorized, ErrorCode::kForbidden, ErrorCode::kNotFound,
        ErrorCode::kServerError, ErrorCode::kUnreachable}) {
    EXPECT_LE(account_problem(error_of(code, 0, much), much).size(), 300u);
  }
  EXPECT_LE(missing_right(error_of(ErrorCode::kForbidden, 403, much), std::nullopt).size(), 300u);
  const std::string told = account_problem(error_of(ErrorCode::kNotFound, 404, much), much);
  EXPECT_PRED2(has, told, "--netbird-url") << "the cause is cut, not the remedy";
  EXPECT_PRED2(has,
               account_problem(error_of(ErrorCode::kUnauthorized, 401, much), much,
                               TokenPast::kWorkedLongAgo),
               "into the token file");
}

TEST(AccountWords, AMissingRightNamesUserAndRole) {
  const auto told = [](netbird::User user) {
    return missing_right(error_of(ErrorCode::kForbidden, 403), std::move(user));
  };
  EXPECT_PRED2(has, told({"u1", "", "auditor"}), "user u1 has the role auditor");
  EXPECT_PRED2(has, told({"u1", "ci", "network_admin"}), "\"ci\" has the role network_admin");
  EXPECT_PRED2(has, told({"u1", "ci", "admin"}), "what is between")
      << "the role is not what is missing";
  EXPECT_PRED2(has, missing_right(error_of(ErrorCode::kForbidden, 403), std::nullopt),
               "role admin");
}

}  // namespace
}  // namespace nbkeys::engine
