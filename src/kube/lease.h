#pragma once
// Leader election over a Lease, as client-go does it, as a state machine. Another's lease counts
// from when we saw it change, by our own monotonic clock, so that clocks need not agree. We lead
// only while our last successful renewal was *sent* less than the renew deadline ago: a process
// that was stopped and continued sees at its first step that it no longer leads.

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <utility>

#include "base/random.h"
#include "base/time.h"
#include "io/input.h"
#include "io/outbox.h"
#include "kube/meta.h"

namespace nbkeys::kube {

struct LeaseSettings {
  ObjectRef ref;
  std::string identity;
  base::Duration duration{15'000};
  base::Duration renew_deadline{10'000};
  base::Duration retry_period{2'000};
};

class Lease {
 public:
  Lease(LeaseSettings settings, std::uint64_t seed);

  void tick(base::Now now, io::Outbox& out);
  bool handle(io::HttpDone& done, base::Now now, io::Outbox& out);
  // Gives the lease up so that another replica need not wait; true where a request was sent.
  bool release(base::Now now, io::Outbox& out);

  bool leading(base::Instant now) const;
  bool busy() const { return request_id_ != 0; }
  const std::string& holder() const { return seen_holder_; }
  std::optional<base::Instant> wake_at() const;
  // The Lease has been read since the last call in an older version than one seen before: the
  // server's state was put back.
  bool take_went_back() { return std::exchange(went_back_, false); }
  const std::optional<base::Error>& problem() const { return problem_; }

 private:
  enum class Call { kNone, kGet, kWrite, kRelease };

  void read(const nlohmann::json& lease, base::Instant now);
  void write(base::Now now, io::Outbox& out);
  bool may_take(base::Instant now) const;

  LeaseSettings settings_;
  base::Random random_;
  Call call_ = Call::kNone;
  io::RequestId request_id_ = 0;
  base::Instant sent_at_;
  base::Instant next_at_;
  bool known_ = false;  // the Lease object has been read or is known to be missing
  bool exists_ = false;
  std::string seen_version_, seen_holder_, seen_renewal_;
  base::Instant seen_at_;
  base::Duration seen_duration_{0};
  std::int64_t transitions_ = 0;
  std::optional<base::WallTime> acquired_;
  std::optional<base::Instant> renewed_at_;  // when our last successful write was sent
  bool released_ = false;
  bool went_back_ = false;
  std::optional<base::Error> problem_;
};

}  // namespace nbkeys::kube
