// The whole engine among servers that answer well until the script says otherwise: with other
// bytes, with an error, with nothing, or with a watch that brings anything.

#include <algorithm>
#include <deque>
#include <map>
#include <set>
#include <variant>
#include <vector>

#include "base/hash.h"
#include "base/json.h"
#include "engine/engine.h"
#include "fuzz/small_world.h"
#include "fuzz/target.h"
#include "telemetry/line.h"

namespace nbkeys::fuzz {
namespace {

engine::Options options(bool elects) {
  engine::Options out;
  out.lease.enabled = elects;
  out.lease.name_space = "nbkeys-system";
  out.lease.identity = "pod-a";
  out.seed = 9;
  return out;
}

bool holds_key(std::string_view text) {
  static const std::string kPacked(base::base64_encode(kPlantedKey).reveal());
  return text.find(kPlantedKey) != std::string_view::npos ||
         text.find(kPacked) != std::string_view::npos;
}

class Stage {
 public:
  explicit Stage(std::string_view bytes) : script_(bytes), engine_(options(script_.number() % 2)) {
    take(engine_.start(now_));
  }

  void run() {
    for (int turns = 0; turns < 400 && !script_.empty(); ++turns) turn(script_.number());
    // The servers are honest from here on; whatever it believes now, it must not run wild.
    requests_ = 0;
    const base::Instant end = now_.mono + base::Duration{60'000};
    for (int turns = 0; turns < 600 && now_.mono < end; ++turns) turn(0);
    PROMISE(now_.mono >= end);
    PROMISE(requests_ < 300);
    (void)engine_.health();
    (void)engine_.vitals(now_.mono);
  }

 private:
  void turn(int choice) {
    switch (choice % 12) {
      case 8: return watch_bytes();
      case 9: return close_watch();
      case 10: return give(io::TokenChanged{script_.number() % 4 != 0});
      case 11: return wait(base::Duration{1'000} * (1 << script_.number() % 12));
      default: break;
    }
    if (asked_.empty()) return wait(base::Duration{0});
    io::SendHttp request = std::move(asked_.front());
    asked_.pop_front();
    io::HttpOutcome outcome = answer(request.request, choice % 12);
    give(io::HttpDone{request.id, std::move(outcome)});
  }

  io::HttpOutcome answer(const io::HttpRequest& request, int choice) {
    constexpr int kStatus[] = {200, 201, 400, 401, 403, 404, 409, 410, 422, 429, 500, 503};
    if (choice == 7) {
      constexpr base::ErrorCode kCodes[] = {base::ErrorCode::kUnknown, base::ErrorCode::kTooLarge,
                                            base::ErrorCode::kUnreachable};
      const int how = script_.number();
      if (how % 2 == 0) world_.serve(request);
      return base::Error{kCodes[how % 3], "send", "no answer"};
    }
    if (choice == 6) {
      io::HttpResponse out;
      out.status = kStatus[script_.number() % 12];
      out.retry_after = base::Duration{1'000} * script_.number();
      out.body.append(script_.text_until('\0'));
      return out;
    }
    io::HttpResponse out = world_.serve(request);
    if (choice == 5) {
      out.body = {};
      out.body.append(script_.text_until('\0'));
    } else if (choice == 4) {
      // Part of an honest answer is another one.
      std::string body(out.body.reveal());
      const std::size_t at = std::min(body.size(), std::size_t{4} * script_.number());
      const std::size_t length = script_.number();
      body.replace(at, length, script_.text_until('\0'));
      out.body = base::SecretText(std::move(body));
    }
    return out;
  }

  void watch_bytes() {
    if (watches_.empty()) return;
    const int which = script_.number();
    const auto at = std::next(watches_.begin(), which % static_cast<int>(watches_.size()));
    const io::WatchId id = at->first;
    io::WatchBytes piece{id, {}};
    if (which & 64) piece.bytes.append(world_.event_line(at->second));
    piece.bytes.append(script_.text_until('\0'));
    if (which & 128) piece.bytes.append("\n");
    give(io::WatchOpened{id, 200});
    give(std::move(piece));
  }

  void close_watch() {
    if (watches_.empty()) return;
    const io::WatchId id = watches_.begin()->first;
    watches_.erase(id);
    const int status = script_.number() % 2 == 0 ? 200 : 410;
    give(io::WatchClosed{id, status, std::string(script_.text_until('\0'))});
  }

  void wait(base::Duration at_least) {
    base::Instant to = now_.mono + std::max(at_least, base::Duration{1});
    if (at_least.count() == 0 && timer_) to = std::max(to, *timer_);
    if (!timer_ && at_least.count() == 0) to = to + base::Duration{60'000};
    now_ = {to, now_.wall + (to - now_.mono)};
    if (timer_ && *timer_ <= now_.mono) {
      timer_.reset();
      give(io::TimerFired{});
    }
  }

  void give(io::Input input) { take(engine_.handle(std::move(input), now_)); }

  void take(std::vector<io::Command> commands) {
    PROMISE(commands.size() < 100);
    for (io::Command& command : commands) std::visit([this](auto& c) { carry_out(c); }, command);
  }

  void carry_out(io::SendHttp& send) {
    check_path(send.request.path);
    const bool writes_secret =
        send.request.operation == "create_secret" || send.request.operation == "patch_secret";
    PROMISE(writes_secret || !holds_key(send.request.body.reveal()));
    ++requests_;
    asked_.push_back(std::move(send));
  }
  void carry_out(const io::OpenWatch& open) {
    check_path(open.path);
    watches_[open.id] = open.path.find("/secrets") != std::string::npos;
  }
  void carry_out(const io::CloseWatch& close) { watches_.erase(close.id); }
  void carry_out(const io::SetTimer& timer) { timer_ = timer.at; }
  void carry_out(const io::Note& note) {
    PROMISE(!holds_key(telemetry::format_line(note, now_.wall, telemetry::Format::kText)));
    PROMISE(note.message.size() < 4'000);
  }
  void carry_out(const io::Exit& exit) { PROMISE(!holds_key(exit.line)); }

  // One line of a request, and nothing that leads elsewhere than it says.
  static void check_path(std::string_view path) {
    PROMISE(path.starts_with('/') && path.size() < 8'192);
    PROMISE(std::all_of(path.begin(), path.end(), [](char c) { return c > ' ' && c < 127; }));
    PROMISE(path.find("/../") == std::string_view::npos &&
            path.find("//") == std::string_view::npos);
  }

  Script script_;
  SmallWorld world_;
  engine::Engine engine_;
  base::Now now_{base::Instant{base::Duration{1'000}},
                 base::WallTime{base::Duration{1'795'000'000'000}}};
  std::deque<io::SendHttp> asked_;
  std::map<io::WatchId, bool> watches_;  // true: of Secrets
  std::optional<base::Instant> timer_;
  int requests_ = 0;
};

}  // namespace

FUZZ_TARGET(engine) {
  // Where the script holds the key itself, finding it in a log proves nothing.
  if (bytes.find(kPlantedKey.substr(0, 6)) != std::string_view::npos) return;
  Stage(bytes).run();
}

}  // namespace nbkeys::fuzz
