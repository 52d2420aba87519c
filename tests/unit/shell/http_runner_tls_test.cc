#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>

#include "on_pool.h"
#include "shell/http_runner.h"
#include "temp_folder.h"
#include "tiny_server.h"

namespace nbkeys::shell {
namespace {

using base::ErrorCode;
using testing::HasSubstr;

const TinyServer::Script kOk = [](const std::string&, const auto&) {
  return TinyServer::Reply{answer(200, "{}")};
};

Pem inline_pem(const std::string& text) { return {"", base::SecretText(std::string(text))}; }

UpstreamSettings settings_for(const TinyServer& server, const std::string& host,
                              const std::string& ca_pem) {
  UpstreamSettings out;
  out.name = "NetBird";
  out.url = {true, "", host, server.port(), ""};
  out.trust_help = "name its CA with --netbird-ca-file";
  out.name_help = "NAME-HELP";
  if (!ca_pem.empty()) out.tls.ca = inline_pem(ca_pem);
  return out;
}

io::HttpOutcome get(Upstream& upstream, io::Method method = io::Method::kGet) {
  std::promise<io::HttpDone> done;
  HttpRunner runner(upstream, upstream,
                    {[&](io::HttpDone answer) { done.set_value(std::move(answer)); },
                     [](const telemetry::Exchange&) {}, [](io::Server) {}});
  post([&]() {
    io::HttpRequest request;
    request.method = method;
    request.path = "/x";
    request.timeout = base::Duration{5'000};
    runner.send({1, std::move(request)});
  });
  io::HttpOutcome outcome = std::move(done.get_future().get().outcome);
  run_on_pool([]() {});
  return outcome;
}

io::HttpOutcome get(UpstreamSettings settings) {
  ensure_pool();
  auto upstream = Upstream::create(std::move(settings));
  if (!upstream) return upstream.error();
  return get(**upstream);
}

TEST(HttpRunnerTls, TrustsTheGivenCaForNameAndAddress) {
  const TlsIdentity identity = make_identity("DNS:localhost,IP:127.0.0.1");
  TinyServer server(kOk, &identity);
  const auto by_address = get(settings_for(server, "127.0.0.1", identity.certificate_pem));
  ASSERT_TRUE(by_address.ok()) << by_address.error().message;
  EXPECT_EQ(server.last_server_name(), "") << "an address is no server name";
  const auto by_name = get(settings_for(server, "localhost", identity.certificate_pem));
  ASSERT_TRUE(by_name.ok()) << by_name.error().message;
  EXPECT_EQ(server.last_server_name(), "localhost");
}

TEST(HttpRunnerTls, AnIpv6AddressIsReachedAndMustBeInTheCertificate) {
  if (!TinyServer::has_ipv6()) GTEST_SKIP() << "this machine has no ::1";
  const TlsIdentity right = make_identity("IP:::1");
  TinyServer server(kOk, &right, false, TinyServer::Loopback::kIpv6);
  auto settings = settings_for(server, "::1", right.certificate_pem);
  settings.url.path = "/prefix";
  const auto outcome = get(std::move(settings));
  ASSERT_TRUE(outcome.ok()) << outcome.error().message;
  EXPECT_EQ(server.last_server_name(), "") << "an address is no server name";
  EXPECT_THAT(server.requests()[0], testing::StartsWith("GET /prefix/x HTTP/1.1\r\n"));
  EXPECT_THAT(server.requests()[0],
              HasSubstr("\r\nHost:[::1]:" + std::to_string(server.port()) + "\r\n"));
  const TlsIdentity wrong = make_identity("DNS:localhost,IP:::2");
  TinyServer other(kOk, &wrong, false, TinyServer::Loopback::kIpv6);
  const auto refused = get(settings_for(other, "::1", wrong.certificate_pem));
  ASSERT_FALSE(refused.ok());
  EXPECT_THAT(refused.error().message,
              HasSubstr("the certificate of ::1 could not be verified: IP address mismatch: it is "
                        "for localhost, ::2"));
}

TEST(HttpRunnerTls, ANameThatEndsInADotIsTheSameName) {
  const TlsIdentity identity = make_identity("DNS:localhost");
  TinyServer server(kOk, &identity);
  auto settings = settings_for(server, "127.0.0.1", identity.certificate_pem);
  settings.tls.server_name = "localhost.";
  const auto outcome = get(std::move(settings));
  ASSERT_TRUE(outcome.ok()) << outcome.error().message;
  EXPECT_EQ(server.last_server_name(), "localhost");
}

TEST(HttpRunnerTls, SaysWhyACertificateIsNotTrusted) {
  const TlsIdentity identity = make_identity("DNS:localhost");
  TinyServer server(kOk, &identity);
  const auto outcome = get(settings_for(server, "localhost", ""));
  ASSERT_FALSE(outcome.ok());
  EXPECT_EQ(outcome.error().code, ErrorCode::kUnreachable);
  EXPECT_EQ(outcome.error().message,
            "the certificate of localhost could not be verified: self-signed certificate; "
            "name its CA with --netbird-ca-file");
  EXPECT_EQ(server.request_count(), 0);
}

// A server's certificate under an intermediate one; the server sends both.
struct Chain {
  TlsIdentity root = make_identity(CertificateWish{"", "root", -7200, 3600, true});
  TlsIdentity between = make_identity(CertificateWish{"", "between", -7200, 3600, true}, &root);
  TlsIdentity own;
  TlsIdentity server;

  explicit Chain(const CertificateWish& wish)
      : own(make_identity(wish, &between)),
        server{own.certificate_pem + between.certificate_pem, own.key_pem} {}
};

TEST(HttpRunnerTls, TrustsAnyCertificateOfTheChainThatIsGiven) {
  const Chain chain({"DNS:localhost", "server"});
  TinyServer sends_chain(kOk, &chain.server);
  TinyServer sends_own(kOk, &chain.own);
  for (const TlsIdentity* trusted : {&chain.root, &chain.between, &chain.own}) {
    const auto outcome = get(settings_for(sends_chain, "localhost", trusted->certificate_pem));
    EXPECT_TRUE(outcome.ok()) << outcome.error().message;
  }
  for (const TlsIdentity* trusted : {&chain.between, &chain.own}) {
    const auto outcome = get(settings_for(sends_own, "localhost", trusted->certificate_pem));
    EXPECT_TRUE(outcome.ok()) << outcome.error().message;
  }
  EXPECT_FALSE(get(settings_for(sends_own, "localhost", chain.root.certificate_pem)).ok())
      << "nobody has the certificate between the two";
}

TEST(HttpRunnerTls, WhatIsTrustedByItselfMustFitAllTheSame) {
  const Chain other({"DNS:other.example,IP:10.0.0.1", "server"});
  TinyServer elsewhere(kOk, &other.server);
  const Chain old({"DNS:localhost", "server", -7200, -3600});
  TinyServer late(kOk, &old.server);
  const Chain young({"DNS:localhost", "server", 3600, 7200});
  TinyServer early(kOk, &young.server);
  for (const TlsIdentity* trusted : {&other.between, &other.own}) {
    const auto named = get(settings_for(elsewhere, "localhost", trusted->certificate_pem));
    ASSERT_FALSE(named.ok());
    EXPECT_THAT(named.error().message,
                HasSubstr("hostname mismatch: it is for other.example, 10.0.0.1; NAME-HELP"));
  }
  for (const TlsIdentity* trusted : {&old.between, &old.own}) {
    const auto dated = get(settings_for(late, "localhost", trusted->certificate_pem));
    ASSERT_FALSE(dated.ok());
    EXPECT_THAT(dated.error().message, HasSubstr("certificate has expired: valid until 20"));
    EXPECT_THAT(dated.error().message, HasSubstr("; renew it"));
  }
  const auto dated = get(settings_for(early, "localhost", young.own.certificate_pem));
  ASSERT_FALSE(dated.ok());
  EXPECT_THAT(dated.error().message, HasSubstr("certificate is not yet valid: valid from 20"));
}

TEST(HttpRunnerTls, ACommonNameAloneIsNoName) {
  const TlsIdentity identity = make_identity(CertificateWish{"", "localhost"});
  TinyServer server(kOk, &identity);
  const auto outcome = get(settings_for(server, "localhost", identity.certificate_pem));
  ASSERT_FALSE(outcome.ok());
  EXPECT_THAT(outcome.error().message, HasSubstr("only the common name 'localhost'"));
  EXPECT_THAT(outcome.error().message, HasSubstr("; have it issued anew with the subject"));
}

TEST(HttpRunnerTls, ABadBlockOfTheCaFileIsToldAndTheOthersCount) {
  const TlsIdentity identity = make_identity("DNS:localhost");
  TinyServer server(kOk, &identity);
  const std::string bad = "-----BEGIN CERTIFICATE-----\n?\n-----END CERTIFICATE-----\n";
  const TempFolder folder;
  auto settings = settings_for(server, "localhost", "");
  settings.tls.ca.path = folder.write("ca.crt", bad + identity.certificate_pem);
  ensure_pool();
  auto upstream = Upstream::create(std::move(settings));
  ASSERT_TRUE(upstream.ok()) << upstream.error().message;
  EXPECT_TRUE(get(**upstream).ok());
  const std::string told = "the CA certificate " + folder.path() +
                           "/ca.crt: block 1 (line 1) has damaged base64 and is left out";
  EXPECT_THAT((*upstream)->warnings(), testing::ElementsAre(told));
  // Where the one that is needed may be the bad one, the refusal says so.
  folder.write("ca.crt", bad + make_identity("DNS:x", "x").certificate_pem);
  run_on_pool([&]() { EXPECT_TRUE(*(*upstream)->refresh_tls()); });
  const auto outcome = get(**upstream);
  ASSERT_FALSE(outcome.ok());
  EXPECT_THAT(outcome.error().message, testing::EndsWith("--netbird-ca-file; " + told));
  folder.write("ca.crt", bad);
  run_on_pool([&]() {
    const auto refreshed = (*upstream)->refresh_tls();
    ASSERT_FALSE(refreshed.ok());
    EXPECT_THAT(refreshed.error().message, HasSubstr("block 1 (line 1) has damaged base64"));
  });
}

TEST(HttpRunnerTls, RefusesACertificateOfAnotherHost) {
  const TlsIdentity identity = make_identity("DNS:other.example");
  TinyServer server(kOk, &identity);
  const auto by_name = get(settings_for(server, "localhost", identity.certificate_pem));
  ASSERT_FALSE(by_name.ok());
  EXPECT_THAT(by_name.error().message,
              HasSubstr("the certificate of localhost could not be verified: hostname mismatch"));
  const auto by_address = get(settings_for(server, "127.0.0.1", identity.certificate_pem));
  ASSERT_FALSE(by_address.ok());
  EXPECT_THAT(by_address.error().message, HasSubstr("IP address mismatch"));
}

TEST(HttpRunnerTls, RefusesAnExpiredCertificate) {
  const TlsIdentity identity = make_identity("DNS:localhost", "test", -3600);
  TinyServer server(kOk, &identity);
  const auto outcome = get(settings_for(server, "localhost", identity.certificate_pem));
  ASSERT_FALSE(outcome.ok());
  EXPECT_THAT(outcome.error().message, HasSubstr("certificate has expired"));
}

TEST(HttpRunnerTls, ChecksAndSendsTheServerNameOfTheKubeconfig) {
  const TlsIdentity identity = make_identity("DNS:kubernetes");
  TinyServer server(kOk, &identity);
  auto settings = settings_for(server, "127.0.0.1", identity.certificate_pem);
  settings.tls.server_name = "kubernetes";
  const auto outcome = get(std::move(settings));
  ASSERT_TRUE(outcome.ok()) << outcome.error().message;
  EXPECT_EQ(server.last_server_name(), "kubernetes");
}

TEST(HttpRunnerTls, TakesAnyCertificateWhereToldTo) {
  const TlsIdentity identity = make_identity("DNS:other.example");
  TinyServer server(kOk, &identity);
  auto settings = settings_for(server, "localhost", "");
  settings.tls.insecure = true;
  EXPECT_TRUE(get(std::move(settings)).ok());
}

TEST(HttpRunnerTls, ShowsTheClientCertificate) {
  const TlsIdentity identity = make_identity("IP:127.0.0.1");
  TinyServer server(kOk, &identity, true);
  auto settings = settings_for(server, "127.0.0.1", identity.certificate_pem);
  const auto without = get(settings_for(server, "127.0.0.1", identity.certificate_pem));
  ASSERT_FALSE(without.ok());
  EXPECT_THAT(without.error().message, HasSubstr("certificate required"));
  settings.tls.certificate = inline_pem(identity.certificate_pem);
  settings.tls.key = inline_pem(identity.key_pem);
  const auto with = get(std::move(settings));
  EXPECT_TRUE(with.ok()) << with.error().message;
}

TEST(HttpRunnerTls, PicksUpAnotherCaFile) {
  const TlsIdentity identity = make_identity("DNS:localhost");
  TinyServer server(kOk, &identity);
  const TempFolder folder;
  auto settings = settings_for(server, "localhost", "");
  settings.tls.ca.path = folder.write("ca.crt", make_identity("DNS:x").certificate_pem);
  ensure_pool();
  auto created = Upstream::create(std::move(settings));
  ASSERT_TRUE(created.ok());
  Upstream& upstream = **created;
  EXPECT_FALSE(get(upstream).ok());
  folder.write("ca.crt", "nothing of use");
  run_on_pool([&]() { EXPECT_FALSE(upstream.refresh_tls().ok()); });
  folder.write("ca.crt", identity.certificate_pem);
  run_on_pool([&]() { EXPECT_TRUE(*upstream.refresh_tls()); });
  EXPECT_TRUE(get(upstream).ok());
  run_on_pool([&]() { EXPECT_FALSE(*upstream.refresh_tls()) << "nothing changed since"; });
}

TEST(HttpRunnerTls, KnowsThatAHandshakeThatNeverEndedCarriedNothing) {
  TinyServer plain([](const std::string&, const auto&) {
    return TinyServer::Reply{answer(400, "no TLS here"), true};
  });
  auto settings = settings_for(plain, "127.0.0.1", "");
  ensure_pool();
  auto upstream = Upstream::create(std::move(settings));
  ASSERT_TRUE(upstream.ok());
  std::promise<io::HttpDone> done;
  HttpRunner runner(**upstream, **upstream,
                    {[&](io::HttpDone answer) { done.set_value(std::move(answer)); },
                     [](const telemetry::Exchange&) {}, [](io::Server) {}});
  post([&]() {
    io::HttpRequest request;
    request.method = io::Method::kPost;
    request.path = "/x";
    request.timeout = base::Duration{300};
    runner.send({1, std::move(request)});
  });
  const io::HttpOutcome outcome = std::move(done.get_future().get().outcome);
  run_on_pool([]() {});
  ASSERT_FALSE(outcome.ok());
  EXPECT_EQ(outcome.error().code, ErrorCode::kUnreachable)
      << "a handshake that never ended has carried no request: " << outcome.error().message;
}

TEST(HttpRunnerTls, SendsOnceExactlyOnceOverTls) {
  const TlsIdentity identity = make_identity("DNS:localhost");
  TinyServer server(
      [](const std::string& seen, const auto&) {
        return seen.starts_with("POST") ? TinyServer::Reply{"", true}
                                        : TinyServer::Reply{answer(200, "{}")};
      },
      &identity);
  ensure_pool();
  auto upstream = Upstream::create(settings_for(server, "localhost", identity.certificate_pem));
  ASSERT_TRUE(upstream.ok());
  ASSERT_TRUE(get(**upstream).ok());
  std::promise<io::HttpDone> done;
  HttpRunner runner(**upstream, **upstream,
                    {[&](io::HttpDone answer) { done.set_value(std::move(answer)); },
                     [](const telemetry::Exchange&) {}, [](io::Server) {}});
  post([&]() {
    io::HttpRequest request;
    request.method = io::Method::kPost;
    request.path = "/x";
    request.body = base::SecretText(std::string("{}"));
    request.content_type = "application/json";
    request.once = true;
    runner.send({1, std::move(request)});
  });
  const io::HttpOutcome outcome = std::move(done.get_future().get().outcome);
  run_on_pool([]() {});
  ASSERT_FALSE(outcome.ok());
  EXPECT_EQ(outcome.error().code, ErrorCode::kUnknown);
  EXPECT_EQ(server.request_count(), 2) << "one GET and one POST";
}

}  // namespace
}  // namespace nbkeys::shell
