#pragma once
// Which SetupKeys want a turn: keys only, each at most once, now or not before a moment.

#include <deque>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "base/linked_hash_map.h"
#include "base/time.h"
#include "kube/meta.h"

namespace nbkeys::engine {

class Queue {
 public:
  Queue() = default;
  // Moves only: its wake-ups point into itself.
  Queue(Queue&&) = default;
  Queue& operator=(Queue&&) = default;

  void push(const kube::ObjectRef& ref);
  // Goes before all others, also when it waits already: a SetupKey in the middle of its steps is
  // finished first, before what it has found out grows old.
  void push_front(const kube::ObjectRef& ref);
  // Replaces an earlier wake-up of the same key.
  void wake(const kube::ObjectRef& ref, base::Instant at);
  void forget(const kube::ObjectRef& ref);
  void clear();
  // The moment that counts for whatever is pushed from now on.
  void set_now(base::Instant now) { now_ = now; }

  std::optional<kube::ObjectRef> pop(base::Instant now);
  std::optional<base::Instant> next_at() const;
  // For metrics: how many were pushed so far, and how long the last one popped had waited.
  std::uint64_t pushed() const { return pushed_; }
  base::Duration last_wait() const { return last_wait_; }
  bool has_ready() const { return ready_count_ > 0; }
  std::size_t depth() const { return ready_count_; }

 private:
  // When, and a number that no other has: ties are told without looking at names.
  using Wake = std::pair<base::Instant, std::uint64_t>;

  // What is known of one key; gone when there is nothing. The others point here, so that a name is
  // kept, and looked for, once.
  struct Place {
    std::uint64_t ticket = 0;  // of the turn that counts, others are passed over; 0: waits for none
    std::size_t turns = 0;     // in line, whether they count or not
    std::optional<Wake> wake;
  };
  using Places = base::LinkedHashMap<kube::ObjectRef, Place, kube::ObjectRefHash>;
  struct Turn {
    Places::value_type* place = nullptr;
    std::uint64_t ticket = 0;
    base::Instant since;
  };
  Turn turn_of(Places::value_type& place);
  void line_up(Places::value_type& place);
  void drop_if_empty(const Places::value_type& place);

  std::optional<Turn> next_turn();

  std::deque<Turn> first_;  // in the middle of their steps
  // The others by namespace, and the namespaces in turn, so that none keeps the others waiting.
  std::map<std::string, std::deque<Turn>> ready_;
  std::deque<std::string> namespaces_;
  std::size_t ready_count_ = 0;  // without turns that do not count
  Places places_;
  std::map<Wake, Places::value_type*> wakes_;
  std::uint64_t wake_count_ = 0;
  base::Instant now_;
  std::uint64_t pushed_ = 0;
  base::Duration last_wait_{0};
};

}  // namespace nbkeys::engine
