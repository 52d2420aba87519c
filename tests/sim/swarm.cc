#include "sim/swarm.h"

#include <algorithm>
#include <array>

namespace nbkeys::sim {
namespace {

using base::Duration;

constexpr int kKinds = static_cast<int>(Kind::kCount);
constexpr Duration kMinute{60'000};
constexpr Duration kDay{86'400'000};

struct LeaseTiming {
  Duration duration, renew_deadline, retry_period;
};
// The product's default and slower ones, as flags allow; the default costs the most events.
constexpr std::array<LeaseTiming, 4> kLeases = {
    {{Duration{15'000}, Duration{10'000}, Duration{2'000}},
     {Duration{60'000}, Duration{40'000}, Duration{5'000}},
     {Duration{60'000}, Duration{40'000}, Duration{5'000}},
     {Duration{30'000}, Duration{20'000}, Duration{5'000}}}};

Settings draw_settings(Draw& draw) {
  Settings out;
  out.slots = 2 + draw.below(6);
  out.namespaces = 1 + draw.below(3);
  out.all_namespaces = draw.chance(40);
  out.requests_per_minute = draw.chance(25) ? 4 + draw.below(40) : 0;
  out.burst = 1 + draw.below(4);
  out.concurrency = draw.chance(25) ? 1 : 8;
  out.resync = draw.chance(60) ? Duration{300'000} : Duration{60'000 + draw.below(240) * 1000};
  const LeaseTiming& timing = kLeases[static_cast<std::size_t>(draw.below(4))];
  out.lease.enabled = true;
  out.lease.name_space = "nbkeys-system";
  out.lease.duration = timing.duration;
  out.lease.renew_deadline = timing.renew_deadline;
  out.lease.retry_period = timing.retry_period;
  return out;
}

// Storms of some minutes with quiet days between them.
std::vector<Window> draw_windows(Draw& draw, const Settings& settings, int days) {
  const bool costly = settings.lease.retry_period < Duration{5'000};
  const int count = std::max(4, (costly ? 12 : 24) * days / 60);
  std::vector<Window> out;
  for (int i = 0; i < count; ++i) {
    Window window;
    // Long enough for a list and what follows from it.
    window.awake =
        settings.resync + kMinute + draw.within(draw.chance(20) ? 20 * kMinute : 4 * kMinute);
    window.sleep = Duration{days * kDay.count() / count};
    window.until_date = draw.chance(60);
    out.push_back(window);
  }
  return out;
}

RequestClass draw_class(Draw& draw) {
  // Half of all faults go where the protocol is at its most delicate.
  constexpr std::array kDelicate = {RequestClass::kCreateKey, RequestClass::kStatus,
                                    RequestClass::kWriteSecret, RequestClass::kChangeKey};
  if (draw.chance(50)) return kDelicate[static_cast<std::size_t>(draw.below(4))];
  return static_cast<RequestClass>(draw.below(static_cast<int>(RequestClass::kCount)));
}

Happening draw_happening(Draw& draw, Kind kind, Duration at) {
  Happening out;
  out.at = at;
  out.kind = kind;
  out.hits = draw_class(draw);
  out.a = draw.next();
  out.b = draw.next();
  out.span = draw.chance(50) ? draw.within(Duration{5'000}) : draw.within(Duration{90'000});
  return out;
}

// Things that meet by chance only once in many years are put together: a fault at one step of an
// issue, something that starts an issue, and something that comes in between or soon after.
void draw_encounter(Draw& draw, const Settings& settings, Duration at,
                    std::vector<Happening>& out) {
  constexpr std::array kFaults = {Kind::kDropAnswer,     Kind::kDropRequest, Kind::kDelayRequest,
                                  Kind::kDelayAnswer,    Kind::kKillBefore,  Kind::kKillAfter,
                                  Kind::kErrorAfterDone, Kind::kTruncated,   Kind::kConflict};
  constexpr std::array kSteps = {RequestClass::kCreateKey, RequestClass::kStatus,
                                 RequestClass::kWriteSecret, RequestClass::kChangeKey};
  constexpr std::array kStarts = {Kind::kRotate, Kind::kEditSettings,  Kind::kSecretDeleted,
                                  Kind::kCreate, Kind::kEditSecretKey, Kind::kRotate};
  constexpr std::array kThen = {Kind::kDelete,        Kind::kRevoke,     Kind::kPause,
                                Kind::kLeaseDeleted,  Kind::kKeyRevoked, Kind::kSecretForeign,
                                Kind::kSecretDeleted, Kind::kCrash,      Kind::kWatchLag,
                                Kind::kRotate,        Kind::kDelete,     Kind::kKeyDeleted};
  const auto one_of = [&draw](const auto& all) { return all[draw.next() % all.size()]; };
  const std::uint64_t slot = draw.next() % static_cast<std::uint64_t>(settings.slots);
  Happening fault = draw_happening(draw, one_of(kFaults), at);
  fault.hits = one_of(kSteps);
  fault.a = fault.a / 24 * 24;  // the first such request is hit
  out.push_back(fault);
  Happening start = draw_happening(draw, one_of(kStarts), at + Duration{10});
  start.a = slot;
  out.push_back(start);
  for (int i = draw.below(3); i >= 0; --i) {
    const Duration gap = draw.within(draw.chance(40) ? Duration{40} : Duration{45'000});
    Happening then = draw_happening(draw, one_of(kThen), at + Duration{10} + gap);
    if (then.kind != Kind::kPause && then.kind != Kind::kCrash) then.a = slot;
    out.push_back(then);
  }
}

// What lasts for hours, among all the rest. By a draw of its own, so that the rest of a seed stays
// what it was.
void draw_lasting(std::uint64_t seed, Duration awake, std::vector<Happening>& out) {
  constexpr std::array kFail = {RequestClass::kCreateKey,    RequestClass::kChangeKey,
                                RequestClass::kListKeys,     RequestClass::kGroups,
                                RequestClass::kStatus,       RequestClass::kFinalizers,
                                RequestClass::kWriteSecret,  RequestClass::kReadSecret,
                                RequestClass::kReadSetupKey, RequestClass::kEvent};
  constexpr Duration kLeast{1'800'000}, kMost{10'800'000};
  Draw draw(base::Random(seed ^ 0x1a57).next());
  for (const Kind kind : {Kind::kLastingFault, Kind::kAnotherAccount}) {
    Happening one = draw_happening(draw, kind, draw.within(awake));
    one.hits = kFail[draw.next() % kFail.size()];
    one.span = kLeast + draw.within(kMost - kLeast);
    if (draw.chance(30)) out.push_back(one);
  }
}

}  // namespace

Duration Plan::awake() const {
  Duration out{0};
  for (const Window& window : windows) out += window.awake;
  return out;
}

Plan draw_plan(std::uint64_t seed, int days) {
  // Twice through the generator, or neighbouring seeds would draw from one shifted sequence.
  Draw draw(base::Random(seed).next());
  Plan out;
  out.seed = seed;
  out.settings = draw_settings(draw);
  out.windows = draw_windows(draw, out.settings, days);
  // The swarm: most seeds have only some kinds of trouble, each at its own rate.
  std::vector<Kind> urn;
  const int share = 15 + draw.below(70);
  for (int i = 0; i < kKinds; ++i) {
    if (lasts(static_cast<Kind>(i))) continue;
    const int weight = draw.chance(share) ? 1 << draw.below(4) : 0;
    urn.insert(urn.end(), static_cast<std::size_t>(weight), static_cast<Kind>(i));
  }
  for (const Kind always : {Kind::kCreate, Kind::kRotate, Kind::kEditSettings}) {
    urn.push_back(always);
  }
  const int most = 4 + draw.below(30);
  const int encounters = draw.chance(70) ? 1 + draw.below(4) : 0;
  Duration begin{0};
  for (const Window& window : out.windows) {
    const int count = draw.below(most);
    // Trouble comes in bunches: that is where two things meet.
    const Duration bunch = draw.within(window.awake);
    for (int i = 0; i < count; ++i) {
      const Kind kind = urn[draw.next() % urn.size()];
      const Duration at =
          draw.chance(50) ? draw.within(window.awake) : bunch + draw.within(Duration{20'000});
      out.happenings.push_back(draw_happening(draw, kind, begin + at));
    }
    for (int i = encounters > 0 ? draw.below(encounters + 1) : 0; i > 0; --i) {
      draw_encounter(draw, out.settings, begin + draw.within(window.awake), out.happenings);
    }
    begin += window.awake;
  }
  draw_lasting(seed, out.awake(), out.happenings);
  std::stable_sort(out.happenings.begin(), out.happenings.end(),
                   [](const Happening& a, const Happening& b) { return a.at < b.at; });
  int id = 0;
  for (Happening& happening : out.happenings) happening.id = ++id;
  return out;
}

}  // namespace nbkeys::sim
