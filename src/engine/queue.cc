#include "engine/queue.h"

namespace nbkeys::engine {

// A new turn, which is the one that counts.
Queue::Turn Queue::turn_of(Places::value_type& place) {
  if (place.second.ticket == 0) ++ready_count_;
  place.second.ticket = ++pushed_;
  ++place.second.turns;
  return {&place, pushed_, now_};
}

void Queue::drop_if_empty(const Places::value_type& place) {
  if (place.second.turns == 0 && !place.second.wake) places_.erase(place.first);
}

// Behind all others of its namespace, unless it waits already.
void Queue::line_up(Places::value_type& place) {
  if (place.second.ticket != 0) return;
  const std::string& name = place.first.name_space;
  std::deque<Turn>& line = ready_[name];
  if (line.empty()) namespaces_.push_back(name);
  line.push_back(turn_of(place));
}

void Queue::push(const kube::ObjectRef& ref) { line_up(*places_.try_emplace(ref).first); }

void Queue::push_front(const kube::ObjectRef& ref) {
  first_.push_front(turn_of(*places_.try_emplace(ref).first));
}

void Queue::wake(const kube::ObjectRef& ref, base::Instant at) {
  Places::value_type& place = *places_.try_emplace(ref).first;
  std::optional<Wake>& wake = place.second.wake;
  if (wake) {
    if (wake->first == at) return;
    wakes_.erase(*wake);
  }
  wake = {at, ++wake_count_};
  wakes_.emplace(*wake, &place);
}

void Queue::forget(const kube::ObjectRef& ref) {
  if (const auto known = places_.find(ref); known != places_.end()) {
    if (known->second.wake) wakes_.erase(*known->second.wake);
    known->second.wake.reset();
    drop_if_empty(*known);
  }
}

void Queue::clear() {
  Queue empty;
  empty.now_ = now_;
  empty.pushed_ = pushed_;
  *this = std::move(empty);
}

std::optional<Queue::Turn> Queue::next_turn() {
  if (!first_.empty()) {
    const Turn turn = first_.front();
    first_.pop_front();
    return turn;
  }
  if (namespaces_.empty()) return std::nullopt;
  std::string name = std::move(namespaces_.front());
  namespaces_.pop_front();
  const auto line = ready_.find(name);
  const Turn turn = line->second.front();
  line->second.pop_front();
  if (line->second.empty()) {
    ready_.erase(line);
  } else {
    namespaces_.push_back(std::move(name));
  }
  return turn;
}

std::optional<kube::ObjectRef> Queue::pop(base::Instant now) {
  while (!wakes_.empty() && wakes_.begin()->first.first <= now) {
    Places::value_type& due = *wakes_.begin()->second;
    wakes_.erase(wakes_.begin());
    due.second.wake.reset();
    line_up(due);
  }
  while (const auto next = next_turn()) {
    const Turn& turn = *next;
    Place& place = turn.place->second;
    --place.turns;
    const bool counts = place.ticket == turn.ticket;
    std::optional<kube::ObjectRef> out;
    if (counts) {
      place.ticket = 0;
      --ready_count_;
      last_wait_ = now - turn.since;
      out = turn.place->first;
    }
    drop_if_empty(*turn.place);
    if (counts) return out;
  }
  return std::nullopt;
}

std::optional<base::Instant> Queue::next_at() const {
  if (wakes_.empty()) return std::nullopt;
  return wakes_.begin()->first.first;
}

}  // namespace nbkeys::engine
