#pragma once
// What failed the last time it was tried, and when it may be tried again. Each kind of request of a
// SetupKey backs off on its own, and only its own success ends that; of the kinds that are about a
// key, each key does.

#include <optional>
#include <string>
#include <vector>

#include "base/backoff.h"
#include "base/error.h"
#include "base/time.h"
#include "engine/action.h"

namespace nbkeys::engine {

struct Trouble {
  const ActionTraits* what = nullptr;
  std::string key_id;
  base::Backoff backoff;
  base::Error error;  // the first of its kind in a row, so that a changing request id is no news
};

class Troubles {
 public:
  const Trouble* with(const Action& action) const;
  // Until when the action has to wait; nothing where it need not.
  std::optional<base::Instant> hold(const Action& action, base::Instant now) const;
  const Trouble& failed(const Action& action, const base::Error& error, base::Instant now);
  // It worked, and would be done again and again if somebody kept undoing it.
  void repeated(const Action& action, base::Instant now);
  // The server took no call of anybody's just then. It goes out with the next permit, but not with
  // each for ever.
  void limited(const Action& action, base::Instant now);
  void worked(const Action& action);
  void clear() { all_.clear(); }
  bool empty() const { return all_.empty(); }
  // In the order in which they began.
  const std::vector<Trouble>& all() const { return all_; }
  std::vector<Trouble>& all() { return all_; }

 private:
  std::vector<Trouble> all_;
};

}  // namespace nbkeys::engine
