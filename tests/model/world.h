#pragma once
// The shared world as one small value: the history of the two objects as far back as somebody may
// still see it, NetBird's keys, requests that land later, two processes, and what may still go
// wrong. And the servers: a request comes in, the world changes, an answer goes out.

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "model/process.h"

namespace nbkeys::model {

// How often each kind of trouble may still happen.
struct Budget {
  int faults = 0, crashes = 0, starts = 0, user = 0, netbird = 0, seconds = 0, hours = 0;
};

struct State {
  std::vector<KeyVersion> keys;  // oldest that may still be seen first, the present one last
  std::vector<SecretVersion> secrets;
  std::vector<NetbirdKey> netbird;
  struct Late {
    Request request;
    int sent_at = 0;
    bool operator==(const Late&) const = default;
  };
  std::vector<Late> late;
  std::array<int, 2> processes{};  // in the table of processes
  Budget left;
  int clock = 0;  // seconds

  // For the checks alone.
  std::uint32_t posted = 0;      // revisions that a process has sent a POST for
  std::uint32_t killed = 0;      // revisions whose key is deleted or revoked at NetBird
  std::uint32_t by_hand = 0;     // of those, by a person at NetBird
  std::uint32_t in_overlap = 0;  // were in use, were replaced, and their overlap is not over
  int revoked_in_use = 0;        // a person revoked the key in use, and nobody asked for another
  bool revoke_asked = false;
  int secrets_made = 0;

  bool gone() const { return keys.back().content == 0; }
  bool deleting() const {
    return gone() || objects().key_content(keys.back().content).meta.deleting.has_value();
  }
};

int intern_process(const Process& process);
const Process& process_of(int id);
int dead_process();
// take_step by numbers. A step depends on nothing but what is given here, so each is run once.
int step_of(int process, const Happening& what, int clock);
void forget_steps();

// A promise that does not hold; empty: all is well.
using Fault = std::string;

Answer serve(State& state, const Request& request, Fault& fault);
bool is_netbird(const Request& request);
bool is_post(const Request& request);

// What holds in every state.
Fault check_state(const State& state);

void put_key_version(State& state, Json object);
void put_secret_version(State& state, const Json* object);
// Cuts what nobody can see any more, and renumbers resource versions by their order.
void normalise(State& state, int lag);
std::string encode(const State& state);

// The SetupKey as a user creates it.
State first_state(const Budget& budget);

}  // namespace nbkeys::model
