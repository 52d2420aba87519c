#include "shell/event_loop.h"

#include <memory>
#include <utility>
#include <variant>

#include "shell/clock.h"

namespace nbkeys::shell {

EventLoop::EventLoop(Core core, Hands hands) : core_(std::move(core)), hands_(std::move(hands)) {}

void EventLoop::start() {
  post([this]() { carry_out(core_.start(now())); });
}

void EventLoop::put(io::Input input) {
  // Inputs move only, and what is posted must be copyable.
  post([this, held = std::make_shared<io::Input>(std::move(input))]() { turn(std::move(*held)); });
}

void EventLoop::turn(io::Input input) {
  if (over_) return;
  carry_out(core_.handle(std::move(input), now()));
}

void EventLoop::carry_out(std::vector<io::Command> commands) {
  hands_.turned(core_.health());
  for (io::Command& command : commands) {
    std::visit(base::overloaded{
                   [this](io::SendHttp& send) { hands_.send(std::move(send)); },
                   [this](io::OpenWatch& open) { hands_.open_watch(std::move(open)); },
                   [this](io::CloseWatch& close) { hands_.close_watch(close.id); },
                   [this](io::SetTimer& set) {
                     timer_.set(set.at - mono_now(), [this]() { turn(io::TimerFired{}); });
                   },
                   [this](io::Note& note) { hands_.note(note); },
                   [this](io::Exit& exit) {
                     if (!std::exchange(over_, true)) hands_.exit(std::move(exit));
                   },
               },
               command);
  }
}

}  // namespace nbkeys::shell
