#include "engine/queue.h"

namespace nbkeys::engine {

void Queue::push(const kube::ObjectRef& ref) {
  if (!in_ready_.emplace(ref, pushed_ + 1).second) return;
  ready_.push_back({ref, ++pushed_, now_});
}

void Queue::push_front(const kube::ObjectRef& ref) {
  in_ready_[ref] = ++pushed_;
  ready_.push_front({ref, pushed_, now_});
}

void Queue::wake(const kube::ObjectRef& ref, base::Instant at) {
  const auto [entry, fresh] = wake_of_.try_emplace(ref);
  if (!fresh) {
    if (entry->second.first == at) return;
    wakes_.erase(entry->second);
  }
  entry->second = {at, ++wake_count_};
  wakes_.emplace(entry->second, &entry->first);
}

void Queue::forget(const kube::ObjectRef& ref) {
  if (const auto known = wake_of_.find(ref); known != wake_of_.end()) {
    wakes_.erase(known->second);
    wake_of_.erase(known);
  }
  unpark(ref);
}

void Queue::unpark(const kube::ObjectRef& ref) {
  const auto known = parked_of_.find(ref);
  if (known == parked_of_.end()) return;
  parked_.erase({known->second, ref});
  parked_of_.erase(known);
}

void Queue::clear() {
  Queue empty;
  empty.now_ = now_;
  empty.pushed_ = pushed_;
  *this = std::move(empty);
}

void Queue::park(const kube::ObjectRef& ref, Priority priority) {
  const auto known = parked_of_.find(ref);
  // Whoever waits keeps the place, however often events give it a turn in between.
  if (known != parked_of_.end() && known->second.first == priority) return;
  unpark(ref);
  const std::pair place{priority, ++parked_count_};
  parked_of_.emplace(ref, place);
  parked_.insert({place, ref});
}

bool Queue::release_one() {
  if (parked_.empty()) return false;
  const kube::ObjectRef ref = parked_.begin()->second;
  unpark(ref);
  push_front(ref);
  return true;
}

std::optional<kube::ObjectRef> Queue::pop(base::Instant now) {
  while (!wakes_.empty() && wakes_.begin()->first.first <= now) {
    const auto entry = wake_of_.find(*wakes_.begin()->second);
    wakes_.erase(wakes_.begin());
    push(entry->first);
    wake_of_.erase(entry);
  }
  while (!ready_.empty()) {
    Turn turn = std::move(ready_.front());
    ready_.pop_front();
    const auto counts = in_ready_.find(turn.ref);
    if (counts == in_ready_.end() || counts->second != turn.ticket) continue;
    in_ready_.erase(counts);
    last_wait_ = now - turn.since;
    return std::move(turn.ref);
  }
  return std::nullopt;
}

std::optional<base::Instant> Queue::next_at() const {
  if (wakes_.empty()) return std::nullopt;
  return wakes_.begin()->first.first;
}

}  // namespace nbkeys::engine
