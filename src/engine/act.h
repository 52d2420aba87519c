#pragma once
// Action -> one request; its answer -> new facts in the caches and the flight. No decisions in
// here.

#include <optional>
#include <string>

#include "engine/action.h"
#include "engine/world.h"
#include "io/input.h"
#include "io/outbox.h"

namespace nbkeys::engine {

// One request of a SetupKey that is under way.
struct Pending {
  kube::ObjectRef ref;
  std::string uid;
  std::string owner;     // of the mark
  std::string settings;  // of CreateKey: digest of the settings that the key is made with
  Action action;
  bool same_term =
      true;  // false: leadership was lost since, so only the caches may learn from the answer
  base::Instant sent_at;
  std::string version;               // resourceVersion of the SetupKey as it was known then
  std::uint64_t secret_version = 0;  // of its Secret, as a number
  bool same_history = true;          // false: the API server's state was put back since
};

// REQUIRES: action is not Rest. The request is built from the resource as it was observed.
io::HttpRequest request_for(const Action& action, const Observed& o, const std::string& owner);

// To be called when the request has been handed over: from then on it may happen.
void sent(const Action& action, Flight& flight, base::Instant now);

struct Effect {
  bool done = false;                  // the server says so
  bool reconsider_all = false;        // the account's state changed
  std::optional<base::Error> failed;  // of the SetupKey's own trouble
  bool behind = false;                // the API server shows less than was known when it was asked
};

// Takes the answer in. `out` gets notes only.
Effect apply_answer(const Pending& pending, io::HttpOutcome outcome, base::Now now, World& world,
                    io::Outbox& out);

// Keeps store and index in step. `list_version`: of the list that shows it, if one does.
void put_setup_key(World& world, kube::SetupKey resource, const std::string& list_version = "");
void erase_setup_key(World& world, const kube::ObjectRef& ref, const std::string& version);
// The SetupKeys that may name this Secret; one that is called like it is among them anyway.
std::vector<kube::ObjectRef> owners_of(const World& world, const kube::ObjectRef& secret);

}  // namespace nbkeys::engine
