#pragma once
// One lasting fault costs little: while a kind of request fails for a namespace (a full quota, a
// missing right, an admission policy) or for a whole account, only one SetupKey at a time tries, a
// few times a minute. The first success lets all go on.

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/linked_hash_map.h"
#include "base/time.h"
#include "engine/action.h"
#include "kube/meta.h"

namespace nbkeys::engine {

class Pace {
 public:
  // Between two requests; less between those who have not tried yet, at first: it may be the
  // trouble of a few.
  static constexpr base::Duration kGap{6'500}, kFreshGap{250};

  // Where a fault is shared: `name_space` within a server, or all of it where that is empty.
  struct Scope {
    std::string server;
    std::string name_space;
    ActionTraits::Kind what = ActionTraits::Kind::kNone;
    auto operator<=>(const Scope&) const = default;
  };
  static Scope of_namespace(const Action& action, const std::string& name_space);
  static Scope of_server(const Action& action);

  // Nothing fails: whoever asks would be let through, so that nobody need ask.
  bool calm() const { return lanes_.empty(); }
  // It failed the last time that somebody tried.
  bool fails(const Scope& scope) const { return lanes_.contains(scope); }
  // May it be tried now? Else it waits until it is called; who has not failed before goes first.
  bool admit(const Scope& scope, const kube::ObjectRef& who, base::Instant now,
             bool failed_before = false);
  // True where the fault is new.
  bool failed(const Scope& scope, base::Instant now);
  // Who waited for it.
  std::vector<kube::ObjectRef> worked(const Scope& scope);
  // Whose turn it is to try.
  std::vector<kube::ObjectRef> call(base::Instant now);
  std::optional<base::Instant> next_at() const;
  void clear() { lanes_.clear(); }

 private:
  struct Nothing {};
  using Line = base::LinkedHashMap<kube::ObjectRef, Nothing, kube::ObjectRefHash>;
  struct Lane {
    int failures = 0;  // in a row
    // When the next one may try: who has not tried yet, and who has failed before.
    base::Instant fresh_at, failed_at;
    Line fresh, failed;
    bool empty() const { return fresh.empty() && failed.empty(); }
    std::optional<base::Instant> next_at() const;
  };
  std::map<Scope, Lane> lanes_;
};

}  // namespace nbkeys::engine
