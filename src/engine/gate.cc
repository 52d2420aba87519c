#include "engine/gate.h"

namespace nbkeys::engine {

bool Gate::open(Needs needs, base::Instant now) {
  if (paused(now) || (needs.place && under_way_ >= window_)) return false;
  return !needs.permit || budget_.available(now);
}

// Each namespace has one place in each round.
std::uint64_t Gate::round_of(int urgency, const std::string& name_space) {
  std::uint64_t& last = last_of_namespace_[{urgency, name_space}];
  last = std::max(last + 1, now_served_[urgency] + 1);
  return last;
}

void Gate::take_out(std::map<Place, Waiting>::iterator at) {
  if (called_ == at->second.who) called_.reset();
  places_.erase(at->second.who);
  line_.erase(at);
  if (!line_.empty()) return;
  now_served_.clear();
  last_of_namespace_.clear();
}

bool Gate::admit(const kube::ObjectRef& who, Needs needs, Priority priority, base::Instant now) {
  const int urgency = needs.permit ? static_cast<int>(priority) : kPaid;
  if (const auto known = places_.find(who); known != places_.end()) {
    if (known->second.urgency != urgency) leave(who);
  }
  const bool in_line = places_.contains(who);
  const bool first =
      line_.empty() || line_.begin()->first.urgency > urgency || line_.begin()->second.who == who;
  if (first && open(needs, now)) {
    if (in_line) leave(who);
    if (needs.permit) {
      budget_.take(now);
      own_was_last_ = false;
    }
    return true;
  }
  if (called_ == who) called_.reset();
  if (in_line) return false;  // keeps its place, however often events give it a turn in between
  const Place place{urgency, round_of(urgency, who.name_space), ++count_};
  places_.try_emplace(who, place);
  line_.emplace(place, Waiting{who, needs});
  return false;
}

void Gate::leave(const kube::ObjectRef& who) {
  const auto known = places_.find(who);
  if (known != places_.end()) take_out(line_.find(known->second));
}

std::optional<kube::ObjectRef> Gate::call(base::Instant now) {
  if (line_.empty()) return std::nullopt;
  const auto& [place, first] = *line_.begin();
  if (called_ == first.who || !open(first.needs, now)) return std::nullopt;
  now_served_[place.urgency] = place.round;
  called_ = first.who;
  return called_;
}

std::optional<base::Instant> Gate::next_at(base::Instant now) {
  if (line_.empty()) return std::nullopt;
  if (paused(now)) return pause_until_;
  const Needs needs = line_.begin()->second.needs;
  if (needs.permit && !budget_.available(now)) return budget_.next_at(now);
  return std::nullopt;  // an answer makes room
}

bool Gate::admit_own(Priority priority, bool overdue, base::Instant now) {
  if (paused(now)) return false;
  const bool others_first =
      !line_.empty() && line_.begin()->first.urgency <= static_cast<int>(priority);
  // An overdue list goes before others once, and then it is their turn.
  if (others_first && (!overdue || own_was_last_)) return false;
  const int left = priority == Priority::kList && !overdue ? 2 : 1;
  if (!budget_.available(now, left) || !budget_.take(now)) return false;
  own_was_last_ = true;
  return true;
}

base::Instant Gate::own_next_at(base::Instant now) {
  // Behind others: it is their turn first, however long that takes.
  constexpr base::Duration kBehind{1'000};
  if (paused(now)) return *pause_until_;
  return budget_.available(now, 2) ? now + kBehind : budget_.next_at(now, 2);
}

base::Instant Gate::next_permit(base::Instant now) {
  return budget_.available(now) ? now : budget_.next_at(now);
}

void Gate::clear() {
  line_.clear();
  places_.clear();
  now_served_.clear();
  last_of_namespace_.clear();
  called_.reset();
}

}  // namespace nbkeys::engine
