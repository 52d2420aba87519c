// How a happening of the plan comes over the world.

#include <algorithm>
#include <array>
#include <utility>

#include "sim/world.h"

namespace nbkeys::sim {
namespace {

using base::Duration;
using fakes::FaultKind;
using fakes::Mishap;

constexpr Duration kArmedFor{600'000};
// Whoever deletes a SetupKey waits out a claim of another replica by the wall clock, so the clocks
// must be about right: two replicas are at most 4 s apart, and none makes a great step while a POST
// is in the air.
constexpr Duration kSkewMax{2'000};
constexpr Duration kClockStepMax{7'200'000};

Duration drawn(std::uint64_t draw, Duration most) {
  const auto range = static_cast<std::uint64_t>(2 * most.count());
  return Duration{static_cast<std::int64_t>(draw / 2 % range) - most.count()};
}

std::string lease_path() {
  return "/apis/coordination.k8s.io/v1/namespaces/nbkeys-system/leases/nbkeys";
}

Mishap down(std::uint64_t number) {
  Mishap out;
  switch (number % 3) {
    case 0: out.fault.kind = FaultKind::kUnreachable; break;
    case 1: out.fault.kind = FaultKind::kDropRequest; break;
    default:
      out.fault.kind = FaultKind::kAnswer;
      out.fault.status = 503;
      out.fault.body = "upstream connect error";
  }
  return out;
}

// An older version than the one asked for: what came since then comes again.
void watch_from_older(io::HttpRequest& request, std::uint64_t back) {
  const std::string name = "resourceVersion=";
  const std::size_t at = request.path.find(name);
  if (at == std::string::npos) return;
  const std::uint64_t version = std::strtoull(request.path.c_str() + at + name.size(), nullptr, 10);
  request.path = request.path.substr(0, at + name.size()) +
                 std::to_string(version > back ? version - back : version);
}

}  // namespace

std::optional<Mishap> World::strike(int replica, const io::HttpRequest& request) {
  const base::Instant now = inside.now().mono;
  const bool netbird = request.server == io::Server::kNetBird;
  if (now < (netbird ? weather.netbird_down_until : weather.kube_down_until)) {
    return down(plan_.seed + static_cast<std::uint64_t>(now.since_start.count()));
  }
  if (netbird && weather.token_revoked) {
    Mishap out;
    out.fault.kind = FaultKind::kAnswer;
    out.fault.status = weather.token_status;
    out.fault.body = R"({"message":"token invalid","code":401})";
    return out;
  }
  std::erase_if(armed_, [now](const Armed& a) { return a.left == 0 || a.until < now; });
  for (Armed& armed : armed_) {
    if (!hits(armed.happening.hits, request)) continue;
    if (armed.skip > 0) {
      --armed.skip;
      continue;
    }
    --armed.left;
    const Kind kind = armed.happening.kind;
    struck(kind);
    say("r" + std::to_string(replica) + " " + std::string(kind_name(kind)) + " #" +
        std::to_string(armed.happening.id) + " hits " +
        std::string(io::method_name(request.method)) + " " + request.path);
    Mishap out = mishap_of(armed.happening, request);
    // A watch is no exchange with an end: what would change its answer ends it instead.
    const bool watch = hits(RequestClass::kWatch, request);
    if (watch && out.fault.kind == FaultKind::kDelay) out.fault.kind = FaultKind::kDropRequest;
    return out;
  }
  return std::nullopt;
}

void World::happen(const Happening& h) {
  say("happens: " + to_text(h));
  if (is_request_fault(h.kind)) {
    armed_.push_back({h, static_cast<int>(h.a / 8 % 3), 1 + static_cast<int>(h.b / 8 % 3),
                      inside.now().mono + kArmedFor});
    return;
  }
  struck(h.kind);
  if (h.kind >= Kind::kGroupAdded) return act_as_person(*this, h);
  if (h.kind >= Kind::kCrash) return happen_to_processes(h);
  watch_trouble(h);
}

void World::watch_trouble(const Happening& h) {
  const int who = replica(h.a);
  switch (h.kind) {
    case Kind::kWatchEnds: return inside.break_watches();
    case Kind::kCompaction:
      inside.kube.set_gone(h.b % 2 == 0 ? fakes::FakeKube::Gone::kHttpStatus
                                        : fakes::FakeKube::Gone::kErrorEvent);
      inside.kube.compact();
      if (h.b % 3 != 0) inside.break_watches();
      return;
    case Kind::kKubePutBack: return put_back(h);
    case Kind::kWatchLag:
      inside.set_watch_lag(who, h.span);
      return later(h.span * 2, [this, who] { inside.set_watch_lag(who, Duration{0}); });
    case Kind::kWatchRepeats:
      return inside.mangle_watch(who, [](std::string lines) { return lines + lines; });
    case Kind::kWatchGarbled:
      return inside.mangle_watch(who, [how = h.b](std::string lines) {
        const char* const rubbish[] = {"{]\n", "{\"type\":\"ADDED\"}\n", "null\n", "{\"type\":7}\n",
                                       "{\"type\":\"ERROR\",\"object\":{\"code\":500}}\n"};
        return how % 2 == 0 ? rubbish[how / 2 % 5] + lines : lines + rubbish[how / 2 % 5];
      });
    case Kind::kWatchCutShort:
      return inside.mangle_watch(who, [this, how = h.b](std::string lines) {
        later(Duration{5}, [this] { inside.break_watches(); });
        return lines.substr(0, how % (lines.size() + 1));
      });
    case Kind::kWatchFromOld: {
      inside.break_watches();
      const auto usual = inside.network;
      inside.network = [this, back = 1 + h.b % 40](int by, const io::HttpRequest& request) {
        auto mishap = strike(by, request);
        if (mishap || !hits(RequestClass::kWatch, request)) return mishap;
        mishap.emplace();
        mishap->rewrite = [back](io::HttpRequest& r) { watch_from_older(r, back); };
        return mishap;
      };
      return later(Duration{5'000}, [this] {
        inside.network = [this](int by, const io::HttpRequest& r) { return strike(by, r); };
      });
    }
    default: return;
  }
}

// etcd is restored from a backup that was made a while before. One in three times the processes do
// not live through it, and with them goes what they remember.
void World::put_back(const Happening& h) {
  auto backup = std::make_shared<const fakes::FakeKube>(inside.kube);
  later(h.span * 3, [this, backup, dies = h.b % 3 == 0] {
    say("etcd is put back");
    if (dies) {
      for (const int each : replicas_) inside.crash(each);
    }
    inside.restore_kube(*backup);
    if (dies) revive();
  });
}

void World::step_clock(std::size_t place, Duration skew) {
  const Duration before = std::exchange(skews_[place], skew);
  inside.step_clock(replicas_[place], skew - before);
}

// All clocks together, as by a wrong time server; only while nothing is in the air (see kSkewMax).
void World::step_clocks(Duration ahead, int tries) {
  if (inside.requests_under_way() > 0) {
    if (tries > 0) later(Duration{200}, [this, ahead, tries] { step_clocks(ahead, tries - 1); });
    return;
  }
  const Duration before = std::exchange(clocks_ahead_, ahead);
  for (const int replica : replicas_) inside.step_clock(replica, ahead - before);
}

// For hours one kind of request fails in one way.
void World::fail_for_long(Happening h) {
  constexpr std::array kManners = {Kind::kServerError, Kind::kForbidden,   Kind::kTooMany,
                                   Kind::kUnreachable, Kind::kDropRequest, Kind::kErrorAfterDone};
  constexpr int kAll = 1'000'000;
  h.kind = kManners[h.b % kManners.size()];
  armed_.push_back({h, 0, kAll, inside.now().mono + h.span});
}

// A request has its effect in the account to which its token belongs, so the token changes while
// none is under way, and no process is halted that would still use the one before.
void World::change_account(bool away, Duration back_in) {
  const bool halted = std::any_of(paused_.begin(), paused_.end(), [](bool each) { return each; });
  if (inside.requests_under_way() > 0 || halted) {
    return later(Duration{200}, [this, away, back_in] { change_account(away, back_in); });
  }
  if (calm_at_last_) return;
  use_account(away);
  if (away) later(back_in, [this] { change_account(false, Duration{0}); });
}

void World::use_account(bool away) {
  away_ = away;
  say(away ? "the token is another account's" : "the token is the first account's");
  for (const int each : replicas_) {
    inside.connect(each, inside.kube, netbird());
    inside.token_changed(each, true);
  }
}

void World::happen_to_processes(const Happening& h) {
  const std::size_t place = h.a % replicas_.size();
  const int who = replicas_[place];
  switch (h.kind) {
    case Kind::kCrash: inside.crash(who); return later(h.span, [this] { revive(); });
    case Kind::kCrashAtCommand:
      inside.crash_at_command(who, 1 + static_cast<int>(h.b / 2 % 12), h.b % 2 == 0);
      return later(h.span + Duration{20'000}, [this] { revive(); });
    case Kind::kPause:
      inside.pause(who);
      paused_[place] = true;
      return later(h.span * 2, [this] { revive(); });
    case Kind::kRestart:
      inside.stop(who);
      return later(h.span + Duration{25'000}, [this] { revive(); });
    case Kind::kClockStep:
      if (h.b % 2 == 0) return step_clocks(drawn(h.b, kClockStepMax), 600);
      return step_clock(place, drawn(h.b, kSkewMax));
    case Kind::kLeaseDeleted: person(io::Server::kKube, io::Method::kDelete, lease_path()); return;
    case Kind::kLeaseStolen:
      person(io::Server::kKube, io::Method::kPatch, lease_path(),
             {{"spec", {{"holderIdentity", h.b % 2 == 0 ? "a stranger" : ""}}}});
      return;
    case Kind::kTokenRevoked: {
      constexpr int kStatuses[] = {401, 404, 403};
      weather.token_revoked = true;
      weather.token_status = kStatuses[h.b % 3];
      return later(h.span * 3, [this] {
        weather.token_revoked = false;
        checks_.ledger().add_secret_text("nbp_" + std::to_string(plan_.seed) + "again" +
                                         std::to_string(++sequence_));
        for (const int each : replicas_) inside.token_changed(each, true);
      });
    }
    case Kind::kNetBirdDown: weather.netbird_down_until = inside.now().mono + h.span * 3; return;
    case Kind::kLastingFault: return fail_for_long(h);
    case Kind::kAnotherAccount: return change_account(true, h.span);
    case Kind::kKubeDown: weather.kube_down_until = inside.now().mono + h.span; return;
    default:
      inside.netbird.set_limiter(6 + static_cast<int>(h.b % 30), 3);
      return later(h.span * 4, [this] { inside.netbird.set_limiter(0, 0); });
  }
}

}  // namespace nbkeys::sim
