#include "kube/lease.h"

#include <limits>
#include <nlohmann/json.hpp>

#include "base/json.h"
#include "kube/requests.h"
#include "kube/responses.h"

namespace nbkeys::kube {

using base::Json;

Lease::Lease(LeaseSettings settings, std::uint64_t seed)
    : settings_(std::move(settings)), random_(seed) {}

bool Lease::leading(base::Instant now) const {
  return !released_ && renewed_at_ && now - *renewed_at_ < settings_.renew_deadline;
}

std::optional<base::Instant> Lease::wake_at() const {
  if (released_) return std::nullopt;
  // The end of our own term is an event too: whoever leads must notice it without any answer coming
  // in.
  std::optional<base::Instant> at;
  if (!busy()) at = next_at_;
  if (renewed_at_) {
    const base::Instant end = *renewed_at_ + settings_.renew_deadline;
    if (!at || end < *at) at = end;
  }
  return at;
}

void Lease::tick(base::Now now, io::Outbox& out) {
  if (renewed_at_ && !leading(now.mono)) renewed_at_.reset();
  if (released_ || busy() || next_at_ > now.mono) return;
  sent_at_ = now.mono;
  if (!known_ || (exists_ && seen_holder_ != settings_.identity && !may_take(now.mono))) {
    call_ = Call::kGet;
    request_id_ = out.send(get_lease(settings_.ref));
  } else {
    write(now, out);
  }
}

bool Lease::may_take(base::Instant now) const {
  if (!exists_ || seen_holder_.empty() || seen_holder_ == settings_.identity) return true;
  return now - seen_at_ >= seen_duration_;
}

void Lease::write(base::Now now, io::Outbox& out) {
  const bool ours = exists_ && seen_holder_ == settings_.identity;
  if (!ours || !acquired_) acquired_ = now.wall;
  Json metadata = {{"name", settings_.ref.name}, {"namespace", settings_.ref.name_space}};
  if (exists_) metadata["resourceVersion"] = seen_version_;
  const Json body = {{"apiVersion", "coordination.k8s.io/v1"},
                     {"kind", "Lease"},
                     {"metadata", std::move(metadata)},
                     {"spec",
                      {{"holderIdentity", settings_.identity},
                       {"leaseDurationSeconds", settings_.duration.count() / 1000},
                       {"acquireTime", base::format_rfc3339_micro(*acquired_)},
                       {"renewTime", base::format_rfc3339_micro(now.wall)},
                       {"leaseTransitions", transitions_ + (exists_ && !ours ? 1 : 0)}}}};
  call_ = Call::kWrite;
  request_id_ =
      out.send(exists_ ? replace_lease(settings_.ref, body) : create_lease(settings_.ref, body));
}

bool Lease::handle(io::HttpDone& done, base::Now now, io::Outbox&) {
  if (request_id_ == 0 || done.id != request_id_) return false;
  const Call call = std::exchange(call_, Call::kNone);
  request_id_ = 0;
  next_at_ = now.mono + random_.jitter(settings_.retry_period, 10);
  auto response = accept_response(std::move(done.outcome), "leader election");
  if (!response) {
    // A refused or unknown write: read the Lease before the next one.
    known_ = response.error().code == base::ErrorCode::kNotFound && call == Call::kGet;
    if (known_) {
      exists_ = false;
      next_at_ = now.mono;
    }
    const bool routine = known_ || response.error().code == base::ErrorCode::kConflict;
    problem_ = routine ? std::nullopt : std::optional(response.error());
    return true;
  }
  problem_.reset();
  const auto body = base::parse_json(response->body.reveal(), "leader election");
  if (!body) {
    known_ = false;
    return true;
  }
  read(*body, now.mono);
  // Whoever reads that another one holds it need not wait for the end of the term to know.
  if (seen_holder_ != settings_.identity) renewed_at_.reset();
  if (call == Call::kWrite && seen_holder_ == settings_.identity) renewed_at_ = sent_at_;
  // Just read and free to take: go on at once.
  if (call == Call::kGet && may_take(now.mono)) next_at_ = now.mono;
  return true;
}

void Lease::read(const nlohmann::json& lease, base::Instant now) {
  known_ = exists_ = true;
  std::string version = base::string_or(lease, {"metadata", "resourceVersion"});
  const std::uint64_t at = version_number(version);
  if (at != 0 && at < version_number(seen_version_)) went_back_ = true;
  seen_version_ = std::move(version);
  const std::string holder = base::string_or(lease, {"spec", "holderIdentity"});
  const std::string renewal = base::string_or(lease, {"spec", "renewTime"});
  if (holder != seen_holder_ || renewal != seen_renewal_) seen_at_ = now;
  seen_holder_ = holder;
  seen_renewal_ = renewal;
  // The API's numbers have 32 bits; whatever is beyond that was not written by its rules.
  constexpr std::int64_t kMax = std::numeric_limits<std::int32_t>::max();
  const auto number = [&lease](std::string_view name, std::int64_t otherwise) {
    const auto found = base::int_at(lease, {"spec", name}).value_or(otherwise);
    return found >= 0 && found < kMax ? found : otherwise;
  };
  seen_duration_ = base::Duration{1000 * number("leaseDurationSeconds", 15)};
  transitions_ = number("leaseTransitions", 0);
}

bool Lease::release(base::Now now, io::Outbox& out) {
  const bool held = leading(now.mono) && exists_ && seen_holder_ == settings_.identity;
  released_ = true;
  if (!held || busy()) return false;
  const Json body = {{"apiVersion", "coordination.k8s.io/v1"},
                     {"kind", "Lease"},
                     {"metadata",
                      {{"name", settings_.ref.name},
                       {"namespace", settings_.ref.name_space},
                       {"resourceVersion", seen_version_}}},
                     {"spec",
                      {{"holderIdentity", ""},
                       {"leaseDurationSeconds", 1},
                       {"renewTime", base::format_rfc3339_micro(now.wall)},
                       {"leaseTransitions", transitions_}}}};
  call_ = Call::kRelease;
  request_id_ = out.send(replace_lease(settings_.ref, body));
  return true;
}

}  // namespace nbkeys::kube
