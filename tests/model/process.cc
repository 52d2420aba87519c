#include "model/process.h"

#include <algorithm>
#include <map>
#include <set>

#include "cache/mark.h"
#include "engine/collections.h"
#include "engine/decide.h"
#include "engine/observe.h"
#include "model/world.h"

namespace nbkeys::model {
namespace {

// What a token that may write is answered to the question.
io::HttpOutcome no_such_key() {
  io::HttpResponse out;
  out.status = 404;
  out.body = base::SecretText(std::string(R"({"message": "setup key: x not found"})"));
  return out;
}

using base::Instant;
using engine::Flight;

constexpr std::int64_t kEpochMs = 1'767'225'600'000;
const kube::ObjectRef kRef{kNamespace, kName};
const std::string& owner() {
  static const std::string mark = cache::owner_of(kUid);
  return mark;
}

engine::Options options() {
  engine::Options out;
  // Lists come when the walk says so, so that none is ever called stale by the clock.
  out.resync = base::Duration{100L * 24 * 3'600'000};
  return out;
}

// The walk never moves the clock while more than a second's worth of events is in one moment.
Instant moment_of(int clock) { return {base::Duration{(clock + 1) * 1000L}}; }
std::int64_t ms(Instant at) { return at.since_start.count(); }

// Named one by one, so that a new member of Flight does not compile until it is copied here.
Flight clone(const Flight& from) {
  const auto& [needs_refresh, claimed, claimed_ticket, held, paid, list_needed_since, look, check,
               dry_run_passed, proven_revision, deleted_keys, seen_revision, seen_at, lost, tickets,
               last_revision, seen_generation, troubles, telling] = from;
  Flight out;
  out.needs_refresh = needs_refresh;
  out.claimed = claimed;
  if (claimed != 0) out.claimed_ticket = claimed_ticket;
  if (held) out.held = engine::HeldKey{held->facts, held->plaintext.copy()};
  out.paid = paid;
  out.list_needed_since = list_needed_since;
  out.look = look;
  out.check = check;
  out.dry_run_passed = dry_run_passed;
  out.proven_revision = proven_revision;
  out.deleted_keys = deleted_keys;
  out.seen_revision = seen_revision;
  out.seen_at = seen_at;
  out.lost = lost;
  out.tickets = tickets;
  out.last_revision = last_revision;
  out.seen_generation = seen_generation;
  out.troubles = troubles;
  out.telling = telling;  // nothing is noted there: only the engine's own carry_out does
  return out;
}

netbird::Key as_api_key(const NetbirdKey& key) {
  auto parsed = netbird::parse_key(key_json(key, false));
  CHECK(parsed.ok());
  return std::move(*parsed);
}

// Calls `f` on every moment of a process; `flight` is the one being built for it.
template <typename F>
void each_moment(Process& p, Flight& flight, F f) {
  if (p.snapshot) f(p.snapshot->mono);
  if (p.list_began) f(p.list_began->mono);
  for (auto& known : p.known) f(known.changed_at);
  for (auto& entry : p.erased) f(entry.second);
  f(flight.seen_at);
  if (flight.list_needed_since) f(*flight.list_needed_since);
  if (flight.look) f(flight.look->at);
}

void floor_to_second(Instant& at) { at = Instant{base::Duration{ms(at) / 1000 * 1000}}; }

bool refers_to(const kube::KeyStatus& s, int number) {
  const std::string id = key_id(number);
  return s.key_id == id || revision_of(number) > static_cast<int>(s.revision) ||
         std::any_of(s.previous_keys.begin(), s.previous_keys.end(),
                     [&id](const kube::PreviousKey& previous) { return previous.key_id == id; });
}

// Of what only counts by whole seconds, or by what came first, no more is told apart.
void blur_moments(Process& p, Flight& flight) {
  // Only a list that began before can still show what was deleted here.
  std::erase_if(p.erased, [&p](const auto& entry) {
    const bool slow_list = p.list_began && p.list_began->mono <= entry.second;
    return p.snapshot && p.snapshot->mono > entry.second && !slow_list;
  });
  if (!p.list_began) {
    for (auto& entry : p.erased) floor_to_second(entry.second);
  }
  const kube::KeyStatus* s =
      p.key.content == 0 ? nullptr : &objects().key_content(p.key.content).status;
  std::erase_if(p.gone,
                [s](const auto& entry) { return s == nullptr || !refers_to(*s, entry.first); });
  for (auto& entry : p.gone) floor_to_second(entry.second);
  // How often something failed counts up to where it is told; a first conflict is no reason to
  // wait.
  std::erase_if(flight.troubles.all(), [](const engine::Trouble& t) { return !t.backoff.until; });
  for (engine::Trouble& t : flight.troubles.all())
    t.backoff.failures = std::min(t.backoff.failures, 3);
  for (Flight::Lost& lost : flight.lost) floor_to_second(lost.at);
  for (auto& known : p.known) {
    if (known.missing_since) floor_to_second(*known.missing_since);
  }
  if (p.before && *p.before < flight.seen_at) p.before.reset();
  if (p.before) p.before = flight.seen_at;
  // A list that began late enough shows whether a lost key is there.
  std::erase_if(flight.lost, [&p](const Flight::Lost& lost) {
    const bool there = std::any_of(p.known.begin(), p.known.end(), [&lost](const auto& known) {
      return known.key.number == number_in(lost.ticket);
    });
    return p.snapshot && p.snapshot->mono >= lost.at + base::Duration{30'000} && !there;
  });
}

// Within each second of the clock only the order of moments matters.
void compress_moments(Process& p, Flight& flight) {
  blur_moments(p, flight);
  std::set<std::int64_t> all;
  each_moment(p, flight, [&all](Instant& at) { all.insert(ms(at)); });
  std::map<std::int64_t, std::int64_t> to;
  std::int64_t second = -1, next = 0;
  for (const std::int64_t at : all) {
    if (at < 1000) continue;
    if (at / 1000 != second) {
      second = at / 1000;
      next = second * 1000;
    }
    to[at] = next++;
  }
  each_moment(p, flight, [&to](Instant& at) {
    if (const auto found = to.find(ms(at)); found != to.end()) at = {base::Duration{found->second}};
  });
  // A back-off of whole seconds: which moment of the second it began at does not matter.
  for (engine::Trouble& trouble : flight.troubles.all()) {
    auto& until = trouble.backoff.until;
    if (until) until = Instant{base::Duration{ms(*until) / 1000 * 1000}};
  }
}

Instant moment_after(const Process& p, int clock) {
  std::int64_t last = ms(moment_of(clock));
  Process copy = p;
  Flight flight = clone(*p.flight);
  each_moment(copy, flight, [&last](Instant& at) { last = std::max(last, ms(at)); });
  return {base::Duration{last + 1}};
}

bool reports_issued(const kube::KeyStatus& s) {
  for (const kube::Condition& c : s.conditions) {
    if (c.type == "Ready" && c.status && c.reason == "Issued") return true;
  }
  return false;
}

class Turn {
 public:
  Turn(const Process& before, int clock)
      : p_(before),
        clock_(clock),
        options_(options()),
        world_(options_),
        now_{moment_after(before, clock), wall_at(clock)} {
    restore();
  }

  Process take(const Happening& what) {
    std::visit([this](const auto& w) { happen(w); }, what);
    turn();
    keep();
    return std::move(p_);
  }

 private:
  void restore();
  void keep();
  void turn();
  void set_account(engine::AccountState state);
  void be_told_account(std::optional<int> account);
  void replace_list(const Listed& list, cache::SnapshotTime began);

  void happen(const Start&) {
    world_.account.begin_term(now_.mono);
    if (const auto* r = world_.setup_keys.find(kRef)) {
      engine::settle_flight(*r, now_.mono, world_.flights[kRef]);
    }
    p_.wants_list = true;
  }
  void happen(const KeySeen& seen) {
    p_.key_seen = seen.version.rv;
    engine::SetupKeySink sink("", world_, [](const kube::ObjectRef&) {});
    if (seen.version.content != 0) {
      sink.changed(objects().key_json(seen.version));
      note_cached(seen.version);
    } else {
      sink.removed(gone(kName, seen.version.rv));
    }
  }
  void happen(const SecretSeen& seen) {
    p_.secret_seen = seen.version.rv;
    engine::SecretSink sink("", world_, [](const kube::ObjectRef&) {});
    const bool labelled = seen.version.content != 0 &&
                          !objects().secret_content(seen.version.content).label_uid.empty();
    if (labelled) {
      sink.changed(objects().secret_json(seen.version));
      note_cached(seen.version);
    } else {
      p_.secret_grave = std::max(p_.secret_grave, seen.version.rv);
      sink.removed(gone(kName, seen.version.rv));
    }
  }
  void happen(const ListBegun& begun) {
    p_.wants_list = false;
    p_.list_began = cache::SnapshotTime{now_.mono, now_.wall};
    p_.list = begun.says;
  }
  void happen(const ListDone&) {
    replace_list(p_.list, *p_.list_began);
    p_.list_began.reset();
    p_.list = {};
  }
  void happen(const ListNow& list) {
    p_.wants_list = false;
    replace_list(list.says, {now_.mono, now_.wall});
    now_.mono = now_.mono + base::Duration{1};
  }
  void happen(const Answered& answered);
  void happen(const TokenChanged& changed) {
    world_.account.token_changed(now_.mono);
    p_.token = changed.account;
    p_.asks_account = true;
    p_.wants_list = true;
    p_.list_began.reset();  // of the account before
    p_.list = {};
  }
  void happen(const AccountTold&) {
    be_told_account(p_.token);
    p_.asks_account = false;
    p_.account_seen = p_.token;
  }
  void happen(const TimePassed&) {}

  // Which version the caches hold now, if it is this one.
  void note_cached(const KeyVersion& version) {
    const auto* held = world_.setup_keys.find(kRef);
    if (held != nullptr && held->meta.resource_version == std::to_string(version.rv)) {
      p_.key = version;
      p_.key_seen = std::max(p_.key_seen, version.rv);  // earlier events change nothing any more
    }
  }
  void note_cached(const SecretVersion& version) {
    const auto* held = world_.secrets.find(kRef);
    if (held != nullptr && held->resource_version == std::to_string(version.rv)) {
      p_.secret = version;
    }
  }
  static Json gone(const char* name, int rv) {
    return {{"metadata",
             {{"name", name},
              {"namespace", kNamespace},
              {"uid", "gone"},
              {"resourceVersion", std::to_string(rv)}}}};
  }

  Process p_;
  int clock_;
  engine::Options options_;
  engine::World world_;
  base::Now now_;
};

void Turn::restore() {
  if (p_.secret_grave != 0) {
    world_.secrets.erase(kRef, std::to_string(p_.secret_grave));
  }
  if (p_.key.content != 0) engine::put_setup_key(world_, objects().key(p_.key));
  if (p_.secret.content != 0) {
    kube::SecretMeta meta = objects().secret_content(p_.secret.content);
    meta.resource_version = std::to_string(p_.secret.rv);
    world_.secrets.upsert(std::move(meta));
  }
  cache::Inventory::Image image;
  for (const auto& known : p_.known) {
    netbird::Key key = as_api_key(known.key);
    key.name.clear();
    const int number = known.key.number;
    image.keys.push_back({std::move(key), static_cast<std::uint32_t>(revision_of(number)),
                          ticket_of(number), known.changed_at, known.list, known.missing_since});
  }
  for (const auto& [number, at] : p_.erased) image.erased.emplace(key_id(number), at);
  for (const auto& [number, at] : p_.gone) image.gone.emplace(key_id(number), at);
  image.snapshot = p_.snapshot;
  image.before = p_.before;
  be_told_account(p_.account_seen);
  if (p_.asks_account) world_.account.token_changed(now_.mono);
  world_.account.inventory().restore(owner(), std::move(image));
  world_.account.access().right_answered(no_such_key(), now_.mono);
  set_account(p_.account);
  world_.flights[kRef] = clone(*p_.flight);
}

// By the account's own code: it asks whenever there is another token. The NetBird of a world with
// one account does not say which it is.
void Turn::be_told_account(std::optional<int> account) {
  io::Outbox out;
  engine::Account::News news = engine::Account::News::kNone;
  world_.account.token_changed(now_.mono);
  world_.account.tick(now_, out);
  for (const io::Command& command : out.take()) {
    const auto* http = std::get_if<io::SendHttp>(&command);
    if (http == nullptr || http->request.operation != "get_account") continue;
    const Json told = account ? Json::array({{{"id", account_id(*account)}}}) : Json::object();
    io::HttpDone done{http->id,
                      io::HttpResponse{account ? 200 : 404, base::SecretText(told.dump())}};
    world_.account.handle(done, now_, out, news);
  }
}

// As the account's own list would find out.
void Turn::set_account(engine::AccountState state) {
  const Instant failed = moment_of(p_.failed_at);
  io::Outbox notes;
  const auto fail = [&](base::ErrorCode code) {
    world_.account.call_failed({code, "call", "no"}, failed, failed, notes);
  };
  switch (state) {
    case engine::AccountState::kUnknown: return;
    case engine::AccountState::kReady: return world_.account.list_works(now_.mono);
    case engine::AccountState::kFailing: return fail(base::ErrorCode::kUnreachable);
    case engine::AccountState::kRefused: return fail(base::ErrorCode::kUnauthorized);
    case engine::AccountState::kRateLimited: return fail(base::ErrorCode::kRateLimited);
  }
}

void Turn::keep() {
  const kube::SetupKey* resource = world_.setup_keys.find(kRef);
  if (resource == nullptr) {
    p_.key = {};
  } else if (std::to_string(p_.key.rv) != resource->meta.resource_version || p_.key.content == 0) {
    CHECK(false);  // whoever changed the store noted the version
  }
  if (world_.secrets.find(kRef) == nullptr) p_.secret = {};
  const cache::Inventory::Image image = world_.account.inventory().image(owner());
  p_.known.clear();
  for (const cache::MarkedKey& k : image.keys) {
    NetbirdKey key;
    key.number = number_in(k.key.id);
    key.revoked = k.key.revoked;
    key.state = k.key.state;
    key.created =
        static_cast<int>((k.key.expires->since_epoch.count() - kEpochMs) / 1000 - 30 * 86'400);
    p_.known.push_back({key, k.changed_at, k.list, k.missing_since});
  }
  std::sort(p_.known.begin(), p_.known.end(),
            [](const auto& a, const auto& b) { return a.key.number < b.key.number; });
  const auto by_number = [](const std::map<std::string, Instant>& from) {
    std::vector<std::pair<int, Instant>> out;
    for (const auto& [id, at] : from) out.emplace_back(number_in(id), at);
    std::sort(out.begin(), out.end());
    return out;
  };
  p_.erased = by_number(image.erased);
  p_.gone = by_number(image.gone);
  p_.snapshot = image.snapshot;
  p_.before = image.before;
  const engine::AccountState state = world_.account.facts(now_.mono).state;
  const bool failing = state != engine::AccountState::kReady &&
                       state != engine::AccountState::kUnknown && state != p_.account;
  if (failing) p_.failed_at = clock_;
  if (state == engine::AccountState::kReady) p_.failed_at = 0;
  p_.account = state;
  Flight flight = clone(world_.flights[kRef]);
  CHECK(!flight.look || !flight.look->meta);  // no edit of the walk strips our label
  std::sort(flight.deleted_keys.begin(), flight.deleted_keys.end());
  const auto same = std::unique(flight.deleted_keys.begin(), flight.deleted_keys.end());
  flight.deleted_keys.erase(same, flight.deleted_keys.end());
  compress_moments(p_, flight);
  p_.flight = std::make_shared<Flight>(std::move(flight));
}

void Turn::replace_list(const Listed& list, cache::SnapshotTime began) {
  std::vector<netbird::Key> keys;
  for (const NetbirdKey& key : list.keys) keys.push_back(as_api_key(key));
  world_.account.inventory().replace(std::move(keys), began);
  set_account(engine::AccountState::kReady);
  p_.knows_killed = list.killed;
}

void Turn::happen(const Answered& answered) {
  const Process::Sent sent = *p_.sent;
  p_.sent.reset();
  const Answer& a = answered.answer;
  Json body = Json::object();
  switch (a.body) {
    case Answer::Body::kNone: break;
    case Answer::Body::kSetupKey: body = objects().key_json(a.key); break;
    case Answer::Body::kSecret: body = objects().secret_json(a.secret); break;
    case Answer::Body::kNetbirdKey: body = key_json(a.netbird, false); break;
    case Answer::Body::kNewNetbirdKey: body = key_json(a.netbird, true); break;
  }
  io::HttpOutcome outcome = base::Error{base::ErrorCode::kUnknown, "call", "no answer"};
  if (a.status != 0) outcome = io::HttpResponse{a.status, base::SecretText(body.dump())};
  const engine::Pending pending{kRef,        kUid, owner(),   sent.settings,
                                sent.action, true, now_.mono, ""};
  io::Outbox notes;
  engine::apply_answer(pending, std::move(outcome), now_, world_, notes);

  if (a.body == Answer::Body::kSetupKey) note_cached(a.key);
  if (a.body == Answer::Body::kSecret) note_cached(a.secret);
}

void Turn::turn() {
  // The engine's own step and carry_out, which keep to these lines and the back-off above.
  const kube::SetupKey* resource = world_.setup_keys.find(kRef);
  if (p_.sent || resource == nullptr) return;
  Flight& flight = world_.flights[kRef];
  engine::settle_flight(*resource, now_.mono, flight);
  const engine::Observed o = engine::observe(world_, *resource, flight, owner(), now_);
  engine::Decision decision = engine::decide(o);
  if (auto* claim = std::get_if<engine::Claim>(&decision.action)) {
    const int number = number_of(p_.side, static_cast<int>(claim->revision));
    engine::draw_ticket(*claim, o, ticket_of(number));
  }
  if (decision.wants_list) p_.wants_list = true;
  if (std::holds_alternative<engine::Rest>(decision.action)) return;
  Process::Sent sent;
  sent.action = decision.action;
  sent.settings = kube::settings_digest(resource->spec);
  sent.request = objects().pack_request(engine::request_for(decision.action, o, owner()));
  if (is_netbird(sent.request)) sent.request.account = p_.token;
  const bool restores = std::holds_alternative<engine::RestoreStatus>(decision.action);
  if (restores || std::holds_alternative<engine::WriteStatus>(decision.action)) {
    // A write to NetBird of unknown outcome makes a process distrust its list until the next one.
    const bool list_counts = p_.snapshot && (!flight.list_needed_since ||
                                             p_.snapshot->mono >= *flight.list_needed_since);
    // And a list without a key that none has shown yet may just be behind.
    const std::string& in_use = engine::next_of(decision.action)->key_id;
    const bool believed = std::none_of(
        o.keys.begin(), o.keys.end(),
        [&in_use](const cache::MarkedKey& k) { return k.key.id == in_use && !k.key.revoked; });
    const bool knows_better =
        list_counts && believed && (p_.knows_killed & bit_of(number_in(in_use))) != 0;
    sent.says_ready_wrongly = knows_better && reports_issued(*engine::next_of(decision.action)) &&
                              !reports_issued(resource->status);
  }
  const cache::MarkedKey* active = engine::active_key(o);
  if (std::holds_alternative<engine::Claim>(decision.action) && active != nullptr &&
      active->key.revoked) {
    sent.undoes = number_in(active->key.id);
  }
  engine::sent(decision.action, flight, now_.mono);
  p_.sent = std::move(sent);
}

}  // namespace

Json key_json(const NetbirdKey& key, bool with_plaintext) {
  const cache::Mark mark{owner(), static_cast<std::uint32_t>(revision_of(key.number)),
                         ticket_of(key.number)};
  const netbird::KeyState state = key.revoked ? netbird::KeyState::kRevoked : key.state;
  const auto expires = wall_at(key.created) + base::Duration{30L * 86'400'000};
  return {{"id", key_id(key.number)},
          {"name", cache::marked_name(kName, mark)},
          {"key", with_plaintext ? plaintext(key.number) : "PLAIN****"},
          {"state", std::string(netbird::key_state_name(state))},
          {"revoked", key.revoked},
          {"expires", base::format_rfc3339(expires)},
          {"auto_groups", Json::array()},
          {"usage_limit", 0},
          {"used_times", 0}};
}

base::WallTime wall_at(int clock) { return {base::Duration{kEpochMs + clock * 1000L}}; }

bool list_is_due(const Process& p, int clock) {
  const bool paused = p.account != engine::AccountState::kReady &&
                      p.account != engine::AccountState::kUnknown && p.failed_at == clock;
  return p.alive && !p.list_began && !paused;
}

Process begun(bool has_accounts, int side, int token) {
  Process out;
  out.alive = true;
  out.side = side;
  out.token = token;
  out.asks_account = has_accounts;
  return out;
}

Process take_step(const Process& before, const Happening& what, int clock) {
  return Turn(before, clock).take(what);
}

int Renumber::key(int rv) const {
  if (rv <= 0) return rv;
  return static_cast<int>(std::lower_bound(keys.begin(), keys.end(), rv) - keys.begin()) + 1;
}

int Renumber::secret(int rv) const {
  if (rv <= 0) return rv;
  const auto at = std::lower_bound(secrets.begin(), secrets.end(), rv);
  return static_cast<int>(at - secrets.begin()) + 1;
}

namespace {

bool about_secret(const Process::Sent& sent) {
  return std::holds_alternative<engine::WriteSecret>(sent.action) ||
         std::holds_alternative<engine::RepairSecret>(sent.action);
}

}  // namespace

void note_versions(const Process& p, Renumber& into) {
  if (!p.alive) return;
  for (const int rv : {p.key.rv, p.key_seen}) into.keys.push_back(rv);
  for (const int rv : {p.secret.rv, p.secret_seen, p.secret_grave, p.key.bound}) {
    into.secrets.push_back(rv);
  }
  if (p.flight->check) into.secrets.push_back(std::stoi(p.flight->check->resource_version));
  if (!p.sent) return;
  (about_secret(*p.sent) ? into.secrets : into.keys).push_back(p.sent->request.expected_rv);
  into.secrets.push_back(p.sent->request.bound);
}

void renumber(Process& p, const Renumber& by) {
  if (!p.alive) return;
  p.key.rv = by.key(p.key.rv);
  p.key_seen = by.key(p.key_seen);
  p.key.bound = by.secret(p.key.bound);
  p.secret.rv = by.secret(p.secret.rv);
  p.secret_seen = by.secret(p.secret_seen);
  p.secret_grave = by.secret(p.secret_grave);
  if (p.flight->check) {
    const int old = std::stoi(p.flight->check->resource_version);
    if (by.secret(old) != old) {
      Flight flight = clone(*p.flight);
      flight.check->resource_version = std::to_string(by.secret(old));
      p.flight = std::make_shared<Flight>(std::move(flight));
    }
  }
  if (!p.sent) return;
  Request& r = p.sent->request;
  r.expected_rv = about_secret(*p.sent) ? by.secret(r.expected_rv) : by.key(r.expected_rv);
  r.bound = by.secret(r.bound);
}

}  // namespace nbkeys::model
