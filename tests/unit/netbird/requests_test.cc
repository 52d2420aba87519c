#include "netbird/requests.h"

#include <gtest/gtest.h>

#include <map>

#include "answers.h"

namespace nbkeys::netbird {
namespace {

using base::ErrorCode;
using testing::answer;
using testing::json;

base::Json body_of(const io::HttpRequest& request) { return json(request.body.reveal()); }

NewKey fleet() {
  NewKey key;
  key.name = "fleet [k8s-0123456789abcdef-r1]";
  key.type = "one-off";
  key.usage_limit = 1;
  key.expires_in = base::Duration{86'400'000};
  key.ephemeral = true;
  key.auto_groups = {"g1", "g2"};
  return key;
}

TEST(NetBirdRequests, Lists) {
  EXPECT_EQ(list_keys().path, "/api/setup-keys");
  EXPECT_EQ(list_groups().path, "/api/groups");
  EXPECT_EQ(get_current_user().path, "/api/users/current");
  EXPECT_EQ(list_service_users().path, "/api/users?service_user=true");
  for (const auto& request :
       {list_keys(), list_groups(), list_service_users(), get_current_user()}) {
    EXPECT_EQ(request.method, io::Method::kGet);
    EXPECT_EQ(request.accept, "application/json") << "a login page comes to who takes HTML";
    EXPECT_EQ(request.server, io::Server::kNetBird);
    EXPECT_FALSE(request.once);
  }
  EXPECT_GE(list_keys().response_bytes_max, 64u << 20) << "100,000 keys are 34 MB";
  EXPECT_EQ(list_groups().element_members, (std::vector<std::string>{"id", "name"}));
  EXPECT_GE(list_groups().timeout, base::Duration{90'000}) << "90 MB over a line of 1 MB a second";
}

TEST(NetBirdRequests, NoCacheMayAnswerForAList) {
  EXPECT_TRUE(list_keys().fresh);
  EXPECT_TRUE(list_groups().fresh);
}

TEST(NetBirdRequests, TheAccountIsReadAndTheRightAskedForWithoutWriting) {
  EXPECT_EQ(get_account().path, "/api/accounts");
  EXPECT_EQ(get_account().method, io::Method::kGet);
  const auto probe = probe_write(io::Method::kPut);
  EXPECT_EQ(probe.method, io::Method::kPut);
  EXPECT_EQ(probe.path, "/api/setup-keys/nbkeys-may-i-write") << "no id looks like that";
  EXPECT_EQ(probe.operation, "probe_write");
}

TEST(NetBirdRequests, OnlyNetBirdsOwnWordOfAKeyThatIsNotThereIsARight) {
  const auto told = [](int status, const char* body) {
    io::HttpResponse response;
    response.status = status;
    response.body = base::SecretText(std::string(body));
    return write_right(accept_response(std::move(response), "s"));
  };
  EXPECT_EQ(told(404, R"({"message": "setup key: nbkeys-may-i-write not found"})"),
            WriteRight::kGranted);
  EXPECT_EQ(told(200, "{}"), WriteRight::kGranted);
  EXPECT_EQ(told(403, R"({"message": "permission denied"})"), WriteRight::kRefused);
  EXPECT_EQ(told(403, "<html>blocked"), WriteRight::kUnclear) << "that is not NetBird's word";
  EXPECT_EQ(told(404, R"({"message": "invalid token: pat: x not found"})"), WriteRight::kUnclear);
  EXPECT_EQ(told(404, "404 page not found"), WriteRight::kUnclear);
  EXPECT_EQ(told(405, "{}"), WriteRight::kUnclear);
  EXPECT_EQ(told(500, "{}"), WriteRight::kUnclear);
  EXPECT_EQ(write_right(base::Error{base::ErrorCode::kUnreachable, "s", "refused"}),
            WriteRight::kUnclear);
}

TEST(NetBirdRequests, WhatAnswersInNetBirdsPlaceIsNamed) {
  const auto told = [](int status, std::string body, std::string location = "") {
    io::HttpResponse response;
    response.status = status;
    response.body = base::SecretText(std::move(body));
    response.location = std::move(location);
    const auto accepted = accept_response(std::move(response), "s");
    if (accepted) return std::string("accepted");
    return (accepted.error().by_another ? "another: " : "NetBird: ") + accepted.error().message;
  };
  EXPECT_EQ(told(200, " \n<!doctype html><title>Sign in"), "another: HTTP 200 and a page of HTML");
  EXPECT_EQ(told(403, "<html>"), "another: HTTP 403 and a page of HTML");
  EXPECT_EQ(told(302, "", "https://login.example.com/?x=\x1b[1m"),
            "another: HTTP 302 and a redirect to https://login.example.com/?x= [1m");
  EXPECT_EQ(told(307, ""), "another: HTTP 307 and a redirect");
  EXPECT_EQ(told(103, ""),
            "another: HTTP 103 and an interim answer, which is taken for the whole one");
  EXPECT_EQ(told(404, "404 page not found\n"), "another: HTTP 404 and no API at this path");
  EXPECT_EQ(told(200, "\x1f\x8b\x08"),
            "another: HTTP 200 and a compressed body, for which nobody asked");
  EXPECT_EQ(told(503, "no healthy upstream"), "another: HTTP 503 and \"no healthy upstream\"");
  EXPECT_EQ(told(401, R"({"message": "token invalid", "code": 401})"),
            "NetBird: NetBird answered HTTP 401: token invalid");
  EXPECT_EQ(told(500, ""), "NetBird: NetBird answered HTTP 500");
  EXPECT_EQ(told(200, "[]"), "accepted");
  EXPECT_EQ(told(200, ""), "accepted");
}

TEST(NetBirdRequests, CreateGoesOutOnceAndInSeconds) {
  const auto request = create_key(fleet());
  EXPECT_EQ(request.method, io::Method::kPost);
  EXPECT_EQ(request.path, "/api/setup-keys");
  EXPECT_TRUE(request.once) << "two POSTs make two keys";
  EXPECT_EQ(body_of(request), json(R"({"name": "fleet [k8s-0123456789abcdef-r1]",
      "type": "one-off", "expires_in": 86400, "auto_groups": ["g1", "g2"], "usage_limit": 1,
      "ephemeral": true, "allow_extra_dns_labels": false})"));
}

TEST(NetBirdRequests, NoGroupsAreAnEmptyListNotNull) {
  NewKey key = fleet();
  key.auto_groups.clear();
  EXPECT_EQ(body_of(create_key(key))["auto_groups"], json("[]"));
  EXPECT_EQ(body_of(update_key("id", false, {}))["auto_groups"], json("[]"));
}

TEST(NetBirdRequests, UpdateCarriesBothFields) {
  const auto request = update_key("id", true, {"g"});
  EXPECT_EQ(request.method, io::Method::kPut);
  EXPECT_EQ(request.path, "/api/setup-keys/id");
  EXPECT_EQ(request.operation, "revoke_key");
  EXPECT_EQ(update_key("id", false, {}).operation, "update_key");
  EXPECT_EQ(body_of(request), json(R"({"revoked": true, "auto_groups": ["g"]})"));
}

TEST(NetBirdRequests, IdsAreEncoded) {
  EXPECT_EQ(delete_key("id").path, "/api/setup-keys/id");
  EXPECT_EQ(delete_key("id").method, io::Method::kDelete);
  EXPECT_EQ(delete_key("../groups/x?y").path, "/api/setup-keys/..%2Fgroups%2Fx%3Fy");
}

TEST(NetBirdResponses, EachStatusHasItsCode) {
  const std::map<int, ErrorCode> codes = {
      {302, ErrorCode::kMalformed},     {400, ErrorCode::kUnprocessable},
      {401, ErrorCode::kUnauthorized},  {403, ErrorCode::kForbidden},
      {404, ErrorCode::kNotFound},      {409, ErrorCode::kConflict},
      {405, ErrorCode::kRefused},       {408, ErrorCode::kServerError},
      {412, ErrorCode::kRefused},       {413, ErrorCode::kRefused},
      {422, ErrorCode::kUnprocessable}, {429, ErrorCode::kRateLimited},
      {500, ErrorCode::kServerError},   {502, ErrorCode::kServerError}};
  for (const auto& [status, code] : codes) {
    const auto error = accept_response(answer(status), "x").error();
    EXPECT_EQ(error.code, code) << status;
    EXPECT_EQ(error.http_status, status);
  }
  EXPECT_TRUE(accept_response(answer(200), "x").ok());
}

TEST(NetBirdResponses, AnAnswerThatPromisesATimeoutIsNoRefusal) {
  // 408 comes from proxies that gave up waiting: the POST may have been carried out all the same.
  const auto code = accept_response(answer(408), "create").error().code;
  EXPECT_NE(code, ErrorCode::kUnprocessable);
}

TEST(NetBirdResponses, TheCauseIsToldBounded) {
  const auto told = [](const std::string& body) {
    return accept_response(answer(422, body), "x").error().message;
  };
  EXPECT_EQ(told(R"({"message": "unknown group", "code": 422})"),
            "NetBird answered HTTP 422: unknown group");
  EXPECT_EQ(told("<html>secret</html>"), "HTTP 422 and a page of HTML");
  EXPECT_LE(told(R"({"message": ")" + std::string(9'000, 'x') + "\"}").size(), 400u);
}

TEST(NetBirdResponses, RetryAfterAndTransportErrorsPassThrough) {
  io::HttpResponse limited;
  limited.status = 429;
  limited.retry_after = base::Duration{3'000};
  EXPECT_EQ(accept_response(std::move(limited), "x").error().retry_after, base::Duration{3'000});
  const auto lost =
      accept_response(base::Error{ErrorCode::kUnknown, "send", "reset"}, "create").error();
  EXPECT_EQ(lost.code, ErrorCode::kUnknown);
  EXPECT_EQ(lost.step, "create");
}

}  // namespace
}  // namespace nbkeys::netbird
