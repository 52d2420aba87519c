#include "behaviour/suite.h"

#include <unistd.h>

#include <algorithm>
#include <regex>

#include "base/hash.h"
#include "kube/names.h"

namespace nbkeys::behaviour {

using fakes::at_path;
using fakes::number_at;
using fakes::text_at;

namespace {

constexpr std::size_t kLogTail = 6000;

std::string mark_of(const std::string& uid) {
  return " [k8s-" + base::sha256_hex(uid).substr(0, 16) + "-r";
}

Json manifest(const std::string& kind, const std::string& name_space, const std::string& name) {
  Json out = {{"apiVersion", api_version_of(resource_of(kind))},
              {"kind", kind},
              {"metadata", {{"name", name}}}};
  if (!name_space.empty()) out["metadata"]["namespace"] = name_space;
  return out;
}

}  // namespace

void BehaviourTest::SetUp() {
  static int tests = 0;
  name_space_ = "t-" + std::to_string(getpid()) + "-" + std::to_string(++tests);
  world_ = make_world();
  const Reply made = world_->create(manifest("Namespace", "", name_space_));
  ASSERT_TRUE(made.ok) << made.problem;
}

void BehaviourTest::TearDown() {
  if (!world_) return;
  if (world_->has_faults()) world_->clear_faults();
  if (!world_->is_fresh()) clean_up();
  check_for_leaks();
}

// Where the servers outlive the test, an operator takes away what the test left at NetBird.
void BehaviourTest::clean_up() {
  bool runs = false;
  for (int i = 0; i < operators_; ++i) runs |= world_->operator_runs(i);
  if (!runs) start();
  for (const std::string& name : names_) {
    world_->remove({"setupkeys", name_space_, name});
  }
  for (const std::string& name : names_) EXPECT_TRUE(await_gone(name));
  for (int i = 0; i < operators_; ++i) world_->kill_operator(i);
  for (const std::string& name : names_) {
    for (const Json& left : keys(name)) world_->delete_key(left.at("id"));
  }
  for (const std::string& id : groups_) world_->remove_group(id);
  world_->remove({"namespaces", "", name_space_});
}

void BehaviourTest::check_for_leaks() {
  std::string text = world_->log_text();
  for (const char* resource : {"setupkeys", "events"}) {
    for (const Json& object : world_->list(resource, name_space_)) text += object.dump() + "\n";
  }
  std::set<std::string> secrets = seen_secrets_;
  for (const std::string& known : world_->secrets()) secrets.insert(known);
  for (const std::string& secret_text : secrets) {
    const std::string encoded(base::base64_encode(secret_text).reveal());
    EXPECT_EQ(text.find(secret_text), std::string::npos) << "a key or token is in log or status";
    EXPECT_EQ(text.find(encoded), std::string::npos) << "a key or token is in log or status";
  }
}

int BehaviourTest::start(OperatorSetup setup) {
  if (!world_->is_fresh() && setup.watch_namespaces.empty()) {
    setup.watch_namespaces = {name_space_};
  }
  ++operators_;
  return world_->start_operator(setup);
}

Json BehaviourTest::apply(const std::string& name, const Json& spec) {
  Json object = manifest("SetupKey", name_space_, name);
  object["spec"] = spec;
  Reply made = world_->create(object);
  EXPECT_TRUE(made.ok) << made.problem;
  names_.push_back(name);
  uids_[name] = text_at(made.body, {"metadata", "uid"});
  return std::move(made.body);
}

void BehaviourTest::edit(const std::string& name, const Json& spec_change) {
  const Reply done = world_->patch({"setupkeys", name_space_, name}, {{"spec", spec_change}});
  EXPECT_TRUE(done.ok) << done.problem;
}

void BehaviourTest::annotate(const std::string& name, const std::string& annotation,
                             const Json& value) {
  const Reply done = world_->patch({"setupkeys", name_space_, name},
                                   {{"metadata", {{"annotations", {{annotation, value}}}}}});
  EXPECT_TRUE(done.ok) << done.problem;
}

void BehaviourTest::rotate(const std::string& name, const std::string& value) {
  annotate(name, std::string(kube::kRotateAnnotation), value);
}

void BehaviourTest::remove(const std::string& name) {
  const Reply done = world_->remove({"setupkeys", name_space_, name});
  EXPECT_TRUE(done.ok) << done.problem;
}

void BehaviourTest::create_secret(const std::string& name, const Json& string_data,
                                  const Json& labels) {
  Json object = manifest("Secret", name_space_, name);
  object["stringData"] = string_data;
  if (!labels.empty()) object["metadata"]["labels"] = labels;
  const Reply made = world_->create(object);
  EXPECT_TRUE(made.ok) << made.problem;
}

void BehaviourTest::patch_secret(const std::string& name, const Json& change) {
  const Reply done = world_->patch({"secrets", name_space_, name}, change);
  EXPECT_TRUE(done.ok) << done.problem;
}

void BehaviourTest::remove_secret(const std::string& name) {
  const Reply done = world_->remove({"secrets", name_space_, name});
  EXPECT_TRUE(done.ok) << done.problem;
}

std::string BehaviourTest::add_group(const std::string& name) {
  const std::string id = world_->add_group(group_name(name));
  groups_.push_back(id);
  return id;
}

Json BehaviourTest::resource(const std::string& name) {
  return world_->get({"setupkeys", name_space_, name}).value_or(Json());
}

ConditionView BehaviourTest::condition(const std::string& name, const std::string& type) {
  const Json object = resource(name);
  for (const Json& c : at_path(object, {"status", "conditions"})) {
    if (c.at("type") != type) continue;
    return {c.at("status"), c.at("reason"), c.at("message"), c.at("lastTransitionTime")};
  }
  return {};
}

Json BehaviourTest::secret(const std::string& name) {
  return world_->get({"secrets", name_space_, name}).value_or(Json());
}

std::string BehaviourTest::secret_value(const std::string& name, const std::string& entry) {
  const Json object = secret(name);
  const auto plain = base::base64_decode(text_at(object, {"data", entry}));
  if (!plain || plain->empty()) return "";
  const std::string value(plain->reveal());
  // Keys are long; a template's short entries are not secret.
  if (value.size() >= 30) seen_secrets_.insert(value);
  return value;
}

std::string BehaviourTest::secret_digest(const std::string& name) {
  return base::sha256_hex(secret_value(name));
}

std::string BehaviourTest::annotation_of_secret(const std::string& name,
                                                const std::string& annotation) {
  return text_at(secret(name), {"metadata", "annotations", annotation});
}

std::vector<Json> BehaviourTest::events(const std::string& reason) {
  std::vector<Json> out;
  for (Json& event : world_->list("events", name_space_)) {
    if (text_at(event, {"reason"}) == reason) out.push_back(std::move(event));
  }
  return out;
}

std::vector<Json> BehaviourTest::keys(const std::string& name) {
  const std::string mark = mark_of(uids_[name]);
  std::vector<Json> out;
  for (Json& found : world_->netbird_keys()) {
    if (text_at(found, {"name"}).find(mark) != std::string::npos) out.push_back(std::move(found));
  }
  return out;
}

Json BehaviourTest::key(const std::string& name, const std::string& id) {
  for (Json& found : keys(name)) {
    if (found.at("id") == id) return std::move(found);
  }
  return nullptr;
}

std::string BehaviourTest::active_key(const std::string& name) {
  return text_at(status(name), {"keyID"});
}

std::int64_t BehaviourTest::revision(const std::string& name) {
  return number_at(status(name), {"revision"});
}

int BehaviourTest::requests_like(const std::string& pattern) {
  const std::regex expression(pattern);
  const std::vector<Request> all = world_->requests();
  return static_cast<int>(std::count_if(all.begin(), all.end(), [&](const Request& request) {
    return std::regex_search(request.line, expression);
  }));
}

void BehaviourTest::add_fault(FaultKind kind, const std::string& pattern, int first, int times) {
  Fault fault;
  fault.kind = kind;
  fault.pattern = pattern;
  fault.first = first;
  fault.times = times;
  world_->add_fault(fault, std::max(0, operators_ - 1));
}

void BehaviourTest::answer_with(int status_code, const std::string& pattern, int times,
                                const std::string& body) {
  Fault fault;
  fault.status = status_code;
  fault.pattern = pattern;
  fault.times = times;
  fault.body = body;
  world_->add_fault(fault, std::max(0, operators_ - 1));
}

std::string BehaviourTest::explain() {
  std::string out;
  for (const std::string& name : names_) {
    out += "\nSetupKey " + name + ": " + resource(name).dump() + "\nkeys:";
    for (const Json& found : keys(name)) out += " " + found.dump();
  }
  if (world_->has_faults()) {
    const std::vector<Request> all = world_->requests();
    const std::size_t from = all.size() > 40 ? all.size() - 40 : 0;
    out += "\nlast requests:";
    for (std::size_t i = from; i < all.size(); ++i) {
      out += "\n  " + all[i].line + " -> " + std::to_string(all[i].status);
    }
  }
  const std::string log = world_->log_text();
  out += "\nlog: " + log.substr(log.size() > kLogTail ? log.size() - kLogTail : 0);
  return out;
}

testing::AssertionResult BehaviourTest::await(const std::string& what,
                                              const std::function<bool()>& predicate) {
  if (world_->until(predicate, world_->patience())) return testing::AssertionSuccess();
  return testing::AssertionFailure() << "did not come about: " << what << explain();
}

testing::AssertionResult BehaviourTest::await_ready(const std::string& name) {
  return await(name + " is Ready", [&] {
    const Json object = resource(name);
    return condition(name, "Ready").status == "True" &&
           number_at(object, {"status", "observedGeneration"}) ==
               number_at(object, {"metadata", "generation"});
  });
}

testing::AssertionResult BehaviourTest::await_condition(const std::string& name,
                                                        const std::string& type,
                                                        const std::string& wanted,
                                                        const std::string& reason) {
  return await(name + " has " + type + "=" + wanted + " " + reason, [&] {
    const ConditionView seen = condition(name, type);
    return seen.status == wanted && seen.reason == reason;
  });
}

testing::AssertionResult BehaviourTest::await_gone(const std::string& name) {
  return await(name + " is gone", [&] { return resource(name).is_null(); });
}

testing::AssertionResult BehaviourTest::await_revision(const std::string& name,
                                                       std::int64_t at_least) {
  return await(name + " has revision " + std::to_string(at_least), [&] {
    return revision(name) >= at_least && condition(name, "Ready").status == "True";
  });
}

testing::AssertionResult BehaviourTest::stays(const std::string& what,
                                              const std::function<bool()>& predicate) {
  const Milliseconds window =
      world_->has_virtual_time() ? Milliseconds{660'000} : Milliseconds{4'000};
  if (!world_->until([&] { return !predicate(); }, window)) return testing::AssertionSuccess();
  return testing::AssertionFailure() << "did not stay: " << what << explain();
}

bool BehaviourTest::is_whole(const std::string& name) {
  const Json object = resource(name);
  const Json now = at_path(object, {"status"});
  const std::vector<Json> all = keys(name);
  if (condition(name, "Ready").status != "True" || now.contains("claim")) return false;
  if (all.size() != 1 || all[0].at("id") != text_at(now, {"keyID"})) return false;
  const std::string plain = secret_value(name);
  return base::sha256_hex(plain) == text_at(now, {"keyDigest"}) &&
         plain.substr(0, 5) == text_at(all[0], {"key"}).substr(0, 5) &&
         annotation_of_secret(name, std::string(kube::kKeyIdAnnotation)) ==
             text_at(now, {"keyID"}) &&
         annotation_of_secret(name, std::string(kube::kRevisionAnnotation)) ==
             std::to_string(number_at(now, {"revision"}));
}

testing::AssertionResult BehaviourTest::await_whole(const std::string& name) {
  return await(name + " has exactly one key, in Secret and status", [&] { return is_whole(name); });
}

}  // namespace nbkeys::behaviour
