#include "shell/process.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>

#include "on_pool.h"
#include "shell/clock.h"
#include "temp_folder.h"
#include "tiny_server.h"

namespace nbkeys::shell {
namespace {

using testing::HasSubstr;

std::unique_ptr<Upstream> upstream(std::uint16_t port, Token token) {
  UpstreamSettings settings;
  settings.name = "a server";
  settings.url = {false, "", "127.0.0.1", port, ""};
  settings.token = std::move(token);
  settings.auth_scheme = "Token";
  return std::move(*Upstream::create(std::move(settings)));
}

io::SendHttp list_keys(io::RequestId id) {
  io::SendHttp out;
  out.id = id;
  out.request.server = io::Server::kNetBird;
  out.request.path = "/api/setup-keys";
  out.request.operation = "list_keys";
  return out;
}

// The whole process but the engine, against a server that takes only the second token.
TEST(Process, RecoversFromARefusedTokenWithoutARestart) {
  ensure_pool();
  TinyServer netbird([](const std::string& seen, const auto&) {
    const bool right = seen.find("Authorization:Token tok-two\r\n") != std::string::npos;
    return TinyServer::Reply{answer(right ? 200 : 401, "{}")};
  });
  const TempFolder folder;
  const std::string path = folder.write("token", "tok-one");
  Process::Parts parts;
  parts.kube = upstream(netbird.port(), Token());
  parts.netbird = upstream(netbird.port(), Token::file(path, "NetBird token file"));
  parts.elects = true;
  parts.core.start = [](base::Now) {
    std::vector<io::Command> out;
    out.push_back(list_keys(1));
    return out;
  };
  parts.core.handle = [&folder](io::Input input, base::Now) {
    std::vector<io::Command> out;
    if (auto* done = std::get_if<io::HttpDone>(&input)) {
      if (done->outcome && done->outcome->status == 200) {
        out.push_back(io::Exit{0, "recovered"});
      } else {
        folder.write("token", "tok-two");
      }
    } else if (auto* changed = std::get_if<io::TokenChanged>(&input)) {
      EXPECT_TRUE(changed->present);
      out.push_back(list_keys(2));
    }
    return out;
  };
  parts.core.health = []() {
    engine::Health health;
    health.synced = true;
    return health;
  };
  parts.core.vitals = [](base::Instant) { return io::Vitals{}; };
  parts.core.each_setup_key = [](const io::SetupKeyVisitor&) {};
  // Left alive on purpose: its timers and posted work go on until the process ends.
  static Supervisor supervisor;
  static telemetry::Log log(io::Severity::kError, telemetry::Format::kText, wall_now);
  static telemetry::Metrics metrics({"1", "lease", "127.0.0.1:1", true});
  static auto* process = new Process(std::move(parts), log, metrics, supervisor);
  process->start();
  EXPECT_EQ(supervisor.wait(base::Duration{1}, []() {}).line, "recovered");
  EXPECT_EQ(process->page("/healthz").status, 200);
  EXPECT_EQ(process->page("/readyz").body, "ok: standing by\n");
  EXPECT_EQ(process->page("/nope").status, 404);
  const std::string text = process->page("/metrics").body;
  EXPECT_THAT(text, HasSubstr("code=\"401\",method=\"GET\",operation=\"list_keys\""));
  EXPECT_THAT(text, HasSubstr("code=\"200\",method=\"GET\",operation=\"list_keys\""));
  EXPECT_THAT(text, testing::Not(HasSubstr("tok-")));
}

}  // namespace
}  // namespace nbkeys::shell
