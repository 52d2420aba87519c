#include "engine/queue.h"

namespace nbkeys::engine {

// Its turn is the one with the next ticket.
void Queue::enqueue(Place& place) {
  if (place.ticket == 0) ++ready_count_;
  place.ticket = ++pushed_;
}

void Queue::drop_if_empty(Places::iterator place) {
  if (place->second.ticket == 0 && !place->second.wake) places_.erase(place);
}

void Queue::push(const kube::ObjectRef& ref) {
  Place& place = places_[ref];
  if (place.ticket != 0) return;
  enqueue(place);
  ready_.push_back({ref, pushed_, now_});
}

void Queue::push_front(const kube::ObjectRef& ref) {
  enqueue(places_[ref]);
  ready_.push_front({ref, pushed_, now_});
}

void Queue::wake(const kube::ObjectRef& ref, base::Instant at) {
  const auto entry = places_.try_emplace(ref).first;
  std::optional<Wake>& wake = entry->second.wake;
  if (wake) {
    if (wake->first == at) return;
    wakes_.erase(*wake);
  }
  wake = {at, ++wake_count_};
  wakes_.emplace(*wake, &entry->first);
}

void Queue::forget(const kube::ObjectRef& ref) {
  if (const auto known = places_.find(ref); known != places_.end()) {
    if (known->second.wake) wakes_.erase(*known->second.wake);
    known->second.wake.reset();
    drop_if_empty(known);
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
    const kube::ObjectRef& due = *wakes_.begin()->second;
    wakes_.erase(wakes_.begin());
    places_.find(due)->second.wake.reset();
    push(due);
  }
  while (!ready_.empty()) {
    Turn turn = std::move(ready_.front());
    ready_.pop_front();
    const auto place = places_.find(turn.ref);
    if (place == places_.end() || place->second.ticket != turn.ticket) continue;
    place->second.ticket = 0;
    --ready_count_;
    drop_if_empty(place);
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
