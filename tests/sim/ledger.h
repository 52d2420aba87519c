#pragma once
// The checkers' own view of the world: made from the requests that reached NetBird and from the
// objects that Kubernetes stored, never from what the fakes or the engine think.

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "fakes/json.h"
#include "fakes/kube_store.h"
#include "io/http.h"

namespace nbkeys::sim {

using fakes::Json;

constexpr int kPerson = -1;  // who acts, where it is no replica

struct Act {
  base::Now at;
  int by = kPerson;
  const io::HttpRequest& request;
  base::WallTime own_clock{};  // what the sender's own clock says
  std::string account = {};    // to which NetBird's token belongs
};

struct Mark {
  std::string owner;
  std::uint64_t revision = 0;
  std::string ticket = {};
};
// " ~<8 letters> [k8s-<16 hex>-r<number>]" at the end of a name; nothing for anything else.
std::optional<Mark> mark_in(std::string_view name);
std::string owner_of_uid(const std::string& uid);

struct IssuedKey {
  std::string id;
  std::string plaintext;
  Mark mark;  // without an owner: a key of somebody else
  base::Instant issued_at;
  std::optional<base::Instant> gone_at;
  bool deleted_by_operator = false;
  bool revoked = false;
  bool revoked_by_person = false;
  std::string account = {};  // in which it was made
  bool of_a_copy = false;    // with our mark, and made by nobody here: a copy of the cluster did
};

struct KnownSetupKey {
  std::string name_space, name, uid;
  fakes::Object last;  // as last stored; still here when it is gone
  bool gone = false;
  bool vanished =
      false;  // although the operator had not let it go: the cluster's state was put back
  std::optional<base::Instant> rotate_asked;      // when the annotation's value was last set
  std::map<std::string, base::Instant> asked_at;  // by that value
  // Of a replaced key, by its id: when its overlap is over at the latest, while machines are awake,
  // however clocks are set.
  std::map<std::string, base::Instant> overlap_over;
  std::optional<base::Instant> revoked_seen;  // when spec.revoked was last true
  bool revocation_lost = false;  // spec.revoked was true, until the cluster's state was put back
};

struct KnownSecret {
  fakes::Object last;
  bool made_by_operator = false;
  bool key_by_operator = false;  // the entry with the key was last written by an operator
  std::string key;               // its plaintext
  std::string carried_before;    // the key that it carried until `changed_at`
  base::Instant changed_at;
};

class Ledger {
 public:
  void object_changed(base::Now at, int by, const std::string& resource,
                      const fakes::Object& before, const fakes::Object& after);
  // A request that NetBird has carried out or refused.
  void netbird_answered(const Act& act, const io::HttpResponse& response);

  const IssuedKey* key(const std::string& id) const;
  const IssuedKey* key_of_plaintext(const std::string& plaintext) const;
  const std::map<std::string, IssuedKey>& keys() const { return keys_; }
  const KnownSetupKey* setup_key(const std::string& uid) const;
  const KnownSetupKey* setup_key_of_owner(const std::string& owner) const;
  const std::map<std::string, KnownSetupKey>& setup_keys() const { return setup_keys_; }
  // The Secret in this place; null where there is none.
  const KnownSecret* secret(const std::string& name_space, const std::string& name) const;
  // The Secret that a SetupKey names, and whether it belongs to it.
  const KnownSecret* secret_of(const KnownSetupKey& of) const;
  // The plaintext of the newest key in it; an entry that an earlier spec named may still hold an
  // older one.
  std::string key_in(const Json& secret) const;
  static bool belongs(const Json& secret, const std::string& uid);
  // Of two accounts the one whose keys are looked at when all has come to rest.
  void set_home(std::string account) { home_ = std::move(account); }
  bool elsewhere(const IssuedKey& key) const { return key.account != home_; }
  const std::vector<std::string>& secrets_ever() const { return plaintexts_; }
  // Something else that must never show: a token.
  void add_secret_text(std::string text) { plaintexts_.push_back(std::move(text)); }

 private:
  void setup_key_changed(base::Now at, const fakes::Object& before, const fakes::Object& after);
  void secret_changed(base::Now at, int by, const fakes::Object& before,
                      const fakes::Object& after);

  std::map<std::string, IssuedKey> keys_;            // by id
  std::map<std::string, std::string> by_plaintext_;  // plaintext -> id
  std::map<std::string, KnownSetupKey> setup_keys_;  // by uid
  std::map<std::string, std::string> owners_;        // owner -> uid
  std::map<std::string, KnownSecret> secrets_;       // by namespace/name
  std::vector<std::string> plaintexts_;
  std::string home_;
};

std::string spec_text(const Json& setup_key, const char* field, const std::string& otherwise);
std::string secret_name_of(const Json& setup_key);
std::optional<base::WallTime> time_in(const Json& value, const char* field);

}  // namespace nbkeys::sim
