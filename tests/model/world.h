#pragma once
// The shared world as one small value: a cluster with the history of its two objects as far back as
// somebody may still see it, requests that land later and two processes; perhaps a copy of it;
// NetBird's keys, in one account or in two; and what may still go wrong. And the servers: a request
// comes in, the world changes, an answer goes out.

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "model/process.h"

namespace nbkeys::model {

// How often each kind of trouble may still happen.
struct Budget {
  int faults = 0, crashes = 0, starts = 0, user = 0, netbird = 0, seconds = 0, hours = 0;
  int copies = 0;  // of the cluster
  int tokens = 0;  // of the other account, each in the place of the one before
};

struct Cluster {
  int side = 0;                  // 0: the first one, 1: its copy
  std::vector<KeyVersion> keys;  // oldest that may still be seen first, the present one last
  std::vector<SecretVersion> secrets;
  struct Late {
    Request request;
    int sent_at = 0;
    bool operator==(const Late&) const = default;
  };
  std::vector<Late> late;
  std::array<int, 2> processes{};  // in the table of processes

  // For the checks alone.
  std::uint32_t posted = 0;      // revisions that a process has sent a POST for
  std::uint32_t by_hand = 0;     // keys that a person at NetBird, or the other side, has ended
  std::uint32_t in_overlap = 0;  // were in use, were replaced, and their overlap is not over
  int revoked_in_use = 0;        // a person revoked the key in use, and nobody asked for another
  bool revoke_asked = false;
  int secrets_made = 0;

  bool gone() const { return keys.back().content == 0; }
  bool deleting() const {
    return gone() || objects().key_content(keys.back().content).meta.deleting.has_value();
  }
  const kube::KeyStatus& status() const {
    return objects().key_content(keys.back().content).status;
  }
};

// All that stands in it is one side's; of a copied cluster the other side stands in `other`.
struct State : Cluster {
  std::vector<NetbirdKey> netbird;  // in the account to which the token belongs
  Budget left;
  int clock = 0;  // seconds
  std::optional<Cluster> other;
  // Keys up to this revision were claimed before the copy was made, and are known to both.
  int shared = 0;
  bool has_accounts = false;          // there are two, and NetBird says which one it is
  int account = 0;                    // to which the token belongs
  std::vector<NetbirdKey> elsewhere;  // in the other one

  // For the checks alone.
  std::uint32_t killed = 0;  // keys that are deleted or revoked at NetBird
};

// The other side takes its turn. REQUIRES: there is one
void change_sides(State& state);
// The token of the other account takes the place of this one.
void change_accounts(State& state);
// Made by this side, or before there were two.
bool is_ours(const State& state, int key);
// An older copy is one whose process starts later. REQUIRES: there is none yet
void copy_cluster(State& state);

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
