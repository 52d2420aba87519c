#include "engine/trouble.h"

#include <algorithm>

#include "engine/outcome.h"

namespace nbkeys::engine {
namespace {

// What was done again after so long is no repetition.
constexpr base::Duration kQuiet{600'000};
// Only keys of the one SetupKey can fill it, and those are few.
constexpr std::size_t kMax = 32;

auto place_of(auto& all, const Action& action) {
  const ActionTraits* what = &traits_of(action);
  const std::string& key = key_of(action);
  return std::find_if(all.begin(), all.end(), [what, &key](const Trouble& t) {
    return t.what->kind == what->kind && t.key_id == key;
  });
}

}  // namespace

const Trouble* Troubles::with(const Action& action) const {
  const auto found = place_of(all_, action);
  return found == all_.end() ? nullptr : &*found;
}

std::optional<base::Instant> Troubles::hold(const Action& action, base::Instant now) const {
  const Trouble* trouble = with(action);
  if (trouble == nullptr || !trouble->backoff.holds(now)) return std::nullopt;
  return trouble->backoff.until;
}

const Trouble& Troubles::failed(const Action& action, const base::Error& error, base::Instant now) {
  auto found = place_of(all_, action);
  if (found == all_.end()) {
    if (all_.size() >= kMax) all_.erase(all_.begin());
    all_.push_back({&traits_of(action), key_of(action), {}, error});
    found = std::prev(all_.end());
  }
  const bool same =
      found->error.code == error.code && found->error.http_status == error.http_status;
  if (!same) found->error = error;
  found->backoff.failed(now, found->what->backoff, error.retry_after);
  // Somebody was faster: the first time that is no reason to wait.
  const bool stale = outcome_of(error, found->what->server) == Outcome::kStale;
  if (stale && found->backoff.failures == 1) {
    found->backoff.until.reset();
  }
  return *found;
}

void Troubles::repeated(const Action& action, base::Instant now) {
  auto found = place_of(all_, action);
  const bool quiet = found != all_.end() &&
                     (!found->error.message.empty() || now - *found->backoff.until > kQuiet);
  if (quiet) worked(action);
  failed(action, base::Error{base::ErrorCode::kConflict, "", ""}, now);
  found = place_of(all_, action);
  if (!found->backoff.until) found->backoff.until = now;
}

void Troubles::limited(const Action& action, base::Instant now) {
  constexpr int kAtOnce = 3;
  constexpr base::BackoffBounds kBounds{base::Duration{15'000}, base::Duration{170'000}};
  if (place_of(all_, action) == all_.end()) {
    failed(action, base::Error{base::ErrorCode::kRateLimited, "", ""}, now);
  } else {
    ++place_of(all_, action)->backoff.failures;
  }
  base::Backoff& backoff = place_of(all_, action)->backoff;
  backoff.until = now + base::backoff_wait(backoff.failures - kAtOnce, kBounds);
}

void Troubles::worked(const Action& action) {
  const auto found = place_of(all_, action);
  if (found != all_.end()) all_.erase(found);
}

}  // namespace nbkeys::engine
