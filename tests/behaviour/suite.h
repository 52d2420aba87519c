#pragma once
// The fixture of the behaviour tests: a world, a namespace of the test's own, and the words in
// which tests say what a person does and sees. After each test nothing that was ever secret may be
// found in logs, events or status.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "behaviour/world.h"

namespace nbkeys::behaviour {

using fakes::Fault;
using fakes::FaultKind;

// Every call of NetBird's API, in the patterns of faults and counts.
inline constexpr char kNetBirdCalls[] = " /api/(setup-keys|groups|users)";

struct ConditionView {
  std::string status;  // empty: not there
  std::string reason;
  std::string message;
  std::string since;
};

class BehaviourTest : public testing::Test {
 protected:
  void SetUp() override;
  void TearDown() override;

  World& world() { return *world_; }
  const std::string& name_space() const { return name_space_; }
  // Starts an operator for this test's namespace.
  int start(OperatorSetup setup = {});

  // What a person does.
  Json apply(const std::string& name, const Json& spec = Json::object());
  void edit(const std::string& name, const Json& spec_change);
  void annotate(const std::string& name, const std::string& annotation, const Json& value);
  void rotate(const std::string& name, const std::string& value);
  void remove(const std::string& name);
  void create_secret(const std::string& name, const Json& string_data,
                     const Json& labels = Json::object());
  void patch_secret(const std::string& name, const Json& change);
  void remove_secret(const std::string& name);
  // A group at NetBird whose name no other test uses; returns its id.
  std::string add_group(const std::string& name);
  std::string group_name(const std::string& name) const { return name_space_ + "-" + name; }

  // What a person sees. Null where there is nothing.
  Json resource(const std::string& name);
  Json status(const std::string& name) { return fakes::at_path(resource(name), {"status"}); }
  ConditionView condition(const std::string& name, const std::string& type);
  Json secret(const std::string& name);
  // The key in the Secret, in plain text.
  std::string secret_value(const std::string& name, const std::string& entry = "setup-key");
  // Its SHA-256, by which keys are compared without a failed test printing them.
  std::string secret_digest(const std::string& name);
  std::string annotation_of_secret(const std::string& name, const std::string& annotation);
  std::vector<Json> events(const std::string& reason);

  // The keys at NetBird that carry the mark of this resource, now or once.
  std::vector<Json> keys(const std::string& name);
  Json key(const std::string& name, const std::string& id);
  std::string active_key(const std::string& name);
  std::int64_t revision(const std::string& name);

  // How many requests of operators match, by a regular expression on "METHOD /path".
  int requests_like(const std::string& pattern);
  int posts() { return requests_like("^POST /api/setup-keys$"); }

  void add_fault(FaultKind kind, const std::string& pattern, int first = 1, int times = 1);
  void answer_with(int status, const std::string& pattern, int times = 0,
                   const std::string& body = "{}");

  // Waiting, with the reason why it failed.
  testing::AssertionResult await(const std::string& what, const std::function<bool()>& predicate);
  testing::AssertionResult await_ready(const std::string& name);
  testing::AssertionResult await_condition(const std::string& name, const std::string& type,
                                           const std::string& status, const std::string& reason);
  testing::AssertionResult await_gone(const std::string& name);
  testing::AssertionResult await_revision(const std::string& name, std::int64_t at_least);
  // Holds for as long as a resync and a bit take.
  testing::AssertionResult stays(const std::string& what, const std::function<bool()>& predicate);
  // The whole of what must hold at rest: one key at NetBird, known to status and Secret alike.
  testing::AssertionResult await_whole(const std::string& name);

 private:
  bool is_whole(const std::string& name);
  std::string explain();
  void check_for_leaks();
  void clean_up();

  std::unique_ptr<World> world_;
  std::string name_space_;
  std::vector<std::string> names_;
  std::map<std::string, std::string> uids_;
  std::vector<std::string> groups_;
  std::set<std::string> seen_secrets_;
  int operators_ = 0;
};

}  // namespace nbkeys::behaviour
