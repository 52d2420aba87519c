#include "kube/responses.h"

#include <gtest/gtest.h>

#include <map>

#include "answers.h"
#include "base/hash.h"

namespace nbkeys::kube {
namespace {

using base::ErrorCode;
using testing::answer;
using testing::no_answer;

TEST(KubeResponses, SuccessPassesThrough) {
  for (const int status : {200, 201, 204, 299}) {
    auto response = accept_response(answer(status, "{\"a\":1}"), "step");
    ASSERT_TRUE(response.ok()) << status;
    EXPECT_EQ(response->body.reveal(), "{\"a\":1}");
  }
}

TEST(KubeResponses, EachStatusHasItsCode) {
  const std::map<int, ErrorCode> codes = {
      {100, ErrorCode::kMalformed},     {302, ErrorCode::kMalformed},
      {400, ErrorCode::kUnprocessable}, {401, ErrorCode::kUnauthorized},
      {403, ErrorCode::kForbidden},     {404, ErrorCode::kNotFound},
      {409, ErrorCode::kConflict},      {410, ErrorCode::kGone},
      {405, ErrorCode::kRefused},       {412, ErrorCode::kRefused},
      {413, ErrorCode::kRefused},       {451, ErrorCode::kRefused},
      {422, ErrorCode::kUnprocessable}, {429, ErrorCode::kRateLimited},
      {500, ErrorCode::kServerError},   {503, ErrorCode::kServerError},
      {0, ErrorCode::kUnknown}};
  for (const auto& [status, code] : codes) {
    const auto error = accept_response(answer(status), "step").error();
    EXPECT_EQ(error.code, code) << status;
    EXPECT_EQ(error.http_status, status);
  }
}

TEST(KubeResponses, TheServersOwnMessageIsToldBounded) {
  EXPECT_EQ(status_error(403, R"({"kind":"Status","message":"no right"})", "list").message,
            "no right");
  EXPECT_EQ(status_error(403, "<html>", "list").message, "HTTP 403");
  EXPECT_EQ(status_error(403, R"({"message":7})", "list").message, "HTTP 403");
  EXPECT_LE(
      status_error(500, R"({"message":")" + std::string(9'000, 'x') + "\"}", "list").message.size(),
      400u);
}

// Found by the simulation: an admission webhook that quotes what it denies would have had the key
// shown in status, events and log.
TEST(KubeResponses, AQuotedKeyIsHidden) {
  const std::string key = "QTYxNjA5N0UtRkNGMC00OEZBLTkzNTQtQ0E0QTYxMTQyNzYx";
  const std::string body = R"({"message":"denied: {\"data\":{\"setup-key\":\")" + key + R"(\"}}"})";
  const std::string told = status_error(403, body, "write Secret").message;
  EXPECT_EQ(told, R"x(denied: {"data":{"setup-key":"(hidden)"}})x");
}

// Found on a real server: 400 three-byte characters, cut in the middle of one, came back changed,
// so that each look at the condition wrote it again.
TEST(KubeResponses, AMessageIsCutBetweenCharacters) {
  std::string blanks = "x";
  for (int i = 0; i < 400; ++i) blanks += "\xe2\x82\xac";
  const std::string told = status_error(403, R"({"message":")" + blanks + "\"}", "x").message;
  EXPECT_EQ(told.size(), 400u);
  EXPECT_EQ(told, blanks.substr(0, 400));
  EXPECT_EQ(status_error(403, R"({"message":"a\u0007b\nc"})", "x").message, "a b c");
}

std::string secret_refused(int status, const std::string& body,
                           std::optional<std::string_view> value) {
  io::HttpResponse response;
  response.status = status;
  response.body = base::SecretText(body);
  return accept_secret_write(std::move(response), "write Secret", value).error().message;
}

// A real server says of a dockerconfigjson that is none: invalid character 'D' looking for
// beginning of value.
TEST(KubeResponses, OfARefusedSecretOnlyFieldsAndReasonsAreTold) {
  const std::string value = "DEADBEEF-0000";
  EXPECT_EQ(
      secret_refused(422, R"({"message": "data[.dockerconfigjson]: Invalid value: invalid 'D'",
      "details": {"causes": [{"reason": "FieldValueInvalid", "message": "invalid 'D'",
                              "field": "data[.dockerconfigjson]"}]}})",
                     value),
      "HTTP 422: data[.dockerconfigjson]: FieldValueInvalid");
  EXPECT_EQ(secret_refused(422, R"({"message": "x", "details": {"causes": [
      {"reason": "FieldValueForbidden", "field": "data",
       "message": "Forbidden: field is immutable when `immutable` is set"}]}})",
                           value),
            "HTTP 422: data: Forbidden: field is immutable when `immutable` is set");
  EXPECT_EQ(secret_refused(422, R"({"message": "invalid 'D'"})", value), "HTTP 422");
  EXPECT_EQ(secret_refused(422, "<html>", value), "HTTP 422");
}

TEST(KubeResponses, OtherWordsAreToldWhereTheyHaveNothingOfTheKey) {
  const std::string value = "DEADBEEF-0000";
  const auto told = [&value](const std::string& words) {
    return secret_refused(403, R"({"message": ")" + words + "\"}", value);
  };
  EXPECT_EQ(told("exceeded quota: small"), "exceeded quota: small");
  EXPECT_EQ(told("DEA is no entry"), "DEA is no entry");
  EXPECT_EQ(told("starts with DEAD").find("DEAD"), std::string::npos);
  const std::string packed(base::base64_encode(value).reveal());
  EXPECT_EQ(told("starts with " + packed.substr(0, 5)).find(packed.substr(0, 4)),
            std::string::npos);
  EXPECT_NE(told("ends with 0000").find("part of the key"), std::string::npos);
}

TEST(KubeResponses, WhatAWebhookSaysIsLeftOutWhereTheValueIsNotKnown) {
  const std::string body =
      R"({"message": "admission webhook \"x\" denied the request: value DEADBEEF"})";
  EXPECT_EQ(secret_refused(403, body, std::nullopt), R"(admission webhook "x" denied the request)");
  EXPECT_EQ(secret_refused(403, body, ""),
            R"(admission webhook "x" denied the request: value DEADBEEF)")
      << "of a trial";
  EXPECT_EQ(secret_refused(403, R"({"message": "exceeded quota: small"})", std::nullopt),
            "exceeded quota: small");
  EXPECT_EQ(secret_refused(422, R"({"details": {"causes": [{"reason": "FieldValueForbidden",
      "field": "data", "message": "no DEAD"}]}})",
                           "DEADBEEF-0000")
                .find("DEAD"),
            std::string::npos);
}

TEST(KubeResponses, NoAnswerKeepsItsCodeAndTakesTheStep) {
  const auto error = accept_response(no_answer(ErrorCode::kUnreachable), "list").error();
  EXPECT_EQ(error.code, ErrorCode::kUnreachable);
  EXPECT_EQ(error.step, "list");
}

TEST(KubeResponses, RetryAfterIsKept) {
  io::HttpResponse limited;
  limited.status = 429;
  limited.retry_after = base::Duration{7'000};
  EXPECT_EQ(accept_response(std::move(limited), "x").error().retry_after, base::Duration{7'000});
}

}  // namespace
}  // namespace nbkeys::kube
