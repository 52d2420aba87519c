#pragma once
// The world that a behaviour test acts in: a Kubernetes API server, a NetBird server and operators.
// One suite runs in three of them: the fakes in process on virtual time, the fakes behind HTTP with
// the real binary, and real servers. A test asks what a world can do and skips where it cannot.

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "fakes/faults.h"
#include "fakes/json.h"

namespace nbkeys::behaviour {

using fakes::Json;
using Milliseconds = std::chrono::milliseconds;

struct Reply {
  bool ok = false;
  std::string problem;  // the server's words where it refused
  Json body;
};

// One object at Kubernetes, by its plural resource name.
struct Ref {
  std::string resource;
  std::string name_space;
  std::string name;
};

struct OperatorSetup {
  bool leader_elect = false;
  std::vector<std::string> watch_namespaces = {};
  std::optional<Milliseconds> resync = std::nullopt;  // none: what suits the world
  int requests_per_minute = 0;
};

struct Request {  // of an operator
  int number = 0;
  std::string line;  // "METHOD /path?query"
  int status = 0;    // 0: no answer
};

class World {
 public:
  virtual ~World() = default;

  // Time can be moved on at will.
  virtual bool has_virtual_time() const = 0;
  // Faults can be armed and the operators' requests are seen.
  virtual bool has_faults() const = 0;
  // Nothing of an earlier test is left in it.
  virtual bool is_fresh() const = 0;

  // Kubernetes, as a person with all rights.
  virtual Reply create(const Json& object) = 0;
  // A merge patch; with `status` of the status subresource.
  virtual Reply patch(const Ref& ref, const Json& change, bool status = false) = 0;
  virtual Reply remove(const Ref& ref) = 0;
  virtual std::optional<Json> get(const Ref& ref) = 0;
  virtual std::vector<Json> list(const std::string& resource, const std::string& name_space) = 0;

  // NetBird, as its administrator.
  virtual std::vector<Json> netbird_keys() = 0;
  virtual std::string add_group(const std::string& name) = 0;
  virtual void remove_group(const std::string& id) = 0;
  virtual void delete_key(const std::string& id) = 0;
  virtual void revoke_key(const std::string& id) = 0;
  // A peer enrols. REQUIRES: can_enrol()
  virtual bool enrol(const std::string& plaintext) = 0;
  virtual bool can_enrol() const { return true; }

  // Operators, numbered from 0.
  virtual int start_operator(const OperatorSetup& setup) = 0;
  virtual void kill_operator(int number) = 0;  // as SIGKILL
  virtual int stop_operator(int number) = 0;   // as SIGTERM; the exit code
  virtual void pause_operator(int number) = 0;
  virtual void resume_operator(int number) = 0;
  virtual bool operator_runs(int number) = 0;
  virtual std::string log_text() = 0;
  // What must never show up in a log: the tokens of this world, and keys where it knows them.
  virtual std::vector<std::string> secrets() = 0;

  // REQUIRES has_faults() for all of these. Kills hit the operator of this number.
  virtual void add_fault(fakes::Fault fault, int number = 0) = 0;
  virtual void clear_faults() = 0;
  virtual std::size_t fault_hits() = 0;
  virtual std::vector<Request> requests() = 0;
  virtual void forget_requests() = 0;
  virtual void compact_history(bool http_status) = 0;
  virtual void break_watches() = 0;
  virtual void limit_rate(int per_minute, int burst) = 0;

  // Lets time go by.
  virtual void wait(Milliseconds duration) = 0;
  virtual bool until(const std::function<bool()>& predicate, Milliseconds limit) = 0;
  // How long to wait for what must come about, resync included.
  virtual Milliseconds patience() const = 0;
};

std::unique_ptr<World> make_in_process_world();
std::unique_ptr<World> make_sandbox_world();
std::unique_ptr<World> make_real_world();

// By --world=in-process|sandbox|real or $NBKEYS_WORLD.
std::unique_ptr<World> make_world();
bool choose_world(const std::string& name);

// "setupkeys" for "SetupKey", and the API version of a resource.
std::string resource_of(const std::string& kind);
std::string api_version_of(const std::string& resource);
// The path of an object, or of its collection where the name is empty.
std::string path_of(const Ref& ref);

}  // namespace nbkeys::behaviour
