#include "engine/engine.h"

#include <algorithm>
#include <map>
#include <set>

#include "base/random.h"
#include "engine/act.h"
#include "engine/collections.h"
#include "engine/decide.h"
#include "engine/observe.h"
#include "engine/outcome.h"
#include "engine/pace.h"
#include "engine/queue.h"
#include "engine/survey.h"
#include "engine/tell.h"
#include "engine/world.h"
#include "io/outbox.h"
#include "kube/lease.h"
#include "kube/ticket_word.h"

namespace nbkeys::engine {
namespace {

// After Stop: how long requests under way may take before the process ends all the same.
constexpr base::Duration kStopPatience{20'000};
// A list that cannot be had does not hold up all else for longer.
constexpr base::Duration kOneHistoryWithin{60'000};

kube::LeaseSettings lease_settings(const LeaseOptions& o) {
  return {{o.name_space, o.name}, o.identity, o.duration, o.renew_deadline, o.retry_period};
}

struct Collected {
  std::unique_ptr<kube::WatchSink> sink;
  std::unique_ptr<kube::Watch> watch;
};

struct InFlight {
  Pending pending;
  std::optional<kube::Event> event;
  kube::Meta about;          // where there is an event: the SetupKey may be gone when it is told
  std::string issue_reason;  // of a claim that this write closes
  base::Instant since;
};

}  // namespace

struct Engine::State {
  explicit State(Options started_with)
      : options(std::move(started_with)),
        world(options),
        lease(lease_settings(options.lease), options.seed ^ 0x1ea5e),
        tickets(options.seed ^ 0x71c8e7) {}

  void start(base::Now now);
  void take(io::Input input, base::Now now);
  void http_done(io::HttpDone done, base::Now now);
  void turn(base::Now now);
  void step(const kube::ObjectRef& ref, base::Now now);
  void carry_out(Decision decision, const Observed& o, const std::string& owner);
  kube::TicketWord ticket_word() {
    return kube::TicketWord::of(options.draw_ticket ? options.draw_ticket() : tickets.next());
  }
  void send(const Action& action, InFlight entry, const Observed& o, const std::string& owner);
  bool keeps_pace(const Action& action, const Flight& flight, const kube::ObjectRef& ref,
                  base::Now now);
  bool may_go(const Decision& decision, Flight& flight, const kube::ObjectRef& ref, base::Now now);
  bool may_spend(const Decision& decision, Flight& flight, const kube::ObjectRef& ref,
                 base::Now now);
  void call_waiting(base::Now now);
  void take_failure(const Pending& pending, const base::Error& error, base::Now now);
  void take_success(const Pending& pending);
  void begin_term(base::Now now);
  void answered(InFlight done, io::HttpOutcome outcome, base::Now now);
  void rested(const kube::SetupKey& resource, Flight& flight, bool until_known);
  io::Vitals vitals(base::Instant now) const;
  void tell_done(const InFlight& done, base::Now now);
  void follow_leadership(base::Now now);
  void doubt_history(base::Now now);
  void history_went_back(const kube::Watch& seen_by, base::Now now);
  bool between_histories(base::Instant now);
  void reconsider_all();
  void set_timer(base::Now now);
  void stop_if_drained(base::Now now);
  // Requests of SetupKeys under way at Kubernetes; NetBird's are bounded by its gate.
  std::size_t limit() const { return static_cast<std::size_t>(std::max(1, options.concurrency)); }
  bool leading(base::Instant now) const { return !options.lease.enabled || lease.leading(now); }
  bool synced() const {
    return !collections.empty() &&
           std::all_of(collections.begin(), collections.end(),
                       [](const Collected& c) { return c.watch->synced(); });
  }

  Options options;
  World world;
  kube::Lease lease;
  base::Random tickets;
  std::vector<Collected> collections;
  Queue queue;
  std::map<io::RequestId, InFlight> in_flight;
  std::size_t at_kube = 0;              // of those; the rest are at NetBird, counted by its gate
  std::multiset<kube::ObjectRef> busy;  // once for each request that is under way
  Teller teller;
  io::Turns turns;
  io::Outbox out;
  bool was_leading = false;
  std::optional<base::Instant> put_back_at;  // the API server's state, until all of it is known
  bool was_synced = false;
  std::optional<base::Instant> stopping_since;
  bool release_sent = false;
  bool exited = false;
  std::optional<base::Instant> timer;
};

void Engine::State::start(base::Now now) {
  queue.set_now(now.mono);
  world.clock.note(now);
  std::vector<std::string> scopes = options.watch_namespaces;
  if (scopes.empty()) scopes.emplace_back();
  std::uint64_t seed = options.seed;
  const auto touch = [this](const kube::ObjectRef& ref) {
    if (!busy.contains(ref)) world.setup_keys.close(ref);
    // A replica that does not act looks at all of them once it does.
    if (was_leading) queue.push(ref);
  };
  for (const std::string& scope : scopes) {
    Collected keys, secrets;
    keys.sink = std::make_unique<SetupKeySink>(scope, world, touch);
    keys.watch = std::make_unique<kube::Watch>(
        kube::Collection{kube::Collection::Resource::kSetupKeys, scope}, *keys.sink, ++seed);
    secrets.sink = std::make_unique<SecretSink>(scope, world, touch);
    secrets.watch = std::make_unique<kube::Watch>(
        kube::Collection{kube::Collection::Resource::kSecrets, scope}, *secrets.sink, ++seed);
    collections.push_back(std::move(keys));
    collections.push_back(std::move(secrets));
  }
  for (Collected& c : collections) c.watch->start(out);
  turn(now);
}

void Engine::State::take(io::Input input, base::Now now) {
  queue.set_now(now.mono);
  world.clock.note(now);
  std::visit(base::overloaded{
                 [&](io::HttpDone& done) { http_done(std::move(done), now); },
                 [&](const io::WatchOpened& opened) {
                   for (Collected& c : collections) c.watch->handle(opened, now.mono);
                 },
                 [&](const io::WatchBytes& bytes) {
                   for (Collected& c : collections) c.watch->handle(bytes, now.mono, out);
                 },
                 [&](const io::WatchClosed& closed) {
                   for (Collected& c : collections) c.watch->handle(closed, now.mono, out);
                 },
                 [&](const io::TimerFired&) { timer.reset(); },
                 [&](const io::TokenChanged& changed) {
                   if (changed.present) world.account.token_changed(now.mono);
                 },
                 [&](const io::Stop&) {
                   if (stopping_since) return;
                   stopping_since = now.mono;
                   out.note(io::Severity::kInfo, "stopping", "finishing what is in flight");
                 },
             },
             input);
  turn(now);
}

void Engine::State::http_done(io::HttpDone done, base::Now now) {
  if (const auto found = in_flight.find(done.id); found != in_flight.end()) {
    InFlight finished = std::move(found->second);
    in_flight.erase(found);
    answered(std::move(finished), std::move(done.outcome), now);
    return;
  }
  if (teller.answered(done.id)) return;
  if (lease.handle(done, now, out)) {
    if (lease.take_went_back()) doubt_history(now);
    return;
  }
  Account::News news = Account::News::kNone;
  if (world.account.handle(done, now, out, news)) {
    if (news == Account::News::kReconsiderAll) reconsider_all();
    return;
  }
  for (Collected& c : collections) {
    if (c.watch->handle(done, now.mono, out)) return;
  }
}

void Engine::State::answered(InFlight done, io::HttpOutcome outcome, base::Now now) {
  busy.erase(busy.find(done.pending.ref));
  if (traits_of(done.pending.action).server == io::Server::kNetBird) {
    world.account_named(account_of(done.pending.action)).gate().answered();
  } else {
    --at_kube;
  }
  const Effect effect = apply_answer(done.pending, std::move(outcome), now, world, out);
  turns.took.add(now.mono - done.since);
  ++(effect.done ? turns.requeue : turns.error);
  if (effect.done) tell_done(done, now);
  if (effect.failed) take_failure(done.pending, *effect.failed, now);
  if (effect.done) take_success(done.pending);
  if (effect.reconsider_all) reconsider_all();
  if (effect.behind) doubt_history(now);
  // Who failed goes behind the others.
  if (effect.failed) {
    queue.push(done.pending.ref);
  } else {
    queue.push_front(done.pending.ref);
  }
}

// One line for each cause, however many SetupKeys meet it.
void Engine::State::take_failure(const Pending& pending, const base::Error& error, base::Now now) {
  const Outcome outcome = outcome_of(error, traits_of(pending.action).server);
  const bool one_namespace =
      outcome == Outcome::kRefusedForGood || outcome == Outcome::kRefusedForNow;
  const bool stale = outcome == Outcome::kStale;
  const Pace::Scope scope = one_namespace
                                ? Pace::of_namespace(pending.action, pending.ref.name_space)
                                : Pace::of_server(pending.action);
  const bool news = !stale && world.pace.failed(scope, now.mono);
  out.note(news ? io::Severity::kWarn : io::Severity::kDebug, "call_failed", base::to_text(error),
           {{"namespace", pending.ref.name_space},
            {"name", pending.ref.name},
            {"code", std::string(base::code_name(error.code))}});
}

void Engine::State::take_success(const Pending& pending) {
  // A dry run that passes proves little: the next write does.
  if (world.pace.calm() || std::holds_alternative<TryWritingSecret>(pending.action)) return;
  for (const auto& scope : {Pace::of_namespace(pending.action, pending.ref.name_space),
                            Pace::of_server(pending.action)}) {
    for (const kube::ObjectRef& ref : world.pace.worked(scope)) queue.push(ref);
  }
}

void Engine::State::tell_done(const InFlight& done, base::Now now) {
  if (!done.event) return;
  const bool news = teller.tell(done.about, *done.event, now);
  const std::vector<std::pair<std::string, std::string>> fields = {
      {"namespace", done.pending.ref.name_space},
      {"name", done.pending.ref.name},
      {"reason", done.issue_reason}};
  const io::Severity severity = done.event->warning ? io::Severity::kWarn : io::Severity::kInfo;
  // Once for each cause, as its Event.
  out.note(news ? severity : io::Severity::kDebug, log_event_of(done.event->reason),
           done.event->message, fields);
}

void Engine::State::reconsider_all() {
  world.setup_keys.each_ref([this](const kube::ObjectRef& ref) { queue.push(ref); });
}

// Only a list tells whether the API server's state was put back.
void Engine::State::doubt_history(base::Now now) {
  for (Collected& c : collections) c.watch->doubt(now.mono);
}

// All collections have one history, and not each of them need show it.
void Engine::State::history_went_back(const kube::Watch& seen_by, base::Now now) {
  for (Collected& c : collections) {
    if (c.watch.get() != &seen_by) c.watch->put_back(now.mono);
  }
  if (!put_back_at) put_back_at = now.mono;
  for (auto& entry : world.flights) entry.second.forget_history();
  for (auto& entry : in_flight) entry.second.pending.same_history = false;
}

// Until each collection has been listed anew some show the state that was put back and others the
// one before, and what follows from both together is wrong.
bool Engine::State::between_histories(base::Instant now) {
  if (!put_back_at) return false;
  const bool any = std::any_of(collections.begin(), collections.end(), [](const Collected& c) {
    return c.watch->between_histories() && !c.watch->problem();
  });
  if (!any || now - *put_back_at > kOneHistoryWithin) put_back_at.reset();
  return put_back_at.has_value();
}

void Engine::State::follow_leadership(base::Now now) {
  if (options.lease.enabled && !stopping_since) lease.tick(now, out);
  const bool lead = leading(now.mono) && synced();
  if (lead == was_leading) return;
  was_leading = lead;
  world.flights.clear();
  world.pace.clear();
  for (auto& entry : in_flight) entry.second.pending.same_term = false;
  if (lead) {
    begin_term(now);
  } else {
    queue.clear();
    out.note(io::Severity::kWarn, "not_leading", "this replica no longer acts");
  }
}

void Engine::State::begin_term(base::Now now) {
  world.account.begin_term(now.mono);
  world.account.repairs().set_setup_keys(world.setup_keys.size());
  world.setup_keys.each([&](const kube::SetupKey& resource) {
    settle_flight(resource, now.mono, world.flights[resource.meta.ref]);
    // What was repaired before this process began counts: a restart lets nobody off.
    const auto& last = resource.status.repairs.last_time;
    const base::Duration ago = last ? now.wall - *last : Repairs::kHour;
    if (ago >= base::Duration{0} && ago < Repairs::kHour) {
      world.account.repairs().made(now.mono + -ago);
    }
  });
  reconsider_all();
  out.note(io::Severity::kInfo, "leading", "this replica acts",
           {{"setupkeys", std::to_string(world.setup_keys.size())}});
}

void Engine::State::turn(base::Now now) {
  if (exited) return;
  for (Collected& c : collections) {
    if (c.watch->take_went_back()) history_went_back(*c.watch, now);
    c.watch->tick(now.mono, out);
    if (const auto line = fatal_line(*c.watch)) {
      exited = true;
      out.put(io::Exit{1, *line});
      return;
    }
  }
  if (!was_synced && synced()) {
    was_synced = true;
    out.note(io::Severity::kInfo, "synced", "SetupKeys and Secrets are known",
             {{"setupkeys", std::to_string(world.setup_keys.size())},
              {"secrets", std::to_string(world.secrets.size())}});
  }
  follow_leadership(now);
  if (was_leading) {
    if (!stopping_since && world.account.tick(now, out) == Account::News::kReconsiderAll) {
      reconsider_all();
    }
    world.account.repairs().set_setup_keys(world.setup_keys.size());
    for (const kube::ObjectRef& ref : world.pace.call(now.mono)) queue.push(ref);
    call_waiting(now);
    while (!between_histories(now.mono) && at_kube < limit()) {
      const auto ref = queue.pop(now.mono);
      if (!ref) break;
      turns.waited.add(queue.last_wait());
      step(*ref, now);
      call_waiting(now);
    }
    // A list that was asked for just now should not wait for the next input.
    if (!stopping_since) world.account.tick(now, out);
  }
  teller.send(queue.has_ready(), out);
  stop_if_drained(now);
  set_timer(now);
}

// Whose call the account takes next goes before all others.
void Engine::State::call_waiting(base::Now now) {
  if (const auto ref = world.account.gate().call(now.mono)) queue.push_front(*ref);
}

void Engine::State::step(const kube::ObjectRef& ref, base::Now now) {
  if (busy.contains(ref)) return;  // its answer gives it the next turn
  const kube::SetupKey* resource = world.setup_keys.find(ref);
  if (resource == nullptr) {
    queue.forget(ref);
    world.account.gate().leave(ref);
    return;
  }
  Flight& flight = world.flights[ref];
  settle_flight(*resource, now.mono, flight);
  // While stopping only keys in hand are brought home.
  if (stopping_since && !flight.held) return;
  const std::string owner = world.owner_of(resource->meta.uid);
  const Observed o = observe(world, *resource, flight, owner, now);
  for (const kube::GroupRef& group : resource->spec.auto_groups) {
    if (!group.name.empty()) world.account.note_group_names_in_use();
  }
  const Decision decision = decide(o);
  if (decision.wants_list) world.account.want_list(now.mono, *decision.wants_list);
  if (decision.wants_groups) world.account.want_groups(now.mono, decision.edited);
  if (decision.wake_at) queue.wake(ref, *decision.wake_at);
  if (!std::holds_alternative<Rest>(decision.action)) {
    if (may_go(decision, flight, ref, now)) return carry_out(decision, o, owner);
    return rested(*resource, flight, true);
  }
  world.account.gate().leave(ref);
  rested(*resource, flight, decision.wake_at.has_value());
}

// A claim is worth nothing where its POST has to wait, so that it waits in the POST's place as well
// as in that of a status write; the POST has passed then.
bool Engine::State::keeps_pace(const Action& action, const Flight& flight,
                               const kube::ObjectRef& ref, base::Now now) {
  const auto passes = [&](const Action& paced) {
    const bool again = flight.troubles.with(paced) != nullptr;
    return world.pace.admit(Pace::of_namespace(paced, ref.name_space), ref, now.mono, again) &&
           world.pace.admit(Pace::of_server(paced), ref, now.mono, again);
  };
  if (std::holds_alternative<CreateKey>(action)) return true;
  if (!std::holds_alternative<Claim>(action)) return passes(action);
  return passes(CreateKey{0, account_of(action)}) && passes(action);
}

bool Engine::State::may_go(const Decision& decision, Flight& flight, const kube::ObjectRef& ref,
                           base::Now now) {
  if (!world.pace.calm() && !keeps_pace(decision.action, flight, ref, now)) {
    world.account.gate().leave(ref);
    return false;
  }
  if (may_spend(decision, flight, ref, now)) return true;
  ++turns.short_of_budget;
  return false;
}

// A turn that sent nothing has taken no time that a clock in milliseconds could tell.
void Engine::State::rested(const kube::SetupKey& resource, Flight& flight, bool until_known) {
  slim(resource, flight);
  world.secrets.close(secret_ref(resource));
  // The resource ends with this call, and its own name must not be what it is found by.
  world.setup_keys.close(kube::ObjectRef(resource.meta.ref));
  ++(until_known ? turns.requeue_after : turns.success);
  turns.took.add(base::Duration{0});
}

bool Engine::State::may_spend(const Decision& decision, Flight& flight, const kube::ObjectRef& ref,
                              base::Now now) {
  using Cost = ActionTraits::Cost;
  const ActionTraits& traits = traits_of(decision.action);
  Gate& gate = world.account.gate();
  const bool for_create = traits.cost == Cost::kPaysForCreate || traits.cost == Cost::kPaidByClaim;
  Gate::Needs needs;
  needs.permit = traits.cost == Cost::kOneCall || (for_create && !flight.paid);
  needs.place = traits.server == io::Server::kNetBird;
  if (needs.nothing()) {
    gate.leave(ref);
    return true;
  }
  if (!gate.admit(ref, needs, decision.priority, now.mono)) return false;
  if (for_create) flight.paid = traits.cost == Cost::kPaysForCreate;
  return true;
}

void Engine::State::carry_out(Decision decision, const Observed& o, const std::string& owner) {
  if (auto* claim = std::get_if<Claim>(&decision.action)) draw_ticket(*claim, o, ticket_word());
  InFlight entry;
  entry.event = decision.event;
  if (entry.event) entry.about = o.resource.meta;
  if (o.resource.status.claim) entry.issue_reason = o.resource.status.claim->reason;
  const kube::KeyStatus* next = next_of(decision.action);
  if (decision.tells && next != nullptr) {
    auto& telling = world.flights[o.resource.meta.ref].telling;
    if (!telling) telling.emplace();
    telling->said(o.resource.status.conditions, next->conditions, o.now.mono);
  }
  send(decision.action, std::move(entry), o, owner);
  if (!decision.beside || at_kube >= limit()) return;
  if (o.flight.troubles.hold(*decision.beside, o.now.mono)) return;
  send(*decision.beside, {}, o, owner);
}

void Engine::State::send(const Action& action, InFlight entry, const Observed& o,
                         const std::string& owner) {
  const kube::ObjectRef ref = o.resource.meta.ref;
  entry.pending = {ref,
                   o.resource.meta.uid,
                   owner,
                   "",
                   action,
                   true,
                   o.now.mono,
                   o.resource.meta.resource_version,
                   world.secrets.seen_at(secret_ref(o.resource))};
  if (std::holds_alternative<CreateKey>(action)) {
    entry.pending.settings = kube::settings_digest(o.resource.spec);
  }
  entry.since = o.now.mono;
  const io::RequestId id = out.send(request_for(action, o, owner));
  sent(action, world.flights[ref], o.now.mono);
  if (traits_of(action).server == io::Server::kNetBird) {
    world.account_named(account_of(action)).gate().sent();
  } else {
    ++at_kube;
  }
  if (const auto* claim = std::get_if<Claim>(&action); claim != nullptr) {
    const auto& made = claim->next.repairs.last_time;
    if (made && made != o.resource.status.repairs.last_time) {
      world.account.repairs().made(o.now.mono);
    }
  }
  out.note(io::Severity::kDebug, "action", action_name(action),
           {{"namespace", ref.name_space}, {"name", ref.name}});
  in_flight.emplace(id, std::move(entry));
  busy.insert(ref);
}

void Engine::State::stop_if_drained(base::Now now) {
  if (!stopping_since || exited) return;
  const bool patient = now.mono - *stopping_since < kStopPatience;
  if (!in_flight.empty() && patient) return;
  if (options.lease.enabled && patient) {
    if (lease.busy()) return;
    if (!release_sent) {
      release_sent = true;
      if (lease.release(now, out)) return;
    }
  }
  exited = true;
  out.put(io::Exit{0, ""});
}

void Engine::State::set_timer(base::Now now) {
  std::optional<base::Instant> next;
  const auto consider = [&next](std::optional<base::Instant> at) {
    if (at && (!next || *at < *next)) next = at;
  };
  for (const Collected& c : collections) consider(c.watch->wake_at());
  if (options.lease.enabled && !stopping_since) consider(lease.wake_at());
  if (was_leading) {
    // With all hands full the next answer gives the next turn.
    if (at_kube < limit() && !put_back_at) consider(queue.next_at());
    if (put_back_at) consider(*put_back_at + kOneHistoryWithin + base::Duration{1});
    consider(world.pace.next_at());
    if (!stopping_since) consider(world.account.wake_at(now.mono));
  }
  if (stopping_since) consider(*stopping_since + kStopPatience);
  if (!next) return;
  // Something due that could not be done now (all hands full) waits for an answer, not for a busy
  // timer.
  const base::Instant at = std::max(*next, now.mono + base::Duration{1});
  if (timer && *timer <= at && *timer > now.mono) return;
  timer = at;
  out.put(io::SetTimer{at});
}

Engine::Engine(Options options) : state_(std::make_unique<State>(std::move(options))) {}
Engine::~Engine() = default;

std::vector<io::Command> Engine::start(base::Now now) {
  state_->start(now);
  return state_->out.take();
}

std::vector<io::Command> Engine::handle(io::Input input, base::Now now) {
  if (!state_->exited) state_->take(std::move(input), now);
  return state_->out.take();
}

Health Engine::health() const {
  const State& s = *state_;
  Health out;
  out.synced = s.synced();
  out.leading = s.was_leading;
  out.account_ready = s.world.account.ready();
  out.setup_keys = s.world.setup_keys.size();
  out.netbird_keys = s.world.account.inventory().total();
  out.queue_depth = s.queue.depth() + s.world.account.gate().waiting();
  out.requests_in_flight = s.in_flight.size();
  return out;
}

io::Vitals Engine::State::vitals(base::Instant now) const {
  io::Vitals v;
  v.leading = was_leading;
  v.setup_keys = world.setup_keys.size();
  v.queue_depth = queue.depth() + world.account.gate().waiting();
  v.in_flight = in_flight.size();
  v.concurrency = limit();
  for (const auto& entry : in_flight) {
    const base::Duration age = now - entry.second.since;
    v.in_flight_total += age;
    v.in_flight_longest = std::max(v.in_flight_longest, age);
  }
  v.turns = turns;
  v.turns.queued = queue.pushed();
  v.resync = options.resync;
  if (!was_leading) return v;
  v.account_ready = world.account.ready();
  v.account_paused = world.account.paused_for(now);
  v.snapshot_age = world.account.snapshot_age(now);
  v.account_keys = count_account_keys(world);
  return v;
}

io::Vitals Engine::vitals(base::Instant now) const { return state_->vitals(now); }

void Engine::each_setup_key(const io::SetupKeyVisitor& visit) const {
  engine::each_setup_key(state_->world, visit);
}

}  // namespace nbkeys::engine
