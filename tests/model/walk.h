#pragma once
// The walk: breadth first through everything that can happen, within a budget of trouble; every
// state is checked, and from every state it is tried out that all comes to rest once trouble ends.

#include <functional>
#include <map>
#include <string>
#include <unordered_set>
#include <vector>

#include "model/world.h"

namespace nbkeys::model {

enum Edit : unsigned {
  kRotate = 1,
  kSpec = 2,
  kRevoke = 4,
  kUnrevoke = 8,
  kDelete = 16,
  kSecretDeleted = 32,
  kSecretAltered = 64,
  kSecretForeign = 128,
};

struct Plan {
  std::string name;
  Budget budget;
  unsigned edits = 0;          // which of the user's
  bool established = false;    // begins with a key that was issued in peace
  bool one_at_a_time = false;  // a process starts only when none of its cluster is alive
  int revisions = 4;           // claims beyond this are not walked
  int lag = 1;                 // how many versions a new process may be behind with each object
  std::size_t states_max = 6'000'000;
};

struct Finding {
  std::string fault;  // empty: none
  std::vector<std::string> trace;
  std::size_t states = 0, transitions = 0, rests = 0;
  double seconds = 0;
  bool cut_short = false;  // states_max was reached
};

Finding walk(const Plan& plan);

// No more trouble, one process: where it ends. `fault` says what is wrong with that.
struct Rest {
  State state;
  Fault fault;
  std::vector<std::string> steps;
};
// States from which all has come to rest rightly, so that paths which meet are walked once.
using Rested = std::unordered_set<std::string>;
Rest come_to_rest(const State& from, bool late_lands, bool fresh_process, Rested* rested = nullptr);

// Remembers what a process has just sent, and checks it.
void note_sent(State& state, bool was_sent_before, const Process& after, Fault& fault);
// Something happens to one process.
void advance(State& state, std::size_t slot, const Happening& what, Fault& fault);
Listed list_of(const State& state);
// All that lead get another token.
void swap_token(State& state, Fault& fault);
// A process whose caches were filled from the versions that lie `key_lag` and `secret_lag` back.
Process started(const State& state, std::size_t key_lag, std::size_t secret_lag);

}  // namespace nbkeys::model
