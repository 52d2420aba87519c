// Ended is ended: what is due goes out before anything that may be held up, and one ending that is
// refused holds up no other.

#include <algorithm>

#include "engine/judge.h"
#include "engine/rungs.h"

namespace nbkeys::engine {
namespace {

class Collected {
 public:
  explicit Collected(const Observed& o) : o_(o) {}

  // True where it is to be done now.
  bool take(std::optional<Decision> step) {
    if (!step) return false;
    if (step->wants_list && (!all_.wants_list || *step->wants_list < *all_.wants_list)) {
      all_.wants_list = step->wants_list;
    }
    wake(step->wake_at);
    if (std::holds_alternative<Rest>(step->action)) return false;
    const auto held = o_.flight.troubles.hold(step->action, o_.now.mono);
    if (!held) {
      all_.act = std::move(step);
      return true;
    }
    wake(held);
    const Trouble& trouble = *o_.flight.troubles.with(step->action);
    const bool may_tell = next_of(step->action) == nullptr && worth_telling(trouble);
    if (may_tell && !all_.report) all_.report = held_up_by(o_, trouble);
    return false;
  }
  // An ending that failed is told until it works, also while it is tried again or waits for a list.
  void still_told() {
    for (const Trouble& trouble : o_.flight.troubles.all()) {
      const bool ends = trouble.what->kind == ActionTraits::Kind::kRevokeKey ||
                        trouble.what->kind == ActionTraits::Kind::kDeleteKey;
      const bool there = std::any_of(o_.keys.begin(), o_.keys.end(),
                                     [&](const auto& key) { return key.key.id == trouble.key_id; });
      if (ends && there && worth_telling(trouble) && !all_.report) {
        all_.report = held_up_by(o_, trouble);
      }
    }
  }
  Endings all() { return std::move(all_); }

 private:
  void wake(std::optional<base::Instant> at) {
    if (at && (!all_.wake_at || *at < *all_.wake_at)) all_.wake_at = at;
  }

  const Observed& o_;
  Endings all_;
};

}  // namespace

Endings endings(const Observed& o) {
  Collected out(o);
  if (another_account(o)) return out.all();
  out.still_told();
  (void)(out.take(revoke_by_spec(o)) || out.take(retire_previous(o)) || out.take(remove_lost(o)) ||
         out.take(remove_stray(o)));
  return out.all();
}

}  // namespace nbkeys::engine
