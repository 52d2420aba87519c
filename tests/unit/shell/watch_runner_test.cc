#include "shell/watch_runner.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <condition_variable>
#include <future>
#include <mutex>

#include "on_pool.h"
#include "tiny_server.h"

namespace nbkeys::shell {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

// Records inputs as words, and lets a test wait for the end or for some bytes.
class Watcher {
 public:
  explicit Watcher(const TinyServer& server, const std::string& host = "127.0.0.1") {
    ensure_pool();
    UpstreamSettings settings;
    settings.name = "the Kubernetes API server";
    settings.url = {false, "", host, server.port(), ""};
    settings.token = std::move(*Token::fixed(base::SecretText(std::string("tok")), "the token"));
    upstream_ = std::move(*Upstream::create(std::move(settings)));
    runner_ = std::make_unique<WatchRunner>(
        *upstream_, WatchRunner::Hooks{[this](io::Input input) { record(std::move(input)); },
                                       [this](const telemetry::Exchange& e) { code_ = e.code; },
                                       [this](io::Server) { ++refused_; }});
  }
  ~Watcher() {
    run_on_pool([]() {});
  }

  void open(base::Duration inactivity_max = base::Duration{5'000}) {
    post([this, inactivity_max]() {
      runner_->open({7, "/api/v1/things?watch=true", "application/json", inactivity_max});
    });
  }
  void close() {
    post([this]() { runner_->close(7); });
  }
  void wait_for_bytes(std::size_t count) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&]() { return bytes_.size() >= count; });
  }
  io::WatchClosed wait_for_end() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&]() { return !closed_.empty(); });
    lock.unlock();
    run_on_pool([]() {});  // a second WatchClosed would have come by now
    EXPECT_EQ(closed_.size(), 1U);
    return closed_.front();
  }
  const std::vector<std::string>& words() const { return words_; }
  const std::string& bytes() const { return bytes_; }
  int refused() const { return refused_; }

 private:
  void record(io::Input input) {
    const std::lock_guard lock(mutex_);
    if (auto* opened = std::get_if<io::WatchOpened>(&input)) {
      words_.push_back("opened " + std::to_string(opened->status));
    } else if (auto* more = std::get_if<io::WatchBytes>(&input)) {
      if (words_.empty() || words_.back() != "bytes") words_.push_back("bytes");
      bytes_ += more->bytes.reveal();
    } else if (auto* closed = std::get_if<io::WatchClosed>(&input)) {
      words_.push_back("closed");
      closed_.push_back(*closed);
    }
    changed_.notify_all();
  }

  std::unique_ptr<Upstream> upstream_;
  std::unique_ptr<WatchRunner> runner_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::string> words_;
  std::string bytes_, code_;
  std::vector<io::WatchClosed> closed_;
  int refused_ = 0;
};

constexpr const char* kStreamHead = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";

TEST(WatchRunner, ReachesAnIpv6Address) {
  if (!TinyServer::has_ipv6()) GTEST_SKIP() << "this machine has no ::1";
  TinyServer server(
      [](const std::string&, const auto&) {
        return TinyServer::Reply{answer(200, "{}"), true};
      },
      nullptr, false, TinyServer::Loopback::kIpv6);
  Watcher watcher(server, "::1");
  watcher.open();
  EXPECT_EQ(watcher.wait_for_end().status, 200);
  EXPECT_THAT(server.requests()[0],
              HasSubstr("\r\nHost:[::1]:" + std::to_string(server.port()) + "\r\n"));
}

TEST(WatchRunner, DeliversAStreamInOrderUntilTheServerEndsIt) {
  TinyServer server([](const std::string&, const auto& send) {
    // Head and first chunk in one packet: the body may be seen before the status is.
    send(kStreamHead + chunk("{\"a\":1}\n{\"b\""));
    send(chunk(":2}\n"));
    return TinyServer::Reply{chunk("")};
  });
  Watcher watcher(server);
  watcher.open();
  const auto closed = watcher.wait_for_end();
  EXPECT_EQ(closed.id, 7U);
  EXPECT_EQ(closed.status, 200);
  EXPECT_EQ(closed.cause, "");
  EXPECT_THAT(watcher.words(), ElementsAre("opened 200", "bytes", "closed"));
  EXPECT_EQ(watcher.bytes(), "{\"a\":1}\n{\"b\":2}\n");
  EXPECT_THAT(server.requests()[0], HasSubstr("Authorization:Bearer tok\r\n"));
}

TEST(WatchRunner, TellsThatAStreamWasCut) {
  TinyServer server([](const std::string&, const auto&) {
    return TinyServer::Reply{kStreamHead + chunk("{}\n"), true};
  });
  Watcher watcher(server);
  watcher.open();
  const auto closed = watcher.wait_for_end();
  EXPECT_EQ(closed.status, 200);
  EXPECT_THAT(closed.cause, HasSubstr("closed the connection"));
  EXPECT_EQ(watcher.bytes(), "{}\n");
}

TEST(WatchRunner, DeliversNoBytesOfARefusalButItsBodyAsCause) {
  const std::string body = "{\"kind\":\"Status\",\"code\":410}";
  TinyServer server([&body](const std::string&, const auto&) {
    return TinyServer::Reply{answer(410, body, "Retry-After: 3\r\n")};
  });
  Watcher watcher(server);
  watcher.open();
  const auto closed = watcher.wait_for_end();
  EXPECT_EQ(closed.status, 410);
  EXPECT_EQ(closed.cause, body);
  EXPECT_EQ(closed.retry_after, base::Duration{3'000});
  EXPECT_THAT(watcher.words(), testing::Not(testing::Contains("bytes")));
}

TEST(WatchRunner, BoundsTheBodyOfARefusal) {
  TinyServer server([](const std::string&, const auto&) {
    return TinyServer::Reply{answer(500, std::string(100'000, 'x'))};
  });
  Watcher watcher(server);
  watcher.open();
  EXPECT_EQ(watcher.wait_for_end().cause.size(), 4096U);
}

TEST(WatchRunner, ClosesWhenAsked) {
  std::promise<void> over;
  auto wait = over.get_future().share();
  TinyServer server([wait](const std::string&, const auto& send) {
    send(kStreamHead + chunk("{}\n"));
    wait.get();
    return TinyServer::Reply{"", true};
  });
  Watcher watcher(server);
  watcher.open();
  watcher.wait_for_bytes(3);
  watcher.close();
  watcher.close();
  EXPECT_EQ(watcher.wait_for_end().cause, "closed by us");
  over.set_value();
}

TEST(WatchRunner, EndsASilentStream) {
  std::promise<void> over;
  auto wait = over.get_future().share();
  TinyServer server([wait](const std::string&, const auto& send) {
    send(kStreamHead + chunk("{}\n"));
    wait.get();
    return TinyServer::Reply{"", true};
  });
  Watcher watcher(server);
  watcher.open(base::Duration{300});
  const auto closed = watcher.wait_for_end();
  EXPECT_THAT(closed.cause, HasSubstr("stopped answering"));
  over.set_value();
}

TEST(WatchRunner, TellsThatNobodyListens) {
  auto server = std::make_unique<TinyServer>(
      [](const std::string&, const auto&) { return TinyServer::Reply{}; });
  Watcher watcher(*server);
  server.reset();
  watcher.open();
  const auto closed = watcher.wait_for_end();
  EXPECT_EQ(closed.status, 0);
  EXPECT_THAT(closed.cause, HasSubstr("cannot connect to 127.0.0.1:"));
  EXPECT_THAT(watcher.words(), ElementsAre("closed"));
}

TEST(WatchRunner, TellsOfARefusedToken) {
  TinyServer server(
      [](const std::string&, const auto&) { return TinyServer::Reply{answer(401, "{}")}; });
  Watcher watcher(server);
  watcher.open();
  EXPECT_EQ(watcher.wait_for_end().status, 401);
  EXPECT_EQ(watcher.refused(), 1);
}

}  // namespace
}  // namespace nbkeys::shell
