#pragma once
// The way to one account's server. Calls pass while the budget, the pause after a failure and the
// number under way allow it; who has to wait stands in line, the most urgent first, and among
// equals the namespaces in turn, so that no namespace can keep the others waiting.

#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>

#include "base/linked_hash_map.h"
#include "engine/action.h"
#include "kube/meta.h"
#include "netbird/budget.h"

namespace nbkeys::engine {

class Gate {
 public:
  // `window`: calls under way at once.
  Gate(netbird::Budget budget, std::size_t window) : budget_(std::move(budget)), window_(window) {}

  // What a SetupKey's action needs: a permit of the budget, and a place among those under way.
  struct Needs {
    bool permit = false, place = false;
    bool nothing() const { return !permit && !place; }
  };
  // May it go now? The permit is spent then; else it stands in line until it is called.
  bool admit(const kube::ObjectRef& who, Needs needs, Priority priority, base::Instant now);
  // It wants no call any more.
  void leave(const kube::ObjectRef& who);
  // Whose turn it is now, told once: it asks again, or leaves.
  std::optional<kube::ObjectRef> call(base::Instant now);
  // When `call` may have somebody, as far as the clock alone decides that.
  std::optional<base::Instant> next_at(base::Instant now);

  // The account's own calls: lists leave what little is left to others, unless one of them waits
  // for the list.
  bool admit_own(Priority priority, bool overdue, base::Instant now);
  base::Instant own_next_at(base::Instant now);

  void sent() { ++under_way_; }
  void answered() { --under_way_; }
  void pause_until(std::optional<base::Instant> at) { pause_until_ = at; }
  bool paused(base::Instant now) const { return pause_until_ && now < *pause_until_; }
  void too_many(base::Instant sent, base::Instant now) { budget_.too_many(sent, now); }
  // When the next permit comes.
  base::Instant next_permit(base::Instant now);
  void clear();

  std::size_t waiting() const { return line_.size(); }
  netbird::Budget& budget() { return budget_; }

 private:
  // Those who have paid already go before all others: their claims grow old.
  static constexpr int kPaid = -1;
  struct Place {
    int urgency = 0;
    std::uint64_t round = 0, number = 0;
    auto operator<=>(const Place&) const = default;
  };
  struct Waiting {
    kube::ObjectRef who;
    Needs needs;
  };
  bool open(Needs needs, base::Instant now);
  std::uint64_t round_of(int urgency, const std::string& name_space);
  void take_out(std::map<Place, Waiting>::iterator at);

  netbird::Budget budget_;
  std::size_t window_;
  std::size_t under_way_ = 0;
  std::optional<base::Instant> pause_until_;
  std::map<Place, Waiting> line_;
  base::LinkedHashMap<kube::ObjectRef, Place, kube::ObjectRefHash> places_;
  std::map<int, std::uint64_t> now_served_;                                 // round, by urgency
  std::map<std::pair<int, std::string>, std::uint64_t> last_of_namespace_;  // round given last
  std::uint64_t count_ = 0;
  std::optional<kube::ObjectRef> called_;
  bool own_was_last_ = false;  // the last permit went to a call of the account's own
};

}  // namespace nbkeys::engine
