#include "sim/world.h"

#include <algorithm>
#include <exception>

#include "telemetry/line.h"

namespace nbkeys::sim {
namespace {

using base::Duration;

constexpr Duration kSecond{1'000};
constexpr Duration kMinute{60'000};
// Back-offs reach 15 minutes, Retry-After 10.
constexpr Duration kRestLimit{7'200'000};
constexpr Duration kWrongClock{2 * 7'200'000};
constexpr Duration kQuiet{3'600'000};

std::string hex(std::uint64_t value) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string out;
  for (int shift = 60; shift >= 0; shift -= 4) out += kDigits[value >> shift & 15u];
  return out;
}

}  // namespace

World::World(const Plan& plan, const RunOptions& options)
    : inside(plan.seed), other_netbird_(plan.seed ^ 0xacc0), plan_(plan), options_(options) {
  inside.keep_no_records();
  inside.witness = this;
  inside.network = [this](int replica, const io::HttpRequest& request) {
    return strike(replica, request);
  };
  inside.kube.store().listen(
      [this](const std::string& resource, const fakes::Object& before, const fakes::Object& after) {
        checks_.storing(inside.now(), inside.serving(), resource, before, after);
      });
}

void World::say(const std::string& text) {
  const base::Now now = inside.now();
  digest_.add(now.mono.since_start.count());
  digest_.add(text);
  if (!options_.keeps_trace) return;
  out_.trace += "+" + std::to_string(now.mono.since_start.count()) + "ms " +
                base::format_rfc3339(now.wall) + " " + text + "\n";
}

void World::sent(int replica, const io::HttpRequest& request) {
  checks_.sent({inside.now(), replica, request, inside.now(replica).wall, netbird().account_id()});
}

void World::applied(int replica, const io::HttpRequest& request, const io::HttpResponse& response) {
  ++out_.requests;
  const bool read = request.method == io::Method::kGet;
  const bool lease = request.operation.ends_with("_lease");
  if (calm_ && !read && !lease) {
    const std::string line = std::string(io::method_name(request.method)) + " " + request.path;
    const bool excused = std::any_of(excused_.begin(), excused_.end(), [&](const auto& part) {
      return line.find(part) != std::string::npos ||
             request.body.reveal().find(part) != std::string_view::npos;
    });
    if (!excused && writes_++ == 0) first_write_ = line;
  }
  {
    say("r" + std::to_string(replica) + " " + std::string(io::method_name(request.method)) + " " +
        request.path + " " + std::to_string(response.status));
    digest_.add(request.body.reveal());
  }
  checks_.applied(
      {inside.now(), replica, request, inside.now(replica).wall, netbird().account_id()}, response);
}

void World::noted(int replica, const io::Note& note) {
  const std::string line =
      telemetry::format_line(note, inside.now(replica).wall, telemetry::Format::kText);
  say("r" + std::to_string(replica) + " log " + line.substr(25));
  checks_.noted(line);
  const auto& keys = checks_.ledger().secrets_ever();
  if (!options_.canary || canary_sang_ || keys.size() < 3) return;
  canary_sang_ = true;
  checks_.noted(line + " key=" + keys.back());
}

Json World::person(io::Server server, io::Method method, const std::string& path, const Json& body,
                   const std::string& content_type) {
  io::HttpRequest request;
  request.server = server;
  request.method = method;
  request.path = path;
  request.content_type = content_type;
  if (!body.is_null()) request.body = base::SecretText(body.dump());
  const bool kube = server == io::Server::kKube;
  const io::HttpResponse response = kube ? inside.kube.handle(request, inside.now())
                                         : inside.netbird.handle(request, inside.now());
  say("person " + std::string(io::method_name(method)) + " " + path + " " +
      std::to_string(response.status) + " " + (body.is_null() ? "" : body.dump()));
  checks_.applied({inside.now(), kPerson, request, inside.now().wall, inside.netbird.account_id()},
                  response);
  if (kube) inside.changed();
  const bool bad_plan = kube && (response.status == 400 || response.status == 422);
  if (bad_plan)
    checks_.report("plan", "no person can do this: " + std::string(response.body.reveal()));
  return Json::parse(response.body.reveal());
}

void World::later(Duration in, std::function<void()> what) {
  due_.push_back({inside.now().mono + in, ++sequence_, std::move(what)});
  std::push_heap(due_.begin(), due_.end());
}

void World::build() {
  for (int i = 0; i < plan_.settings.namespaces; ++i) {
    person(io::Server::kKube, io::Method::kPost, "/api/v1/namespaces",
           {{"apiVersion", "v1"},
            {"kind", "Namespace"},
            {"metadata", {{"name", "team-" + std::to_string(i)}}}},
           "application/json");
  }
  for (const char* group : {"phones", "laptops", "servers", "guests"}) {
    inside.netbird.add_group(group);
    other_netbird_.add_group(group);
  }
  checks_.ledger().set_home(inside.netbird.account_id());
  for (int i = 0; i < plan_.settings.slots; ++i) {
    slots_.push_back(
        {"team-" + std::to_string(i % plan_.settings.namespaces), "key-" + std::to_string(i)});
  }
  Draw draw(plan_.seed ^ 0xb0117);
  for (const Slot& slot : slots_) create_setup_key(*this, slot, draw.next());
  checks_.ledger().add_secret_text("nbp_" + hex(draw.next()) + hex(draw.next()));
  for (std::size_t i = 0; i < replicas_.size(); ++i) start_replica(i);
}

void World::start_replica(std::size_t place) {
  engine::Options options;
  const Settings& s = plan_.settings;
  if (!s.all_namespaces) {
    for (int i = 0; i < s.namespaces; ++i) {
      options.watch_namespaces.push_back("team-" + std::to_string(i));
    }
  }
  options.resync = s.resync;
  options.concurrency = s.concurrency;
  options.lease = s.lease;
  options.lease.identity = "replica-" + std::to_string(place) + "-" + std::to_string(++starts_);
  options.account.requests_per_minute = s.requests_per_minute;
  options.account.burst = s.burst;
  options.seed = plan_.seed * 1'000 + static_cast<std::uint64_t>(starts_);
  paused_[place] = false;
  replicas_[place] = inside.start_operator(std::move(options), clocks_ahead_ + skews_[place]);
  inside.connect(replicas_[place], inside.kube, netbird());
  say("start of replica " + std::to_string(place));
}

void World::revive() {
  for (std::size_t i = 0; i < replicas_.size(); ++i) {
    if (paused_[i]) inside.resume(replicas_[i]);
    paused_[i] = false;
    if (!inside.running(replicas_[i])) start_replica(i);
  }
}

void World::live_until(base::Instant until) {
  while (!failed()) {
    base::Instant next = until;
    if (next_ < plan_.happenings.size()) {
      next = std::min(next, base::Instant{plan_.happenings[next_].at});
    }
    if (!due_.empty()) next = std::min(next, due_.front().at);
    const base::Instant now = inside.now().mono;
    if (next > now) {
      // In pieces, so that a finding ends the run soon.
      inside.advance(std::min(next - now, kMinute));
      continue;
    }
    if (!due_.empty() && due_.front().at <= now) {
      std::pop_heap(due_.begin(), due_.end());
      const auto what = std::move(due_.back().what);
      due_.pop_back();
      what();
    } else if (next_ < plan_.happenings.size() && plan_.happenings[next_].at <= now.since_start) {
      const Happening& happening = plan_.happenings[next_++];
      if (!options_.suppressed.contains(happening.id)) happen(happening);
    } else {
      return;
    }
  }
}

// Machines sleep only while no request is under way: a POST in the air does not sleep along.
void World::sleep(const Window& window, Duration& saved) {
  for (int i = 0; i < 600 && inside.requests_under_way() > 0; ++i) {
    live_until(inside.now().mono + Duration{200});
  }
  if (inside.requests_under_way() > 0 || failed()) return;
  const base::WallTime now = inside.now().wall;
  Duration length = window.sleep + saved;
  const Duration full = length;
  if (window.until_date) {
    const auto date = next_date(checks_.ledger(), now + 4 * kMinute);
    if (date) length = std::min(length, *date - now - 2 * kMinute);
  }
  saved = full - length;
  inside.sleep(length);
  say("sleep of " + std::to_string(length / kSecond) + " s");
}

// What metrics would show is searched as well.
void World::scrape() {
  for (const int replica : replicas_) {
    const engine::Engine* engine = inside.engine(replica);
    if (engine == nullptr) continue;
    const engine::Health health = engine->health();
    const io::Vitals vitals = engine->vitals(inside.now().mono);
    if (health.setup_keys != vitals.setup_keys) checks_.report("metrics", "two counts differ");
    engine->each_setup_key([this](const io::SetupKeyFacts& facts) {
      for (const std::string_view text :
           {facts.name_space, facts.name, facts.type, facts.state, facts.secret, facts.reason}) {
        checks_.noted(std::string(text));
      }
    });
  }
}

void World::storm() {
  base::Instant end = inside.now().mono;
  Duration saved{0};
  for (const Window& window : plan_.windows) {
    end = end + window.awake;
    live_until(end);
    if (failed()) return;
    scrape();
    sleep(window, saved);
  }
  // What the storm began ends by itself: outages, restarts, second thoughts of users.
  next_ = plan_.happenings.size();
  live_until(inside.now().mono + 4 * kMinute);
}

// Back to the account in which most keys live.
void World::come_home() {
  calm_at_last_ = true;
  for (int i = 0; away_ && inside.requests_under_way() > 0 && i < 600; ++i) {
    live_until(inside.now().mono + Duration{200});
  }
  if (away_) use_account(false);
}

void World::make_peace() {
  armed_.clear();
  weather = Weather{};
  skews_ = {};
  clocks_ahead_ = Duration{0};
  inside.netbird.set_limiter(0, 0);
  revive();
  come_home();
  for (const int replica : replicas_) {
    inside.crash_at_command(replica, 0, false);
    inside.set_watch_lag(replica, Duration{0});
    inside.mangle_watch(replica, nullptr);
    inside.step_clock(replica, inside.now().wall - inside.now(replica).wall);
    inside.token_changed(replica, true);
  }
  leave_in_peace(*this);
  say("peace");
}

void World::expect_rest() {
  std::string wrong;
  for (Duration waited{0}; waited < kRestLimit && !failed(); waited += kMinute / 2) {
    live_until(inside.now().mono + kMinute / 2);
    wrong = wrong_at_rest(checks_.ledger(), inside.netbird.keys(inside.now()),
                          inside.netbird.groups(), inside.now().wall);
    if (wrong.empty()) return;
    // What waits for a time that a wrong clock wrote waits until it has come.
    if (waited == kRestLimit / 4 && inside.requests_under_way() == 0) inside.sleep(kWrongClock);
  }
  if (!failed()) checks_.report("rest", wrong);
}

// An hour in which nothing is due and nothing is written.
void World::expect_quiet() {
  // By then two lists have told everybody of what is there.
  live_until(inside.now().mono + plan_.settings.resync * 11 / 10 + 2 * kMinute);
  excused_ = with_dates(checks_.ledger(), inside.now(), kQuiet);
  calm_ = true;
  live_until(inside.now().mono + kQuiet);
  calm_ = false;
  if (failed()) return;
  if (writes_ > 0) {
    checks_.report("quiet", std::to_string(writes_) + " writes in an hour in which nothing was " +
                                "due, the first: " + first_write_);
    return;
  }
  const std::string wrong = wrong_at_rest(checks_.ledger(), inside.netbird.keys(inside.now()),
                                          inside.netbird.groups(), inside.now().wall);
  if (!wrong.empty() && excused_.empty()) checks_.report("rest", "an hour later " + wrong);
}

Outcome World::run() {
  const base::WallTime began = inside.now().wall;
  try {
    build();
    storm();
    if (!failed()) make_peace();
    if (!failed()) expect_rest();
    if (!failed()) expect_quiet();
  } catch (const std::exception& error) {
    checks_.report("progress", error.what());
  }
  out_.findings = checks_.findings();
  for (const Finding& finding : out_.findings)
    say("FINDING " + finding.checker + ": " + finding.text);
  out_.digest = digest_.value();
  out_.faults = faults_;
  out_.keys_issued = checks_.ledger().keys().size();
  out_.awake = inside.now().mono.since_start;
  out_.wall = inside.now().wall - began;
  return std::move(out_);
}

Outcome run(const Plan& plan, const RunOptions& options) { return World(plan, options).run(); }

}  // namespace nbkeys::sim
