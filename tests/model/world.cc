#include "model/world.h"

#include <algorithm>
#include <deque>
#include <map>

#include "cache/mark.h"
#include "kube/names.h"

namespace nbkeys::model {
namespace {

struct Processes {
  std::unordered_map<std::string, int> ids;
  std::deque<Process> all;
};
Processes& table() {
  static Processes processes;
  return processes;
}

struct Parts {
  std::string method, path, body;
};
const Parts& parts_of(int text) {
  static std::unordered_map<int, Parts> known;
  const auto found = known.find(text);
  if (found != known.end()) return found->second;
  const std::string& all = objects().text(text);
  const std::size_t space = all.find(' '), line = all.find('\n');
  return known
      .emplace(text, Parts{all.substr(0, space), all.substr(space + 1, line - space - 1),
                           all.substr(line + 1)})
      .first->second;
}

Answer only(int status) {
  Answer out;
  out.status = status;
  return out;
}

// A merge patch depends on nothing but the patch and what it is applied to.
Json patched(int content, const Parts& parts) {
  Json object = Json::parse(objects().text(content));
  Json patch = Json::parse(parts.body);
  patch["metadata"].erase("uid");
  const bool status_only = parts.path.ends_with("/status");
  object.merge_patch(status_only ? Json{{"status", patch["status"]}} : patch);
  return object;
}

int patched_content(int content, int text) {
  static std::map<std::pair<int, int>, int> known;
  const auto found = known.find({content, text});
  if (found != known.end()) return found->second;
  const int made = objects().intern(patched(content, parts_of(text)).dump());
  known.emplace(std::pair(content, text), made);
  return made;
}

Answer answer_key(const KeyVersion& version) {
  Answer out = only(200);
  out.body = Answer::Body::kSetupKey;
  out.key = version;
  return out;
}

Answer answer_secret(const SecretVersion& version, int status) {
  Answer out = only(status);
  out.body = Answer::Body::kSecret;
  out.secret = version;
  return out;
}

bool has_ours(const State& s) {
  return std::any_of(s.netbird.begin(), s.netbird.end(),
                     [&s](const NetbirdKey& key) { return is_ours(s, key.number); });
}

Answer serve_setup_key(State& s, const Request& r, const Parts& parts, Fault& fault) {
  if (s.gone()) return only(404);
  const KeyVersion now = s.keys.back();
  if (parts.method == "GET") return answer_key(now);
  if (r.expected_rv != Request::kNone && r.expected_rv != now.rv) return only(409);
  KeyVersion next = now;
  next.content = patched_content(now.content, r.text);
  if (r.bound == Request::kCleared) next.bound = 0;
  if (r.bound >= 0) next.bound = r.bound;
  if (next == now) return answer_key(now);
  next.rv = now.rv + 1;
  const kube::SetupKey& object = objects().key_content(next.content);
  const kube::KeyStatus before = objects().key_content(now.content).status;
  if (before.revision != object.status.revision) {
    if (before.revision != 0) s.in_overlap |= bit_of(number_in(before.key_id));
  } else if (before.last_handled_rotate != object.status.last_handled_rotate && fault.empty()) {
    fault = "a rotation is called handled before its key is in use";
  }
  if (!object.meta.deleting || !object.meta.finalizers.empty()) {
    s.keys.push_back(next);
    return answer_key(next);
  }
  if (has_ours(s) && fault.empty()) {
    fault = "the finalizer went while NetBird still has a key of ours";
  }
  s.keys.push_back({0, next.rv, 0});
  if (objects().secret_is_ours(s.secrets.back().content)) put_secret_version(s, nullptr);
  return answer_key(next);
}

Answer serve_secret(State& s, const Request& r, const Parts& parts, Fault& fault) {
  const SecretVersion now = s.secrets.back();
  if (parts.method == "GET") return now.content == 0 ? only(404) : answer_secret(now, 200);
  if (parts.method == "POST") {
    if (now.content != 0) return only(409);
    if (parts.path.find("dryRun") != std::string::npos) return only(201);
    Json object = Json::parse(parts.body);
    object["metadata"]["uid"] = "secret-" + std::to_string(++s.secrets_made);
    put_secret_version(s, &object);
    return answer_secret(s.secrets.back(), 201);
  }
  if (now.content == 0) return only(404);
  const Json patch = Json::parse(parts.body);
  const std::string uid = patch["metadata"].value("uid", std::string());
  if (!uid.empty() && uid != objects().secret_content(now.content).uid) return only(409);
  if (r.expected_rv != Request::kNone && r.expected_rv != now.rv) return only(409);
  if (!objects().secret_is_ours(now.content) && fault.empty()) {
    fault = "a Secret that is not ours was written";
  }
  const int next = patched_content(now.content, r.text);
  const bool dry = parts.path.find("dryRun") != std::string::npos;
  if (dry || next == now.content) return answer_secret(now, 200);
  s.secrets.push_back({next, now.rv + 1});
  return answer_secret(s.secrets.back(), 200);
}

Answer serve_post(State& s, const Parts& parts, Fault& fault) {
  const auto mark = cache::parse_mark(Json::parse(parts.body).value("name", std::string()));
  CHECK(mark.has_value());
  const int number = number_in(mark->ticket);
  if (fault.empty() && number != number_of(s.side, static_cast<int>(mark->revision))) {
    fault = "a claim of the other installation is POSTed";
  }
  const bool there = std::any_of(s.netbird.begin(), s.netbird.end(),
                                 [&](const NetbirdKey& k) { return k.number == number; });
  if (fault.empty() && there) fault = "one revision has two keys at NetBird";
  if (fault.empty() && s.gone()) fault = "a key was made after the finalizer had gone";
  NetbirdKey key;
  key.number = number;
  key.created = s.clock;
  s.netbird.push_back(key);
  std::sort(s.netbird.begin(), s.netbird.end(),
            [](const NetbirdKey& a, const NetbirdKey& b) { return a.number < b.number; });
  Answer out = only(200);
  out.body = Answer::Body::kNewNetbirdKey;
  out.netbird = key;
  return out;
}

// What ends a key of both is beyond the other's power, as a person's deed is.
void note_end(State& s, int number) {
  s.killed |= bit_of(number);
  if (s.other) s.other->by_hand |= bit_of(number);
}

Answer serve_netbird(State& s, const Parts& parts, Fault& fault) {
  if (parts.method == "POST") return serve_post(s, parts, fault);
  const int number = number_in(parts.path.substr(parts.path.rfind('/') + 1));
  const auto key = std::find_if(s.netbird.begin(), s.netbird.end(),
                                [&](const NetbirdKey& k) { return k.number == number; });
  if (key == s.netbird.end()) return only(404);
  const bool carried = objects().secret_is_ours(s.secrets.back().content) &&
                       objects().key_in_secret(s.secrets.back().content) == number;
  const std::uint32_t bit = bit_of(number);
  if (!is_ours(s, number) && fault.empty()) fault = "a key of the other installation was changed";
  if (parts.method == "DELETE") {
    if (carried && !s.deleting() && fault.empty()) fault = "the Secret's key was deleted";
    const bool ends_all = s.deleting() || s.revoke_asked;
    if ((s.in_overlap & bit) != 0 && !ends_all && fault.empty()) {
      fault = "a replaced key was deleted within its overlap";
    }
    s.netbird.erase(key);
    note_end(s, number);
    return only(200);
  }
  const bool revoked = Json::parse(parts.body).value("revoked", false);
  const bool asked = s.revoke_asked || s.deleting();
  if (revoked && carried && !asked && fault.empty()) fault = "the Secret's key was revoked";
  if (!revoked && key->revoked && fault.empty()) fault = "a revocation at NetBird was undone";
  key->revoked = revoked;
  if (revoked) note_end(s, number);
  Answer out = only(200);
  out.body = Answer::Body::kNetbirdKey;
  out.netbird = *key;
  return out;
}

void cut(Cluster& s, int lag) {
  const auto current = static_cast<int>(s.keys.size());
  int oldest_key = s.keys[static_cast<std::size_t>(std::max(0, current - 1 - lag))].rv;
  const auto secrets = static_cast<int>(s.secrets.size());
  int oldest_secret = s.secrets[static_cast<std::size_t>(std::max(0, secrets - 1 - lag))].rv;
  for (const int id : s.processes) {
    const Process& p = process_of(id);
    if (!p.alive) continue;
    oldest_key = std::min(oldest_key, p.key_seen);
    oldest_secret = std::min(oldest_secret, p.secret_seen);
  }
  while (s.keys.size() > 1 && s.keys[0].rv < oldest_key) s.keys.erase(s.keys.begin());
  while (s.secrets.size() > 1 && s.secrets[0].rv < oldest_secret) {
    s.secrets.erase(s.secrets.begin());
  }
}

void tidy(std::vector<int>& numbers) {
  std::erase_if(numbers, [](int n) { return n <= 0; });
  std::sort(numbers.begin(), numbers.end());
  numbers.erase(std::unique(numbers.begin(), numbers.end()), numbers.end());
}

bool in_order(const std::vector<int>& numbers) {
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    if (numbers[i] != static_cast<int>(i) + 1) return false;
  }
  return true;
}

bool about_secret(const Request& r) {
  return parts_of(r.text).path.find("/secrets") != std::string::npos;
}

std::unordered_map<std::string, int>& steps() {
  static std::unordered_map<std::string, int> known;
  return known;
}

}  // namespace

int step_of(int process, const Happening& what, int clock) {
  const std::string key =
      std::to_string(process) + "@" + std::to_string(clock) + ":" + encode(what);
  const auto found = steps().find(key);
  if (found != steps().end()) return found->second;
  const int after = intern_process(take_step(Process(process_of(process)), what, clock));
  return steps().emplace(key, after).first->second;
}

void forget_steps() { steps().clear(); }

int intern_process(const Process& process) {
  const auto [entry, fresh] =
      table().ids.try_emplace(encode(process), static_cast<int>(table().all.size()));
  if (fresh) table().all.push_back(process);
  return entry->second;
}

const Process& process_of(int id) { return table().all[static_cast<std::size_t>(id)]; }

int dead_process() {
  static const int id = intern_process(Process{});
  return id;
}

bool is_netbird(const Request& r) { return parts_of(r.text).path.starts_with("/api/setup-keys"); }
bool is_post(const Request& r) { return is_netbird(r) && parts_of(r.text).method == "POST"; }

namespace {

// The token that a request carries is of the account in which it has its effect.
Answer serve_in_its_account(State& s, const Request& request, Fault& fault) {
  const std::string lives_in = s.gone() ? "" : s.status().account.id;
  const bool foreign = !lives_in.empty() && lives_in != account_id(request.account);
  if (s.has_accounts && foreign && fault.empty()) {
    fault = "a key is written in another account than the one that status records";
  }
  const bool moved = request.account != s.account;
  if (moved) std::swap(s.netbird, s.elsewhere);
  Answer out = serve_netbird(s, parts_of(request.text), fault);
  if (moved) std::swap(s.netbird, s.elsewhere);
  return out;
}

}  // namespace

Answer serve(State& state, const Request& request, Fault& fault) {
  const Parts& parts = parts_of(request.text);
  if (is_netbird(request)) return serve_in_its_account(state, request, fault);
  if (about_secret(request)) return serve_secret(state, request, parts, fault);
  return serve_setup_key(state, request, parts, fault);
}

namespace {

Fault check_side(const State& s) {
  const int content = s.secrets.back().content;
  if (!objects().secret_is_ours(content) || s.deleting()) return "";
  const int number = objects().key_in_secret(content);
  if (number == 0 || (s.by_hand & bit_of(number)) != 0) return "";
  for (const auto* account : {&s.netbird, &s.elsewhere}) {
    for (const NetbirdKey& key : *account) {
      if (key.number == number && (!key.revoked || s.revoke_asked)) return "";
    }
  }
  return "the Secret carries a key that the operator itself has deleted or revoked";
}

}  // namespace

Fault check_state(const State& s) {
  Fault fault = check_side(s);
  if (!fault.empty() || !s.other) return fault;
  State turned = s;
  change_sides(turned);
  return check_side(turned);
}

void change_sides(State& s) {
  Cluster& mine = s;
  std::swap(mine, *s.other);
}

void change_accounts(State& s) {
  s.account = 1 - s.account;
  std::swap(s.netbird, s.elsewhere);
}

bool is_ours(const State& s, int key) {
  return side_of(key) == s.side || (side_of(key) == 0 && key <= s.shared);
}

void copy_cluster(State& s) {
  Cluster copy;
  copy.side = 1;
  copy.keys = {s.keys.back()};
  copy.secrets = {s.secrets.back()};
  copy.processes = {dead_process(), dead_process()};
  copy.by_hand = s.by_hand | s.killed;
  copy.in_overlap = s.in_overlap;
  copy.secrets_made = s.secrets_made;
  copy.revoke_asked = objects().key_content(copy.keys.back().content).spec.revoked;
  s.shared = static_cast<int>(copy.status().last_revision);
  s.other = std::move(copy);
}

void put_key_version(State& s, Json object) {
  const KeyVersion now = s.keys.back();
  object["metadata"]["resourceVersion"] = std::to_string(now.rv + 1);
  KeyVersion next = objects().pack_key(std::move(object));
  s.keys.push_back(next);
}

void put_secret_version(State& s, const Json* object) {
  const int rv = s.secrets.back().rv + 1;
  if (object == nullptr) {
    s.secrets.push_back({0, rv});
    return;
  }
  Json with = *object;
  with["metadata"]["resourceVersion"] = std::to_string(rv);
  s.secrets.push_back(objects().pack_secret(std::move(with)));
}

namespace {

void normalise_side(Cluster& s, int lag) {
  cut(s, lag);
  Renumber by;
  for (const KeyVersion& v : s.keys) {
    by.keys.push_back(v.rv);
    by.secrets.push_back(v.bound);
  }
  for (const SecretVersion& v : s.secrets) by.secrets.push_back(v.rv);
  for (const State::Late& late : s.late) {
    (about_secret(late.request) ? by.secrets : by.keys).push_back(late.request.expected_rv);
    by.secrets.push_back(late.request.bound);
  }
  for (const int id : s.processes) note_versions(process_of(id), by);
  tidy(by.keys);
  tidy(by.secrets);
  if (in_order(by.keys) && in_order(by.secrets)) return;
  for (KeyVersion& v : s.keys) {
    v.rv = by.key(v.rv);
    v.bound = by.secret(v.bound);
  }
  for (SecretVersion& v : s.secrets) v.rv = by.secret(v.rv);
  for (State::Late& late : s.late) {
    Request& r = late.request;
    r.expected_rv = about_secret(r) ? by.secret(r.expected_rv) : by.key(r.expected_rv);
    r.bound = by.secret(r.bound);
  }
  for (int& id : s.processes) {
    if (!process_of(id).alive) continue;
    Process p = process_of(id);
    renumber(p, by);
    id = intern_process(p);
  }
}

void put(std::string& out, int n) {
  for (int i = 0; i < 3; ++i) out += static_cast<char>(n >> (8 * i) & 255);
}

void encode(const Cluster& s, std::string& out) {
  for (const KeyVersion& v : s.keys) {
    for (const int n : {v.content, v.rv, v.bound}) put(out, n);
  }
  put(out, 0xfffff);
  for (const SecretVersion& v : s.secrets) {
    for (const int n : {v.content, v.rv}) put(out, n);
  }
  put(out, 0xfffff);
  for (const State::Late& late : s.late) {
    const Request& r = late.request;
    for (const int n : {r.text, r.expected_rv, r.bound, r.account, late.sent_at}) put(out, n);
  }
  put(out, 0xfffff);
  for (const int n : {s.side, s.processes[0], s.processes[1], static_cast<int>(s.posted),
                      static_cast<int>(s.by_hand), static_cast<int>(s.in_overlap), s.revoked_in_use,
                      s.secrets_made * 2 + s.revoke_asked}) {
    put(out, n);
  }
}

}  // namespace

void normalise(State& s, int lag) {
  normalise_side(s, lag);
  if (s.other) normalise_side(*s.other, lag);
}

std::string encode(const State& s) {
  std::string out;
  encode(static_cast<const Cluster&>(s), out);
  if (s.other) encode(*s.other, out);
  for (const auto* account : {&s.netbird, &s.elsewhere}) {
    for (const NetbirdKey& k : *account) {
      put(out, k.number * 16 + k.revoked * 8 + static_cast<int>(k.state));
      put(out, k.created);
    }
    put(out, 0xfffff);
  }
  const Budget& b = s.left;
  for (const int n : {s.clock, static_cast<int>(s.killed), s.shared, s.account,
                      b.faults * 16 + b.crashes, b.starts * 16 + b.user,
                      b.netbird * 256 + b.seconds * 16 + b.hours, b.copies * 16 + b.tokens}) {
    put(out, n);
  }
  return out;
}

State first_state(const Budget& budget) {
  State s;
  const Json object = {{"apiVersion", kube::kApiVersion},
                       {"kind", kube::kKind},
                       {"metadata",
                        {{"name", kName},
                         {"namespace", kNamespace},
                         {"uid", kUid},
                         {"generation", 1},
                         {"resourceVersion", "1"}}},
                       {"spec", {{"expiresIn", "30d"}, {"rotation", {{"overlap", "30m"}}}}}};
  s.keys.push_back(objects().pack_key(object));
  s.secrets.push_back({0, 1});
  s.processes = {dead_process(), dead_process()};
  s.has_accounts = budget.tokens > 0;
  s.left = budget;
  return s;
}

}  // namespace nbkeys::model
