#pragma once
// What one account holds at NetBird: one list of all keys serves every SetupKey. Keys that carry a
// mark are kept by owner; others are only counted. Changes that this process made since a list was
// asked for outlive it.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/linked_hash_map.h"
#include "base/time.h"
#include "netbird/setup_key.h"

namespace nbkeys::cache {

struct MarkedKey {
  netbird::Key key;
  std::uint32_t revision = 0;
  base::Instant changed_at;  // when this process last learnt of it by its own call
  std::uint32_t list = 0;    // the number of the last list that had it
};

// When the request of the last whole list was sent.
struct SnapshotTime {
  base::Instant mono;
  base::WallTime wall;
};

class Inventory {
 public:
  // The keys with this owner's mark, in no particular order; empty where there are none.
  const std::vector<MarkedKey>& keys_of(const std::string& owner) const;

  void replace(std::vector<netbird::Key> keys, SnapshotTime began);
  // The answer of a call of ours that was answered at `at`.
  void put(const netbird::Key& key, base::Instant at);
  void erase(const std::string& owner, const std::string& id, base::Instant at);

  const std::optional<SnapshotTime>& snapshot() const { return snapshot_; }
  std::size_t total() const { return total_; }
  std::size_t marked() const { return marked_; }  // of total: those with a mark
  void clear();

 private:
  void drop_unlisted(base::Instant began);

  // Spread already: the digits are those of a hash.
  struct OwnerHash {
    std::size_t operator()(std::uint64_t owner) const { return owner; }
  };

  // By owner, as the number that its 16 hex digits are.
  base::LinkedHashMap<std::uint64_t, std::vector<MarkedKey>, OwnerHash> by_owner_;
  std::map<std::string, base::Instant>
      erased_;               // by id; a list that began before must not bring it back
  std::uint32_t lists_ = 0;  // how many there were
  std::size_t total_ = 0, marked_ = 0;
  std::optional<SnapshotTime> snapshot_;
};

// Groups by name; names need not be unique at NetBird.
class Groups {
 public:
  void replace(const std::vector<netbird::Group>& groups, base::Instant began);
  // Null before the first list. Otherwise the ids of that name, maybe none.
  const std::vector<std::string>* ids_of(const std::string& name) const;
  const std::optional<base::Instant>& began() const { return began_; }
  void clear();

 private:
  std::map<std::string, std::vector<std::string>> by_name_;
  std::optional<base::Instant> began_;
};

}  // namespace nbkeys::cache
