#include "lasting/scene.h"

#include <algorithm>
#include <cstdio>
#include <map>
#include <regex>
#include <stdexcept>

#include "lasting/tally.h"
#include "sim/world.h"

namespace nbkeys::lasting {
namespace {

using fakes::at_path;
using fakes::text_at;

// Far beyond every bound: what is then known needs no further hour.
constexpr int kGivenUpBeyond = 1'500;

// NBKEYS_TRACE=1 shows each request and log line that a bill counts.
const bool kTraces = std::getenv("NBKEYS_TRACE") != nullptr;

void trace(Duration at, const std::string& what) {
  std::printf("[ trace    ] %8.1f %s\n", seconds(at), what.c_str());
}

std::string refusal_body(int status, const std::string& message) {
  return Json{{"kind", "Status"},    {"apiVersion", "v1"}, {"status", "Failure"},
              {"reason", "Refused"}, {"message", message}, {"code", status}}
      .dump();
}

bool is_watch(const std::string& line) { return line.find("watch=true") != std::string::npos; }

// "GET /api/setup-keys" for a list, nothing for all else.
// And what is asked about the account and its token, for all SetupKeys together.
std::string list_of(const std::string& line) {
  static const std::regex kLists(
      "^(GET "
      "(?:/api/setup-keys|/api/groups|/api/accounts|/api/users|[^?]*/setupkeys|[^?]*/secrets)|"
      "[A-Z]+ /api/setup-keys/nbkeys-may-i-write)(\\?.*)?$");
  std::smatch match;
  return std::regex_match(line, match, kLists) ? match[1].str() : "";
}

const Json* find_condition(const Json& object, const std::string& type) {
  for (const Json& found : at_path(object, {"status", "conditions"})) {
    if (text_at(found, {"type"}) == type) return &found;
  }
  return nullptr;
}

int most_of_one(const std::vector<Json>& events, base::WallTime since) {
  std::map<std::string, int> times;
  int most = 0;
  for (const Json& event : events) {
    const auto at = base::parse_rfc3339(text_at(event, {"metadata", "creationTimestamp"}));
    if (text_at(event, {"type"}) != "Warning" || !at || *at < since) continue;
    Json about = at_path(event, {"regarding"});
    if (about.is_null()) about = at_path(event, {"involvedObject"});
    most = std::max(most, ++times[text_at(event, {"reason"}) + text_at(about, {"uid"})]);
  }
  return most;
}

}  // namespace

std::string setup_key_path(const std::string& name, const std::string& name_space) {
  return "/apis/keys.netbird.io/v1alpha1/namespaces/" + name_space + "/setupkeys/" + name;
}

std::string secret_path(const std::string& name, const std::string& name_space) {
  return "/api/v1/namespaces/" + name_space + "/secrets/" + name;
}

Scene::Scene(std::uint64_t seed) : inside(seed) {
  Tally::of_this_run().world();
  inside.witness = this;
  inside.kube.store().listen(
      [this](const std::string& resource, const fakes::Object& before, const fakes::Object& after) {
        ledger_.object_changed(inside.now(), inside.serving(), resource, before, after);
      });
  inside.network = [this](int, const io::HttpRequest& request) -> std::optional<fakes::Mishap> {
    const std::string line = std::string(io::method_name(request.method)) + " " + request.path;
    for (Meddling& meddling : meddlings_) {
      if (std::regex_search(line, meddling.pattern)) return meddling.mishap();
    }
    return std::nullopt;
  };
  add_namespace(kTeam);
}

engine::Options Scene::options() {
  engine::Options out;
  out.seed = 7;
  return out;
}

int Scene::start(engine::Options options) {
  Process process;
  process.options = options;
  process.replica = inside.start_operator(std::move(options));
  processes_.push_back(process);
  return process.replica;
}

void Scene::supervise() {
  for (Process& process : processes_) {
    if (!inside.exit(process.replica)) continue;
    if (!process.due) process.due = time() + process.back_off;
    if (time() < *process.due) continue;
    process.due.reset();
    process.back_off = std::min(process.back_off * 2, 5 * kMinute);
    process.replica = inside.start_operator(process.options);
  }
}

void Scene::applied(int replica, const io::HttpRequest& request, const io::HttpResponse& response) {
  if (request.server != io::Server::kNetBird) return;
  ledger_.netbird_answered({inside.now(), replica, request, inside.now().wall}, response);
}

Json Scene::person(io::Server server, io::Method method, const std::string& path, const Json& body,
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
  applied(sim::kPerson, request, response);
  if (kube) inside.changed();
  if (response.status >= 300) {
    throw std::logic_error("nobody can do this: " + path + " " +
                           std::string(response.body.reveal()));
  }
  return Json::parse(response.body.reveal());
}

void Scene::add_namespace(const std::string& name) {
  person(io::Server::kKube, io::Method::kPost, "/api/v1/namespaces",
         {{"apiVersion", "v1"}, {"kind", "Namespace"}, {"metadata", {{"name", name}}}},
         "application/json");
}

void Scene::apply(const std::string& name, const Json& spec, const std::string& name_space) {
  person(io::Server::kKube, io::Method::kPost,
         "/apis/keys.netbird.io/v1alpha1/namespaces/" + name_space + "/setupkeys",
         {{"apiVersion", "keys.netbird.io/v1alpha1"},
          {"kind", "SetupKey"},
          {"metadata", {{"name", name}}},
          {"spec", spec}},
         "application/json");
}

void Scene::apply_many(int count, const Json& spec, const std::string& name_space) {
  for (int i = 0; i < count; ++i) apply("key-" + std::to_string(i), spec, name_space);
}

void Scene::edit(const std::string& name, const Json& spec_change) {
  person(io::Server::kKube, io::Method::kPatch, setup_key_path(name), {{"spec", spec_change}});
}

void Scene::annotate(const std::string& name, const std::string& annotation, const Json& value) {
  person(io::Server::kKube, io::Method::kPatch, setup_key_path(name),
         {{"metadata", {{"annotations", {{annotation, value}}}}}});
}

void Scene::rotate(const std::string& name, const std::string& value) {
  annotate(name, "keys.netbird.io/rotate", value);
}

void Scene::remove(const std::string& name) {
  person(io::Server::kKube, io::Method::kDelete, setup_key_path(name));
}

void Scene::patch_secret(const std::string& name, const Json& change) {
  person(io::Server::kKube, io::Method::kPatch, secret_path(name), change);
}

void Scene::remove_secret(const std::string& name) {
  person(io::Server::kKube, io::Method::kDelete, secret_path(name));
}

void Scene::usurp_secret(const std::string& name) {
  if (!secret(name).is_null()) remove_secret(name);
  person(io::Server::kKube, io::Method::kPost,
         std::string("/api/v1/namespaces/") + kTeam + "/secrets",
         {{"apiVersion", "v1"},
          {"kind", "Secret"},
          {"metadata", {{"name", name}}},
          {"stringData", {{"theirs", "kept"}}}},
         "application/json");
}

void Scene::refuse(const std::string& pattern, int status, const std::string& message) {
  Fault fault;
  fault.pattern = pattern;
  fault.times = 0;
  fault.status = status;
  fault.body = refusal_body(status, message);
  inside.faults.add(std::move(fault));
}

void Scene::meddle(const std::string& pattern, std::function<fakes::Mishap()> mishap) {
  meddlings_.push_back({std::regex(pattern), std::move(mishap)});
}

void Scene::refuse_in_words(const std::string& pattern, int status,
                            std::function<std::string(int count)> words) {
  meddle(pattern, [status, words = std::move(words), count = 0]() mutable {
    fakes::Mishap out;
    out.fault.kind = FaultKind::kAnswer;
    out.fault.status = status;
    out.fault.body = refusal_body(status, words(++count));
    return out;
  });
}

void Scene::alter(const std::string& pattern, std::function<void(io::HttpResponse&)> change) {
  meddle(pattern, [change = std::move(change)] {
    fakes::Mishap out;
    out.alter = change;
    return out;
  });
}

void Scene::relieve() {
  inside.faults.clear();
  meddlings_.clear();
}

void Scene::strike(const std::string& pattern, FaultKind kind) {
  Fault fault;
  fault.kind = kind;
  fault.pattern = pattern;
  fault.times = 0;
  inside.faults.add(std::move(fault));
}

Json Scene::resource(const std::string& name, const std::string& name_space) const {
  const fakes::Object found = inside.kube.store().find("setupkeys", name_space, name);
  return found ? *found : Json();
}

Json Scene::secret(const std::string& name, const std::string& name_space) const {
  const fakes::Object found = inside.kube.store().find("secrets", name_space, name);
  return found ? *found : Json();
}

std::string Scene::key_id(const std::string& name) const {
  return text_at(resource(name), {"status", "keyID"});
}

std::vector<Json> Scene::keys(const std::string& name, const std::string& name_space) const {
  std::string owner;
  for (const auto& [uid, known] : ledger_.setup_keys()) {
    if (known.name == name && known.name_space == name_space) owner = sim::owner_of_uid(uid);
  }
  std::vector<Json> out;
  for (const Json& key : inside.netbird.keys(inside.now())) {
    const auto mark = sim::mark_in(text_at(key, {"name"}));
    if (mark && mark->owner == owner) out.push_back(key);
  }
  return out;
}

bool Scene::ended(const std::string& id) const {
  const Json all = inside.netbird.keys(inside.now());
  return std::none_of(all.begin(), all.end(), [&id](const Json& key) {
    return text_at(key, {"id"}) == id && at_path(key, {"revoked"}) == false;
  });
}

std::string Scene::condition(const std::string& name, const std::string& type,
                             const std::string& name_space) const {
  const Json object = resource(name, name_space);
  const Json* found = find_condition(object, type);
  return found == nullptr ? "" : text_at(*found, {"status"});
}

std::string Scene::reason(const std::string& name, const std::string& type) const {
  const Json object = resource(name);
  const Json* found = find_condition(object, type);
  return found == nullptr ? "" : text_at(*found, {"reason"});
}

bool Scene::ready(const std::string& name, const std::string& name_space) const {
  return condition(name, "Ready", name_space) == "True";
}

int Scene::ready_count() const {
  int out = 0;
  for (const auto& object : inside.kube.store().list("setupkeys", {})) {
    const Json* found = find_condition(*object, "Ready");
    if (found != nullptr && text_at(*found, {"status"}) == "True") ++out;
  }
  return out;
}

std::vector<Json> Scene::events(const std::string& reason) const {
  std::vector<Json> out;
  for (const auto& event : inside.kube.store().list("events", {})) {
    if (reason.empty() || text_at(*event, {"reason"}) == reason) out.push_back(*event);
  }
  return out;
}

std::string Scene::wrong() const {
  return sim::wrong_at_rest(ledger_, inside.netbird.keys(inside.now()), inside.netbird.groups(),
                            inside.now().wall);
}

bool Scene::pass(Duration duration) {
  const Instant began = time();
  const Instant end = began + duration;
  while (time() < end) {
    try {
      inside.advance(std::min(kMinute / 6, end - time()));
      supervise();
    } catch (const std::logic_error& error) {
      ADD_FAILURE() << error.what();
      return false;
    }
    if (bill(began).total > kGivenUpBeyond) return false;
  }
  return true;
}

Duration Scene::until(const std::function<bool()>& holds, Duration limit) {
  const Instant began = time();
  const Instant end = began + limit;
  try {
    // In pieces, because nothing happens at all while no operator runs.
    while (time() < end) {
      supervise();
      if (inside.run_until(holds, std::min(kMinute / 6, end - time()), kSecond)) break;
    }
  } catch (const std::logic_error& error) {
    ADD_FAILURE() << error.what();
    return limit;
  }
  return time() - began;
}

void Scene::settle() {
  const Duration took = until([this] { return wrong().empty(); }, 10 * kMinute);
  ASSERT_LT(took, 10 * kMinute) << "the scene's quiet begin never came: " << wrong();
  inside.advance(2 * kMinute);
}

Bill Scene::bill(Instant since) const {
  Bill out;
  std::map<std::int64_t, int> minutes, hours;
  std::map<std::pair<std::string, std::int64_t>, int> lists;
  for (const auto& record : inside.requests()) {
    if (record.at.mono < since) continue;
    if (record.line.starts_with("POST /api/setup-keys")) ++out.posts;
    const bool apart = is_watch(record.line) || record.operation.ends_with("_lease");
    if (apart) continue;
    const std::int64_t minute = (record.at.mono - since) / kMinute;
    const std::string list = list_of(record.line);
    if (!list.empty() && ++lists[{list, minute}] == 1) continue;
    if (kTraces)
      trace(record.at.mono - since, record.line + " -> " + std::to_string(record.status));
    ++out.total;
    ++minutes[minute];
    ++hours[minute / 60];
  }
  out.first_minute = minutes[0];
  for (const auto& [minute, count] : minutes) out.worst_minute = std::max(out.worst_minute, count);
  for (const auto& [hour, count] : hours) out.worst_hour = std::max(out.worst_hour, count);
  for (const auto& record : inside.notes()) {
    if (record.at.mono < since || record.note.severity < io::Severity::kInfo) continue;
    if (kTraces)
      trace(record.at.mono - since, "log: " + record.note.event + " " + record.note.message);
    ++out.log_lines;
  }
  const base::WallTime from = inside.now().wall - (time() - since) - kSecond;
  out.events_of_one = most_of_one(events(), from);
  return out;
}

int Scene::requests_like(const std::string& pattern, Instant since) const {
  const std::regex wanted(pattern);
  return static_cast<int>(
      std::count_if(inside.requests().begin(), inside.requests().end(), [&](const auto& record) {
        return record.at.mono >= since && std::regex_search(record.line, wanted);
      }));
}

int Scene::issued(Instant since) const {
  return static_cast<int>(
      std::count_if(ledger_.keys().begin(), ledger_.keys().end(), [since](const auto& entry) {
        return entry.second.issued_at >= since && !entry.second.mark.owner.empty();
      }));
}

void at_most(const std::string& what, double measured, double bound) {
  std::printf("[ measured ] %s: %g, at most %g%s\n", what.c_str(), measured, bound,
              measured <= bound ? "" : "  <-- beyond");
  Tally::of_this_run().measured(measured <= bound);
  EXPECT_LE(measured, bound) << what;
}

void at_least(const std::string& what, double measured, double bound) {
  std::printf("[ measured ] %s: %g, at least %g%s\n", what.c_str(), measured, bound,
              measured >= bound ? "" : "  <-- short");
  Tally::of_this_run().measured(measured >= bound);
  EXPECT_GE(measured, bound) << what;
}

void cut_short(io::HttpResponse& response) {
  const std::string text(response.body.reveal());
  response.body = base::SecretText(text.substr(0, text.size() / 2));
}

void make_html(io::HttpResponse& response) {
  response.status = 200;
  response.body = base::SecretText(std::string("<html><body>Please log in</body></html>"));
}

double seconds(Duration duration) { return static_cast<double>(duration.count()) / 1000.0; }

void expect_quiet_of_one(const Bill& bill) {
  at_most("requests in the first minute", bill.first_minute, 20);
  at_most("requests in the worst hour", bill.worst_hour, 60);
  at_most("log lines", bill.log_lines, 10);
  at_most("warnings of one reason", bill.events_of_one, 1);
}

void expect_quiet_together(const Bill& bill) {
  at_most("requests in the worst minute", bill.worst_minute, 10);
  at_most("log lines", bill.log_lines, 10);
}

}  // namespace nbkeys::lasting
