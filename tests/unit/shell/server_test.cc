#include "shell/server.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <vector>

namespace nbkeys::shell {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

Page page(std::string_view path) {
  if (path == "/big") return {200, "text/plain", std::string(1 << 20, 'x')};
  return path == "/healthz" ? Page{200, "text/plain", "ok\n"}
                            : Page{503, "text/plain", "no: " + std::string(path) + "\n"};
}

class Peer {
 public:
  explicit Peer(std::uint16_t port) : file_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    connected_ = connect(file_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
  }
  ~Peer() { close(file_); }
  Peer(const Peer&) = delete;
  Peer& operator=(const Peer&) = delete;

  bool connected() const { return connected_; }
  void say(const std::string& text) const { send(file_, text.data(), text.size(), MSG_NOSIGNAL); }
  // One piece of what is said; waits for it.
  void hear_some() const {
    std::array<char, 4096> piece{};
    EXPECT_GT(recv(file_, piece.data(), piece.size(), 0), 0);
  }
  std::string hear_all() const {
    std::string out;
    std::array<char, 4096> piece{};
    ssize_t got = 0;
    while ((got = recv(file_, piece.data(), piece.size(), 0)) > 0) {
      out.append(piece.data(), static_cast<std::size_t>(got));
    }
    return out;
  }

 private:
  int file_;
  bool connected_ = false;
};

std::unique_ptr<Server> start() {
  auto server = Server::listen("127.0.0.1:0", page);
  EXPECT_TRUE(server.ok());
  return std::move(*server);
}

std::string ask(const Server& server, const std::string& request) {
  const Peer peer(server.port());
  peer.say(request);
  return peer.hear_all();
}

TEST(Server, AnswersPages) {
  const auto server = start();
  const std::string ok = ask(*server, "GET /healthz?verbose HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_THAT(ok, StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(ok, HasSubstr("Content-Length: 3\r\n"));
  EXPECT_THAT(ok, testing::EndsWith("\r\n\r\nok\n"));
  EXPECT_THAT(ask(*server, "GET /readyz HTTP/1.0\r\n\r\n"), HasSubstr("503 Service Unavailable"));
  EXPECT_THAT(ask(*server, "HEAD /healthz HTTP/1.1\r\n\r\n"), testing::EndsWith("\r\n\r\n"));
  EXPECT_EQ(ask(*server, "GET /big HTTP/1.1\r\n\r\n").size() >> 20, 1U);
}

TEST(Server, RefusesWhatIsNoGet) {
  const auto server = start();
  EXPECT_THAT(ask(*server, "POST /healthz HTTP/1.1\r\n\r\n"), HasSubstr(" 405 "));
  EXPECT_THAT(ask(*server, "hello\r\n\r\n"), HasSubstr(" 400 "));
  EXPECT_THAT(ask(*server, "GET /" + std::string(20'000, 'a')), HasSubstr(" 431 "));
}

TEST(Server, AnswersWhileOthersHoldHalfSentRequests) {
  const auto server = start();
  std::vector<std::unique_ptr<Peer>> slow;
  for (int i = 0; i < 40; ++i) {
    slow.push_back(std::make_unique<Peer>(server->port()));
    slow.back()->say("GET /he");
  }
  EXPECT_THAT(ask(*server, "GET /healthz HTTP/1.1\r\n\r\n"), HasSubstr(" 200 "));
  slow.front()->say("althz HTTP/1.1\r\n\r\n");
  EXPECT_THAT(slow.front()->hear_all(), HasSubstr(" 200 ")) << "a slow request is still served";
}

constexpr const char* kProbe = "GET /healthz HTTP/1.1\r\n\r\n";

using Peers = std::vector<std::unique_ptr<Peer>>;

Peers connect(const Server& server, int count) {
  Peers out;
  for (int i = 0; i < count; ++i) out.push_back(std::make_unique<Peer>(server.port()));
  return out;
}

TEST(Server, AProbeIsAnsweredWhile500IdleConnectionsAreOpen) {
  const auto server = start();
  const Peers idle = connect(*server, 500);
  EXPECT_TRUE(idle.back()->connected());
  EXPECT_THAT(ask(*server, kProbe), HasSubstr(" 200 "));
  EXPECT_THAT(ask(*server, "GET /readyz HTTP/1.1\r\n\r\n"), HasSubstr(" 503 "));
}

TEST(Server, AProbeIsAnsweredWhile500SlowWritersDrip) {
  const auto server = start();
  const Peers slow = connect(*server, 500);
  for (const char byte : std::string("GET /")) {
    for (const auto& peer : slow) peer->say(std::string(1, byte));
    EXPECT_THAT(ask(*server, kProbe), HasSubstr(" 200 "));
  }
}

TEST(Server, TheOldestUnfinishedConnectionGoesWhenAllPlacesAreTaken) {
  auto server = Server::listen("127.0.0.1:0", page, {.connections_max = 3});
  const Peers three = connect(**server, 3);
  three[0]->say("GET /healthz HT");
  const Peer fourth((*server)->port());
  EXPECT_EQ(three[0]->hear_all(), "") << "it had the longest time";
  three[1]->say(kProbe);
  EXPECT_THAT(three[1]->hear_all(), HasSubstr(" 200 "));
  fourth.say(kProbe);
  EXPECT_THAT(fourth.hear_all(), HasSubstr(" 200 "));
}

// Their answers are longer than what the system takes off the server's hands.
std::string big_page() { return std::string(32u << 20, 'x'); }

TEST(Server, WhoDoesNotReadItsAnswerIsNoReasonToWaitEither) {
  const auto pages = [](std::string_view path) {
    return path == "/healthz" ? page(path) : Page{200, "text/plain", big_page()};
  };
  auto server = Server::listen("127.0.0.1:0", pages, {.connections_max = 2});
  const Peers deaf = connect(**server, 2);
  for (const auto& peer : deaf) {
    peer->say("GET /metrics HTTP/1.1\r\n\r\n");
    peer->hear_some();
  }
  EXPECT_THAT(ask(**server, kProbe), HasSubstr(" 200 "));
  const Peers idle = connect(**server, 2);
  EXPECT_THAT(ask(**server, kProbe), HasSubstr(" 200 "));
}

TEST(Server, AnswersThatNobodyReadsAreBoundedTogether) {
  const auto pages = [](std::string_view) { return Page{200, "text/plain", big_page()}; };
  auto server = Server::listen("127.0.0.1:0", pages, {.answer_bytes_max = 40u << 20});
  const Peers two = connect(**server, 2);
  for (const auto& peer : two) {
    peer->say("GET /metrics HTTP/1.1\r\n\r\n");
    peer->hear_some();
  }
  EXPECT_LT(two[0]->hear_all().size(), 32u << 20) << "cut off for the newer one";
  EXPECT_GT(two[1]->hear_all().size() + 4096, 32u << 20);
}

TEST(Server, AHeadThatIsNotThereInTimeEndsTheConnection) {
  auto server = Server::listen("127.0.0.1:0", page, {.head = base::Duration{20}});
  const Peer slow((*server)->port());
  slow.say("GET /healthz HTTP/1.1\r\n");
  EXPECT_EQ(slow.hear_all(), "");
  EXPECT_EQ(ServerBounds{}.head, base::Duration{2'000});
}

TEST(Server, SaysWhyItCannotListen) {
  const auto server = start();
  const auto taken = Server::listen("127.0.0.1:" + std::to_string(server->port()), page);
  ASSERT_FALSE(taken.ok());
  EXPECT_THAT(taken.error().message, HasSubstr("Address already in use"));
}

TEST(ListenAddress, IsHostAndPort) {
  EXPECT_EQ(parse_listen_address(":8080")->port, "8080");
  EXPECT_EQ(parse_listen_address("[::1]:80")->host, "::1");
  EXPECT_EQ(parse_listen_address("127.0.0.1:0")->host, "127.0.0.1");
  for (const char* text : {"", "8080", ":", ":x", ":-1", ":65536", "::1:80", "[::1]"}) {
    EXPECT_FALSE(parse_listen_address(text).ok()) << text;
  }
}

}  // namespace
}  // namespace nbkeys::shell
