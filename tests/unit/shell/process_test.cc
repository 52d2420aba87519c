#include "shell/process.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

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

// The whole process but the engine, left alive on purpose: its timers and posted work go on until
// the test program ends.
struct Whole {
  Supervisor supervisor;
  telemetry::Log log;
  telemetry::Metrics metrics{{"1", "lease", "127.0.0.1:1", true}};
  std::unique_ptr<Process> process;

  explicit Whole(io::Severity least) : log(least, telemetry::Format::kText, wall_now) {}
  // Until the core says that it goes; the line that it says then.
  std::string run(Process::Parts parts) {
    process = std::make_unique<Process>(std::move(parts), log, metrics, supervisor);
    process->start();
    return supervisor.wait(base::Duration{1}, []() {}).line;
  }
};

// Lists at the start and whenever the token is another one, until that succeeds; after each failure
// somebody puts `next_token` into the file.
Process::Parts parts_for(const TinyServer& netbird, const std::string& path,
                         std::function<void()> next_token) {
  Process::Parts parts;
  parts.kube = upstream(netbird.port(), Token());
  parts.netbird = upstream(netbird.port(), Token::file(path, "NetBird token file"));
  parts.elects = true;
  parts.core.start = [](base::Now) {
    std::vector<io::Command> out;
    out.push_back(list_keys(1));
    return out;
  };
  parts.core.handle = [next_token](io::Input input, base::Now) {
    std::vector<io::Command> out;
    if (auto* done = std::get_if<io::HttpDone>(&input)) {
      if (done->outcome && done->outcome->status == 200) {
        out.push_back(io::Exit{0, "recovered"});
      } else {
        next_token();
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
  return parts;
}

// Takes only this token.
TinyServer::Script only_for(const std::string& token) {
  return [token](const std::string& seen, const auto&) {
    const bool right = seen.find("Authorization:Token " + token + "\r\n") != std::string::npos;
    return TinyServer::Reply{answer(right ? 200 : 401, "{}")};
  };
}

TEST(Process, RecoversFromARefusedTokenWithoutARestart) {
  ensure_pool();
  TinyServer netbird(only_for("tok-two"));
  const TempFolder folder;
  const std::string path = folder.write("token", "tok-one");
  static auto* whole = new Whole(io::Severity::kError);
  EXPECT_EQ(whole->run(parts_for(netbird, path, [&folder]() { folder.write("token", "tok-two"); })),
            "recovered");
  const auto& process = whole->process;
  EXPECT_EQ(process->page("/healthz").status, 200);
  EXPECT_EQ(process->page("/readyz").body, "ok: standing by\n");
  EXPECT_EQ(process->page("/nope").status, 404);
  const std::string text = process->page("/metrics").body;
  EXPECT_THAT(text, HasSubstr("code=\"401\",method=\"GET\",operation=\"list_keys\""));
  EXPECT_THAT(text, HasSubstr("code=\"200\",method=\"GET\",operation=\"list_keys\""));
  EXPECT_THAT(text, testing::Not(HasSubstr("tok-")));
}

TEST(Process, GoesOnOnceAnEmptyTokenFileIsFilledAndSaysWhatItTookOff) {
  ensure_pool();
  TinyServer netbird(only_for("nbp_two"));
  static const TempFolder folder;  // looked at each second until the end
  const std::string path = folder.write("token", "");
  static auto* whole = new Whole(io::Severity::kWarn);
  testing::internal::CaptureStderr();
  const std::string line =
      whole->run(parts_for(netbird, path, []() { folder.write("token", "Token nbp_two\n"); }));
  whole->log.flush();
  const std::string told = testing::internal::GetCapturedStderr();
  EXPECT_EQ(line, "recovered");
  EXPECT_EQ(netbird.request_count(), 1) << "nothing is asked without a token";
  EXPECT_THAT(told, HasSubstr("is used without what stands around it (the word Token)"));
  EXPECT_THAT(told, testing::Not(HasSubstr("nbp_")));
}

}  // namespace
}  // namespace nbkeys::shell
