#include "shell/http_runner.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>

#include "on_pool.h"
#include "tiny_server.h"

namespace nbkeys::shell {
namespace {

using base::ErrorCode;
using testing::HasSubstr;

UpstreamSettings settings_for(const TinyServer& server, bool https, const std::string& host) {
  UpstreamSettings out;
  out.name = "NetBird";
  out.url = {https, "", host, server.port(), ""};
  out.trust_help = "name its CA with --netbird-ca-file";
  out.auth_scheme = "Token";
  out.token = std::move(*Token::fixed(base::SecretText(std::string("s3cret-token")), "the token"));
  return out;
}

// A runner whose two upstreams are the same server.
class Runner {
 public:
  explicit Runner(UpstreamSettings settings) {
    ensure_pool();
    UpstreamSettings unused;
    unused.url = {false, "", "127.0.0.1", 1, ""};
    upstream_ = std::move(*Upstream::create(std::move(settings)));
    other_ = std::move(*Upstream::create(std::move(unused)));
    runner_ = std::make_unique<HttpRunner>(
        *other_, *upstream_,
        HttpRunner::Hooks{[this](io::HttpDone done) { done_.set_value(std::move(done)); },
                          [this](const telemetry::Exchange& exchange) { last_ = exchange; },
                          [this](io::Server) { ++refused_; }});
  }
  ~Runner() {
    run_on_pool([]() {});
  }

  io::HttpOutcome send(io::HttpRequest request) {
    done_ = {};
    auto done = done_.get_future();
    request.server = io::Server::kNetBird;
    request.operation = "test";
    io::SendHttp command{++id_, std::move(request)};
    post([&]() { runner_->send(std::move(command)); });
    io::HttpDone answer = done.get();
    EXPECT_EQ(answer.id, id_);
    run_on_pool([]() {});
    return std::move(answer.outcome);
  }

  const telemetry::Exchange& last() const { return last_; }
  int refused() const { return refused_; }
  Upstream& upstream() { return *upstream_; }

 private:
  std::unique_ptr<Upstream> upstream_, other_;
  std::unique_ptr<HttpRunner> runner_;
  std::promise<io::HttpDone> done_;
  telemetry::Exchange last_;
  int refused_ = 0;
  io::RequestId id_ = 0;
};

io::HttpRequest request(io::Method method, const std::string& body = "") {
  io::HttpRequest out;
  out.method = method;
  out.path = "/api/things?limit=5";
  if (!body.empty()) {
    out.body = base::SecretText(std::string(body));
    out.content_type = "application/json";
  }
  out.timeout = base::Duration{5'000};
  return out;
}

TEST(HttpRunner, SendsWhatWasAskedAndReadsTheAnswer) {
  TinyServer server([](const std::string&, const auto&) {
    return TinyServer::Reply{
        answer(429, "{\"a\":1}", "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\nRetry-After: 7\r\n")};
  });
  Runner runner(settings_for(server, false, "127.0.0.1"));
  const auto outcome = runner.send(request(io::Method::kPost, "{\"key\":\"k\"}"));
  ASSERT_TRUE(outcome.ok());
  EXPECT_EQ(outcome->status, 429);
  EXPECT_EQ(outcome->body.reveal(), "{\"a\":1}");
  EXPECT_EQ(outcome->retry_after, base::Duration{7'000});
  EXPECT_EQ(base::format_rfc3339(outcome->date.value_or(base::WallTime{})), "1994-11-06T08:49:37Z");
  ASSERT_EQ(server.request_count(), 1);
  const std::string seen = server.requests()[0];
  EXPECT_THAT(seen, testing::StartsWith("POST /api/things?limit=5 HTTP/1.1\r\n"));
  EXPECT_THAT(seen, HasSubstr("Authorization:Token s3cret-token\r\n"));
  EXPECT_THAT(seen, HasSubstr("User-Agent:nbkeys/"));
  EXPECT_THAT(seen, HasSubstr("Accept:application/json\r\n"));
  EXPECT_THAT(seen, HasSubstr("Content-Type:application/json\r\n"));
  EXPECT_THAT(seen, testing::EndsWith("\r\n\r\n{\"key\":\"k\"}"));
  EXPECT_EQ(runner.last().code, "429");
  EXPECT_EQ(runner.last().path, "/api/things?limit=5");
}

TEST(HttpRunner, AFreshAnswerIsAskedOfNoCacheAndAnOldOneSaysSo) {
  TinyServer server([](const std::string&, const auto&) {
    return TinyServer::Reply{answer(200, "{}", "Age: 30\r\n")};
  });
  Runner runner(settings_for(server, false, "127.0.0.1"));
  io::HttpRequest fresh = request(io::Method::kGet);
  fresh.fresh = true;
  const auto outcome = runner.send(std::move(fresh));
  ASSERT_TRUE(outcome.ok());
  EXPECT_EQ(outcome->age, base::Duration{30'000});
  EXPECT_EQ(runner.send(request(io::Method::kGet))->age, base::Duration{30'000});
  ASSERT_EQ(server.request_count(), 2);
  EXPECT_THAT(server.requests()[0], HasSubstr("Cache-Control:no-cache\r\n"));
  EXPECT_THAT(server.requests()[1], testing::Not(HasSubstr("Cache-Control")));
}

TEST(HttpRunner, KeepsConnectionsAliveButNotForOnce) {
  TinyServer server(
      [](const std::string&, const auto&) { return TinyServer::Reply{answer(200, "{}")}; });
  Runner runner(settings_for(server, false, "127.0.0.1"));
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(runner.send(request(io::Method::kGet)).ok());
  EXPECT_EQ(server.connection_count(), 1);
  auto once = request(io::Method::kPost, "{}");
  once.once = true;
  EXPECT_TRUE(runner.send(std::move(once)).ok());
  EXPECT_EQ(server.connection_count(), 2);
}

TEST(HttpRunner, SendsOnceExactlyOnceWhenTheServerCutsAfterReading) {
  TinyServer server([](const std::string& seen, const auto&) {
    return seen.starts_with("POST") ? TinyServer::Reply{"", true}
                                    : TinyServer::Reply{answer(200, "{}")};
  });
  Runner runner(settings_for(server, false, "127.0.0.1"));
  EXPECT_TRUE(runner.send(request(io::Method::kGet)).ok());  // leaves an idle connection
  auto once = request(io::Method::kPost, "{}");
  once.once = true;
  const auto outcome = runner.send(std::move(once));
  ASSERT_FALSE(outcome.ok());
  EXPECT_EQ(outcome.error().code, ErrorCode::kUnknown);
  EXPECT_EQ(outcome.error().step, "test");
  EXPECT_THAT(outcome.error().message, HasSubstr("closed the connection without an answer"));
  EXPECT_EQ(server.request_count(), 2);
}

TEST(HttpRunner, EndsARequestWhoseTimeIsOver) {
  std::promise<void> over;
  auto wait = over.get_future().share();
  TinyServer server([wait](const std::string&, const auto&) {
    wait.get();
    return TinyServer::Reply{"", true};
  });
  Runner runner(settings_for(server, false, "127.0.0.1"));
  auto slow = request(io::Method::kPost, "{}");
  slow.timeout = base::Duration{200};
  const auto outcome = runner.send(std::move(slow));
  over.set_value();
  ASSERT_FALSE(outcome.ok());
  EXPECT_EQ(outcome.error().code, ErrorCode::kUnknown);
  EXPECT_THAT(outcome.error().message, HasSubstr("did not answer within 200 ms"));
}

TEST(HttpRunner, BoundsTheWholeTimeOfAnAnswerThatDrips) {
  std::promise<void> over;
  auto wait = over.get_future().share();
  TinyServer server([wait](const std::string&, const auto& send) {
    send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
    while (wait.wait_for(std::chrono::milliseconds(20)) != std::future_status::ready) {
      send(chunk("x"));
    }
    return TinyServer::Reply{"", true};
  });
  Runner runner(settings_for(server, false, "127.0.0.1"));
  auto slow = request(io::Method::kGet);
  slow.timeout = base::Duration{300};
  const auto outcome = runner.send(std::move(slow));
  over.set_value();
  ASSERT_FALSE(outcome.ok());
  EXPECT_THAT(outcome.error().message, HasSubstr("did not answer within 300 ms"));
}

TEST(HttpRunner, CutsAnAnswerBeyondItsBound) {
  TinyServer server([](const std::string&, const auto&) {
    return TinyServer::Reply{answer(200, std::string(100'000, 'x'))};
  });
  Runner runner(settings_for(server, false, "127.0.0.1"));
  auto small = request(io::Method::kGet);
  small.response_bytes_max = 1000;
  const auto outcome = runner.send(std::move(small));
  ASSERT_FALSE(outcome.ok());
  EXPECT_EQ(outcome.error().code, ErrorCode::kTooLarge);
  EXPECT_THAT(outcome.error().message, HasSubstr("longer than 1000 bytes"));
  EXPECT_TRUE(runner.send(request(io::Method::kGet)).ok()) << "the next request works";
}

// Chunk by chunk, as NetBird sends it; the bound is about what is kept.
TEST(HttpRunner, KeepsOnlyTheMembersThatAreAskedForOfAListOfAnySize) {
  const std::string members = R"(,"peers":[")" + std::string(50'000, 'x') + R"("]})";
  TinyServer server([&members](const std::string&, const auto& send) {
    send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
    send(chunk("[{\"id\":\"g0\"" + members));
    for (int i = 1; i < 40; ++i) send(chunk(",{\"id\":\"g" + std::to_string(i) + "\"" + members));
    return TinyServer::Reply{chunk("]") + "0\r\n\r\n"};
  });
  Runner runner(settings_for(server, false, "127.0.0.1"));
  auto groups = request(io::Method::kGet);
  groups.element_members = {"id"};
  groups.response_bytes_max = 1000;
  const auto outcome = runner.send(std::move(groups));
  ASSERT_TRUE(outcome.ok()) << outcome.error().message;
  EXPECT_THAT(std::string(outcome->body.reveal()),
              testing::StartsWith(R"([{"id":"g0"},{"id":"g1"},)"));
  EXPECT_LT(outcome->body.size(), 1000u);
}

TEST(HttpRunner, BoundsWhatIsKeptOfAList) {
  TinyServer server([](const std::string&, const auto&) {
    std::string body = "[";
    for (int i = 0; i < 1'000; ++i) body += R"({"id":"group"},)";
    return TinyServer::Reply{answer(200, body + "{}]")};
  });
  Runner runner(settings_for(server, false, "127.0.0.1"));
  auto groups = request(io::Method::kGet);
  groups.element_members = {"id"};
  groups.response_bytes_max = 1000;
  const auto outcome = runner.send(std::move(groups));
  ASSERT_FALSE(outcome.ok());
  EXPECT_EQ(outcome.error().code, ErrorCode::kTooLarge);
}

TEST(HttpRunner, DoesNotFollowRedirects) {
  TinyServer server([](const std::string&, const auto&) {
    return TinyServer::Reply{answer(302, "", "Location: /elsewhere\r\n")};
  });
  Runner runner(settings_for(server, false, "127.0.0.1"));
  const auto outcome = runner.send(request(io::Method::kPost, "{}"));
  ASSERT_TRUE(outcome.ok());
  EXPECT_EQ(outcome->status, 302);
  EXPECT_EQ(server.request_count(), 1);
}

TEST(HttpRunner, TellsThatNothingWasSentWhereNobodyListens) {
  UpstreamSettings settings;
  {
    TinyServer gone([](const std::string&, const auto&) { return TinyServer::Reply{}; });
    settings = settings_for(gone, false, "127.0.0.1");
  }
  Runner runner(std::move(settings));
  const auto outcome = runner.send(request(io::Method::kPost, "{}"));
  ASSERT_FALSE(outcome.ok());
  EXPECT_EQ(outcome.error().code, ErrorCode::kUnreachable);
  EXPECT_THAT(outcome.error().message, HasSubstr("cannot connect to 127.0.0.1:"));
  EXPECT_EQ(runner.last().code, "unreachable");
}

TEST(HttpRunner, DoesNotClaimThatNothingWasSentAfterAReusedConnection) {
  auto server = std::make_unique<TinyServer>(
      [](const std::string&, const auto&) { return TinyServer::Reply{answer(200, "{}")}; });
  Runner runner(settings_for(*server, false, "127.0.0.1"));
  EXPECT_TRUE(runner.send(request(io::Method::kGet)).ok());
  server.reset();
  const auto write = runner.send(request(io::Method::kPatch, "{}"));
  ASSERT_FALSE(write.ok());
  EXPECT_EQ(write.error().code, ErrorCode::kUnknown);
  const auto read = runner.send(request(io::Method::kGet));
  ASSERT_FALSE(read.ok());
  EXPECT_EQ(read.error().code, ErrorCode::kUnreachable);
}

TEST(HttpRunner, NamesAHostThatCannotBeFound) {
  TinyServer server([](const std::string&, const auto&) { return TinyServer::Reply{}; });
  Runner runner(settings_for(server, false, "no-such-host.invalid"));
  const auto outcome = runner.send(request(io::Method::kGet));
  ASSERT_FALSE(outcome.ok());
  EXPECT_EQ(outcome.error().code, ErrorCode::kUnreachable);
  EXPECT_THAT(outcome.error().message, HasSubstr("no-such-host.invalid"));
}

TEST(HttpRunner, GoesThroughAProxy) {
  TinyServer proxy(
      [](const std::string&, const auto&) { return TinyServer::Reply{answer(200, "{}")}; });
  auto settings = settings_for(proxy, false, "netbird.test");
  settings.proxy = Url{false, "me:p%40ss", "127.0.0.1", proxy.port(), ""};
  Runner runner(std::move(settings));
  ASSERT_TRUE(runner.send(request(io::Method::kGet)).ok());
  EXPECT_THAT(proxy.requests()[0], testing::StartsWith("GET http://netbird.test:"));
  EXPECT_THAT(proxy.requests()[0], HasSubstr("Proxy-Authorization: Basic bWU6cEBzcw==\r\n"));
}

TEST(HttpRunner, ReachesAnIpv6AddressOverPlainHttp) {
  if (!TinyServer::has_ipv6()) GTEST_SKIP() << "this machine has no ::1";
  TinyServer server(
      [](const std::string&, const auto&) { return TinyServer::Reply{answer(200, "{}")}; }, nullptr,
      false, TinyServer::Loopback::kIpv6);
  Runner runner(settings_for(server, false, "::1"));
  for (int i = 0; i < 2; ++i) {
    const auto outcome = runner.send(request(io::Method::kGet));
    ASSERT_TRUE(outcome.ok()) << outcome.error().message;
  }
  EXPECT_EQ(server.connection_count(), 1) << "kept alive as any other";
  EXPECT_THAT(server.requests()[1],
              HasSubstr("\r\nHost:[::1]:" + std::to_string(server.port()) + "\r\n"));
}

TEST(HttpRunner, AsksAProxyForAnIpv6AddressInBrackets) {
  TinyServer proxy([](const std::string& seen, const auto&) {
    return TinyServer::Reply{answer(seen.starts_with("CONNECT") ? 403 : 200, "{}")};
  });
  for (const bool https : {false, true}) {
    auto settings = settings_for(proxy, https, "fd00::1");
    settings.url.port = https ? 443 : 80;
    settings.proxy = Url{false, "", "127.0.0.1", proxy.port(), ""};
    Runner runner(std::move(settings));
    EXPECT_EQ(runner.send(request(io::Method::kGet)).ok(), !https);
  }
  EXPECT_THAT(proxy.requests()[0], testing::StartsWith("GET http://[fd00::1]/"));
  EXPECT_THAT(proxy.requests()[0], HasSubstr("\r\nHost: [fd00::1]\r\n"));
  EXPECT_THAT(proxy.requests()[1], testing::StartsWith("CONNECT [fd00::1]:443 HTTP/1.1\r\n"));
}

TEST(HttpRunner, GoesThroughAProxyWithAnIpv6Address) {
  if (!TinyServer::has_ipv6()) GTEST_SKIP() << "this machine has no ::1";
  TinyServer proxy(
      [](const std::string&, const auto&) { return TinyServer::Reply{answer(200, "{}")}; }, nullptr,
      false, TinyServer::Loopback::kIpv6);
  auto settings = settings_for(proxy, false, "netbird.test");
  settings.url.port = 80;
  settings.proxy = Url{false, "", "::1", proxy.port(), ""};
  Runner runner(std::move(settings));
  const auto outcome = runner.send(request(io::Method::kGet));
  ASSERT_TRUE(outcome.ok()) << outcome.error().message;
  EXPECT_THAT(proxy.requests()[0], testing::StartsWith("GET http://netbird.test/"));
}

TEST(HttpRunner, TellsThatTheProxyIsDead) {
  TinyServer unused([](const std::string&, const auto&) { return TinyServer::Reply{}; });
  auto settings = settings_for(unused, true, "netbird.test");
  settings.proxy = Url{false, "", "127.0.0.1", 1, ""};
  Runner runner(std::move(settings));
  const auto outcome = runner.send(request(io::Method::kPost, "{}"));
  ASSERT_FALSE(outcome.ok());
  EXPECT_EQ(outcome.error().code, ErrorCode::kUnreachable);
  EXPECT_THAT(outcome.error().message,
              testing::StartsWith("cannot connect to the proxy 127.0.0.1:1: connection refused"));
}

TEST(HttpRunner, TellsThatTheProxyIsNone) {
  TinyServer other([](const std::string&, const auto&) {
    return TinyServer::Reply{"220 mail.test ready\r\n\r\n", true};
  });
  auto settings = settings_for(other, true, "netbird.test");
  settings.proxy = Url{false, "", "127.0.0.1", other.port(), ""};
  Runner runner(std::move(settings));
  const auto outcome = runner.send(request(io::Method::kPost, "{}"));
  ASSERT_FALSE(outcome.ok());
  EXPECT_EQ(outcome.error().code, ErrorCode::kUnreachable);
  EXPECT_THAT(outcome.error().message, HasSubstr("did not connect us to netbird.test:"));
}

TEST(HttpRunner, TellsThatTheProxyRefused) {
  TinyServer proxy([](const std::string&, const auto&) {
    return TinyServer::Reply{answer(407, "who are you"), true};
  });
  auto settings = settings_for(proxy, true, "netbird.test");
  settings.proxy = Url{false, "", "127.0.0.1", proxy.port(), ""};
  Runner runner(std::move(settings));
  const auto outcome = runner.send(request(io::Method::kPost, "{}"));
  ASSERT_FALSE(outcome.ok());
  EXPECT_EQ(outcome.error().code, ErrorCode::kUnreachable);
  EXPECT_THAT(outcome.error().message, HasSubstr("the proxy 127.0.0.1:"));
  EXPECT_THAT(proxy.requests()[0], testing::StartsWith("CONNECT netbird.test:"));
  EXPECT_THAT(proxy.requests()[0], testing::Not(HasSubstr("s3cret-token")))
      << "the token is for NetBird only";
}

TEST(HttpRunner, RefusesToSendWithoutItsToken) {
  TinyServer server([](const std::string&, const auto&) { return TinyServer::Reply{}; });
  auto settings = settings_for(server, false, "127.0.0.1");
  settings.token = Token::file("/nonexistent/token", "NetBird token file");
  Runner runner(std::move(settings));
  const auto outcome = runner.send(request(io::Method::kGet));
  ASSERT_FALSE(outcome.ok());
  EXPECT_EQ(outcome.error().code, ErrorCode::kInvalidInput);
  EXPECT_THAT(outcome.error().message, HasSubstr("NetBird token file"));
  EXPECT_EQ(server.connection_count(), 0);
}

TEST(HttpRunner, TellsOfRefusedTokens) {
  TinyServer server(
      [](const std::string&, const auto&) { return TinyServer::Reply{answer(401, "{}")}; });
  Runner runner(settings_for(server, false, "127.0.0.1"));
  EXPECT_TRUE(runner.send(request(io::Method::kGet)).ok());
  EXPECT_EQ(runner.refused(), 1);
}

}  // namespace
}  // namespace nbkeys::shell
