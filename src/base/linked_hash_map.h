#pragma once
// A hash map that iterates in the order of insertion: as quick to look into with 100,000 entries
// as with ten, and what follows from its order is reproducible. Addresses of entries stay valid
// until they are erased.

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <list>
#include <tuple>
#include <utility>
#include <vector>

namespace nbkeys::base {

// Hash spreads keys over the low bits of the size_t that it gives.
template <typename Key, typename Value, typename Hash>
class LinkedHashMap {
  using Entries = std::list<std::pair<const Key, Value>>;

 public:
  using value_type = typename Entries::value_type;
  using iterator = typename Entries::iterator;
  using const_iterator = typename Entries::const_iterator;

  LinkedHashMap() = default;
  // Moves only: the slots point at the entries.
  LinkedHashMap(LinkedHashMap&&) = default;
  LinkedHashMap& operator=(LinkedHashMap&&) = default;

  iterator begin() { return entries_.begin(); }
  iterator end() { return entries_.end(); }
  const_iterator begin() const { return entries_.begin(); }
  const_iterator end() const { return entries_.end(); }
  std::size_t size() const { return entries_.size(); }
  bool empty() const { return entries_.empty(); }

  iterator find(const Key& key) {
    if (empty()) return end();
    const Slot& slot = slots_[probe(key, mark_of(key))];
    return slot.mark == kFree ? end() : slot.entry;
  }
  const_iterator find(const Key& key) const {
    if (empty()) return end();
    const Slot& slot = slots_[probe(key, mark_of(key))];
    return slot.mark == kFree ? end() : const_iterator(slot.entry);
  }
  bool contains(const Key& key) const { return find(key) != end(); }

  // The entry, and whether it is new; `args` make the value of a new one.
  template <typename... Args>
  std::pair<iterator, bool> try_emplace(const Key& key, Args&&... args) {
    if (size() * 4 >= slots_.size() * 3) grow();
    const std::uint64_t mark = mark_of(key);
    Slot& slot = slots_[probe(key, mark)];
    if (slot.mark != kFree) return {slot.entry, false};
    entries_.emplace_back(std::piecewise_construct, std::forward_as_tuple(key),
                          std::forward_as_tuple(std::forward<Args>(args)...));
    slot = {mark, std::prev(entries_.end())};
    return {slot.entry, true};
  }
  Value& operator[](const Key& key) { return try_emplace(key).first->second; }

  // The entry after it.
  iterator erase(iterator entry) {
    free_slot(probe(entry->first, mark_of(entry->first)));
    return entries_.erase(entry);
  }
  // How many went. `key` may be the entry's own.
  std::size_t erase(const Key& key) {
    const iterator found = find(key);
    if (found == end()) return 0;
    erase(found);
    return 1;
  }
  // Gives its slots back, too.
  void clear() { *this = LinkedHashMap(); }

 private:
  static constexpr std::uint64_t kFree = 0;
  struct Slot {
    std::uint64_t mark = kFree;  // the key's hash, with the top bit set
    iterator entry;
  };

  static std::uint64_t mark_of(const Key& key) {
    return static_cast<std::uint64_t>(Hash{}(key)) | std::uint64_t{1} << 63;
  }
  std::size_t mask() const { return slots_.size() - 1; }  // a power of two of slots
  std::size_t after(std::size_t at) const { return (at + 1) & mask(); }

  // The slot of the key, or the free one where it belongs. There is always a free one.
  std::size_t probe(const Key& key, std::uint64_t mark) const {
    std::size_t at = mark & mask();
    while (slots_[at].mark != kFree) {
      if (slots_[at].mark == mark && slots_[at].entry->first == key) break;
      at = after(at);
    }
    return at;
  }

  void grow() {
    constexpr std::size_t kSlotsMin = 16;
    std::vector<Slot> old(slots_.empty() ? kSlotsMin : slots_.size() * 2);
    old.swap(slots_);
    for (const Slot& slot : old) {
      if (slot.mark == kFree) continue;
      std::size_t at = slot.mark & mask();
      while (slots_[at].mark != kFree) at = after(at);
      slots_[at] = slot;
    }
  }

  // Closes the gap: moves up each follower that it would cut off from where its probing begins.
  void free_slot(std::size_t gap) {
    for (std::size_t at = after(gap); slots_[at].mark != kFree; at = after(at)) {
      const std::size_t from_home = (at - slots_[at].mark) & mask();
      if (from_home < ((at - gap) & mask())) continue;
      slots_[gap] = slots_[at];
      gap = at;
    }
    slots_[gap] = {};
  }

  Entries entries_;
  std::vector<Slot> slots_;  // stay as many as the most entries needed, until all is cleared
};

}  // namespace nbkeys::base
