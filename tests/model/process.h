#pragma once
// One process of the operator as a small value: what its caches hold, its flight, its request under
// way. To take a step it is rebuilt into the engine's own World, the engine's own code runs, and
// the result is made small again. Moments are compressed to their order, since only that matters.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/act.h"
#include "model/objects.h"

namespace nbkeys::model {

struct NetbirdKey {
  int number = 0;
  bool revoked = false;
  netbird::KeyState state = netbird::KeyState::kValid;
  int created = 0;  // the clock's seconds
  bool operator==(const NetbirdKey&) const = default;
};
Json key_json(const NetbirdKey& key, bool with_plaintext);

// What a server answers; `status` 0: nothing, so the outcome is unknown to the process.
struct Answer {
  enum class Body { kNone, kSetupKey, kSecret, kNetbirdKey, kNewNetbirdKey } body = Body::kNone;
  int status = 0;
  KeyVersion key;
  SecretVersion secret;
  NetbirdKey netbird;
};

struct Listed {
  std::vector<NetbirdKey> keys;
  std::uint32_t killed = 0;  // keys that were deleted or revoked before this list: for checks
};

struct Process {
  bool alive = false;
  int side = 0;    // of which cluster
  KeyVersion key;  // the cached SetupKey; content 0: not in the cache
  SecretVersion secret;
  int secret_grave = 0;               // the version at which the watch last showed the Secret's end
  int key_seen = 0, secret_seen = 0;  // how far each watch has come

  engine::AccountState account = engine::AccountState::kUnknown;
  int failed_at = 0;
  int token = 0;  // to which account it belongs
  // What NetBird has said of that: whether it is still to be asked, and what it said the last time.
  bool asks_account = false;
  std::optional<int> account_seen;
  std::optional<cache::SnapshotTime> snapshot;
  std::optional<base::Instant> before;  // when the list before the snapshot began
  struct Known {
    NetbirdKey key;
    base::Instant changed_at;
    std::uint32_t list = 0;
    std::optional<base::Instant> missing_since;
  };
  std::vector<Known> known;
  std::vector<std::pair<int, base::Instant>> erased, gone;  // by the key's number
  std::uint32_t knows_killed = 0;
  bool wants_list = false;
  // A list whose answer is still on its way, and what it will say.
  std::optional<cache::SnapshotTime> list_began;
  Listed list;

  std::shared_ptr<const engine::Flight> flight = std::make_shared<engine::Flight>();

  struct Sent {
    engine::Action action;
    Request request;
    std::string settings;
    // A status write that turns to Ready=True (Issued) for a key whose end was in a list that this
    // process had taken in when it decided.
    bool says_ready_wrongly = false;
    // A claim, made while the key in use was known to be revoked: that key.
    int undoes = 0;
  };
  std::optional<Sent> sent;
};

std::string encode(const Process& process);
// Renumbers resource versions; moments are compressed by take_step already.
struct Renumber {
  std::vector<int> keys, secrets;  // sorted; the new number is the place
  int key(int rv) const;
  int secret(int rv) const;
};
void note_versions(const Process& process, Renumber& into);
void renumber(Process& process, const Renumber& by);

// Everything that can happen to a process; after each it takes its turn, as the engine does.
struct Start {};
struct KeySeen {
  KeyVersion version;
};
struct SecretSeen {
  SecretVersion version;
};
struct ListBegun {
  Listed says;
};
struct ListDone {};
struct ListNow {  // begun and answered
  Listed says;
};
struct Answered {
  Answer answer;
};
struct TimePassed {};
struct TokenChanged {
  int account = 0;
};
struct AccountTold {};  // NetBird says whose the token is
using Happening = std::variant<Start, KeySeen, SecretSeen, ListBegun, ListDone, ListNow, Answered,
                               TimePassed, TokenChanged, AccountTold>;

std::string encode(const Happening& what);

// Of a process that has just started: it asks whose the token is, where there is more than one.
Process begun(bool has_accounts, int side, int token);

bool list_is_due(const Process& process, int clock);
Process take_step(const Process& before, const Happening& what, int clock);

base::WallTime wall_at(int clock);

}  // namespace nbkeys::model
