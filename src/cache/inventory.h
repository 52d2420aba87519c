#pragma once
// What one account holds at NetBird: one list of all keys serves every SetupKey. Keys that carry a
// mark are kept by owner; others are only counted. Changes that this process made since a list was
// asked for outlive it. Lists lie: a replica is behind, a cache or a proxy answers for somebody
// else. So what a list shows is believed at once, and what it no longer shows with care.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/linked_hash_map.h"
#include "base/time.h"
#include "kube/ticket_word.h"
#include "netbird/setup_key.h"

namespace nbkeys::cache {

struct MarkedKey {
  netbird::Key key;
  std::uint32_t revision = 0;
  kube::TicketWord ticket = {};  // of its mark
  base::Instant changed_at;      // when this process last learnt of it by its own call
  std::uint32_t list = 0;        // the number of the last list that had it; 0: none yet
  std::optional<base::Instant> missing_since;  // the first list in a row without it
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

  // A key that an earlier list had is gone with the first list without it, unless many are missing
  // at once or the list is empty: that is believed when a list kDoubt later says so again. A key
  // that no list has shown yet (made here, and lists lag) is gone when two lists kLag apart lack
  // it.
  static constexpr base::Duration kDoubt{30'000}, kLag{60'000};
  void replace(std::vector<netbird::Key> keys, SnapshotTime began);
  // When the next list would settle what the last one left in doubt; nothing where it left none.
  const std::optional<base::Instant>& settled_at() const { return settled_at_; }
  // A list that can be believed no longer has the key with this id, which it or an earlier one had.
  bool gone(const std::string& id) const { return gone_.contains(id); }
  // The answer of a call of ours that was answered at `at`.
  void put(const netbird::Key& key, base::Instant at);
  void erase(const std::string& owner, const std::string& id, base::Instant at);
  // NetBird itself says that there is no such key (or no such token): the next list without it is
  // believed, also where no list has shown it yet.
  void denied(const std::string& owner, const std::string& id);

  const std::optional<SnapshotTime>& snapshot() const { return snapshot_; }
  // When the youngest key of ours was made that a list has shown. A key made well before that is
  // not missing from the lists because they are behind.
  const std::optional<base::WallTime>& youngest_shown() const { return youngest_shown_; }
  // The list before the last one.
  const std::optional<base::Instant>& before() const { return before_; }
  std::size_t total() const { return total_; }
  std::size_t marked() const { return marked_; }  // of total: those with a mark
  void clear();

  // All that it knows of one owner, and what decides about the next list: so a process can be put
  // together again from a small value. A key that some list has shown has the number 1.
  struct Image {
    std::vector<MarkedKey> keys;
    std::map<std::string, base::Instant> erased, gone;
    std::optional<SnapshotTime> snapshot;
    std::optional<base::Instant> before;
  };
  Image image(const std::string& owner) const;
  void restore(const std::string& owner, Image image);

 private:
  bool unlisted(const MarkedKey& key, base::Instant began) const;
  bool believed(const MarkedKey& key, bool mass, base::Instant began) const;
  void doubt(MarkedKey& key, base::Instant began);
  bool mass(base::Instant began) const;
  void drop_unlisted(base::Instant began);
  void shown(const netbird::Key& key);

  // Spread already: the digits are those of a hash.
  struct OwnerHash {
    std::size_t operator()(std::uint64_t owner) const { return owner; }
  };

  // By owner, as the number that its 16 hex digits are.
  base::LinkedHashMap<std::uint64_t, std::vector<MarkedKey>, OwnerHash> by_owner_;
  std::map<std::string, base::Instant>
      erased_;               // by id: deleted here; a list that is behind must not bring it back
  std::uint32_t lists_ = 0;  // how many there were
  std::size_t total_ = 0, marked_ = 0;
  std::optional<SnapshotTime> snapshot_;
  std::optional<base::WallTime> youngest_shown_;
  std::optional<base::Instant> before_, settled_at_;
  std::map<std::string, base::Instant> gone_;  // by id; kept for as long as somebody may ask
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
