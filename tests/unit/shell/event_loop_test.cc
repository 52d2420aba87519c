#include "shell/event_loop.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>

#include "on_pool.h"
#include "shell/clock.h"

namespace nbkeys::shell {
namespace {

using testing::ElementsAre;

// Answers each request by a loop-back of its own, and writes down what happens in which order.
struct World {
  std::vector<std::string> log;
  std::promise<io::Exit> exit;
  std::function<std::vector<io::Command>(io::Input)> react;
  std::unique_ptr<EventLoop> loop;
  bool handling = false;

  explicit World(std::vector<io::Command> (*start)(base::Now)) {
    ensure_pool();
    Core core;
    core.start = start;
    core.handle = [this](io::Input input, base::Now) {
      EXPECT_FALSE(handling) << "handled within itself";
      handling = true;
      auto commands = react(std::move(input));
      handling = false;
      return commands;
    };
    core.health = []() { return engine::Health{}; };
    Hands hands;
    hands.send = [this](io::SendHttp send) {
      log.push_back("send " + std::to_string(send.id));
      loop->put(io::HttpDone{send.id, base::Error{}});
      log.push_back("sent");
    };
    hands.open_watch = [this](const io::OpenWatch&) { log.push_back("open"); };
    hands.close_watch = [this](io::WatchId) { log.push_back("close"); };
    hands.note = [this](const io::Note& note) { log.push_back(note.event); };
    hands.turned = [](const engine::Health&) {};
    hands.exit = [this](io::Exit said) { exit.set_value(std::move(said)); };
    loop = std::make_unique<EventLoop>(std::move(core), std::move(hands));
  }
};

std::vector<io::Command> one_request(base::Now) {
  std::vector<io::Command> out;
  out.push_back(io::SendHttp{1, {}});
  out.push_back(io::OpenWatch{2, "/", "", base::Duration{1}});
  out.push_back(io::CloseWatch{2});
  return out;
}

TEST(EventLoop, CarriesCommandsOutInOrderAndNeverWithinAnInput) {
  World world(one_request);
  world.react = [](io::Input input) {
    std::vector<io::Command> out;
    EXPECT_EQ(std::get<io::HttpDone>(input).id, 1U);
    out.push_back(io::Note{io::Severity::kInfo, "done", ""});
    out.push_back(io::Exit{3, "enough"});
    return out;
  };
  world.loop->start();
  const io::Exit exit = world.exit.get_future().get();
  EXPECT_EQ(exit.code, 3);
  EXPECT_EQ(exit.line, "enough");
  EXPECT_THAT(world.log, ElementsAre("send 1", "sent", "open", "close", "done"));
}

TEST(EventLoop, HandlesNothingAfterTheEnd) {
  World world([](base::Now) { return std::vector<io::Command>{}; });
  int inputs = 0;
  world.react = [&inputs](io::Input) {
    ++inputs;
    std::vector<io::Command> out;
    out.push_back(io::Exit{0, ""});
    return out;
  };
  world.loop->put(io::Stop{});
  world.loop->put(io::TokenChanged{true});
  world.exit.get_future().get();
  run_on_pool([]() {});
  EXPECT_EQ(inputs, 1);
}

TEST(EventLoop, KeepsOnlyTheLastTimer) {
  World world([](base::Now now) {
    std::vector<io::Command> out;
    out.push_back(io::SetTimer{now.mono + base::Duration{0}});
    out.push_back(io::SetTimer{now.mono + base::Duration{60'000}});
    out.push_back(io::SetTimer{now.mono + base::Duration{20}});
    return out;
  });
  const base::Instant begun = mono_now();
  world.react = [](io::Input input) {
    EXPECT_TRUE(std::holds_alternative<io::TimerFired>(input));
    std::vector<io::Command> out;
    out.push_back(io::Exit{0, ""});
    return out;
  };
  world.loop->start();
  world.exit.get_future().get();
  EXPECT_GE(mono_now() - begun, base::Duration{20});
}

}  // namespace
}  // namespace nbkeys::shell
