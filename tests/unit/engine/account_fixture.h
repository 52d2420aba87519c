#pragma once
// One account and what it sends, for the tests of it.

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <utility>
#include <variant>

#include "engine/account.h"

namespace nbkeys::engine::testing {

using News = Account::News;

inline base::Instant ms(std::int64_t t) { return {base::Duration{t}}; }
inline base::Now at(std::int64_t t) { return {ms(t), {base::Duration{1'800'000'000'000 + t}}}; }

inline io::HttpOutcome answer(int status, std::string body) {
  io::HttpResponse response;
  response.status = status;
  response.body = base::SecretText(std::move(body));
  return response;
}

// NetBird has no such key, and would let the token change it.
inline io::HttpOutcome may_write() {
  return answer(404, R"({"message": "setup key: nbkeys-may-i-write not found", "code": 404})");
}
inline io::HttpOutcome may_not_write() {
  return answer(403, R"({"message": "permission denied", "code": 403})");
}

class AccountTest : public ::testing::Test {
 protected:
  AccountTest() { account.begin_term(ms(0)); }

  // What a tick sends, by operation.
  std::map<std::string, io::RequestId> tick(std::int64_t t, Account& who) {
    news = who.tick(at(t), out);
    std::map<std::string, io::RequestId> sent;
    for (io::Command& command : out.take()) {
      if (auto* send = std::get_if<io::SendHttp>(&command))
        sent[send->request.operation] = send->id;
    }
    return sent;
  }
  std::map<std::string, io::RequestId> tick(std::int64_t t) { return tick(t, account); }

  News answered(io::RequestId id, io::HttpOutcome outcome, std::int64_t t) {
    io::HttpDone done{id, std::move(outcome)};
    News told = News::kNone;
    EXPECT_TRUE(account.handle(done, at(t), out, told));
    out.take();
    return told;
  }
  AccountState state(std::int64_t t = 0) { return account.facts(ms(t)).state; }
  void failed(const base::Error& error, std::int64_t t) {
    account.call_failed(error, ms(t - 10), ms(t), out);
    out.take();
  }
  std::int64_t wakes(std::int64_t t) {
    const auto at = account.wake_at(ms(t));
    return at ? at->since_start.count() : -1;
  }
  // The id of the question for the token's user, if it was asked.
  io::RequestId become_ready(std::int64_t t) {
    auto sent = tick(t);
    if (sent.contains("probe_write")) answered(sent["probe_write"], may_write(), t);
    EXPECT_EQ(answered(sent["list_keys"], answer(200, "[]"), t), News::kReconsiderAll);
    EXPECT_EQ(state(), AccountState::kReady);
    return sent["list_service_users"];
  }

  Account account{{"default", 0, 0}, base::Duration{300'000}, 8, 1};
  io::Outbox out;
  News news = News::kNone;
};

}  // namespace nbkeys::engine::testing
