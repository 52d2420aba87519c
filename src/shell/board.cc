#include "shell/board.h"

namespace nbkeys::shell {
namespace {

constexpr base::Duration kSilenceMax{60'000};

}  // namespace

void Board::show(const engine::Health& health, base::Instant now) {
  const std::lock_guard lock(mutex_);
  health_ = health;
  turned_at_ = now;
}

void Board::beat(base::Instant now) {
  const std::lock_guard lock(mutex_);
  turned_at_ = now;
}

engine::Health Board::health() const {
  const std::lock_guard lock(mutex_);
  return health_;
}

Verdict Board::live(base::Instant now) const {
  const std::lock_guard lock(mutex_);
  const base::Duration silence = now - turned_at_;
  if (silence <= kSilenceMax) return {true, "ok"};
  return {false, "the event loop has not turned for " + base::format_duration(silence)};
}

Verdict Board::ready() const {
  const std::lock_guard lock(mutex_);
  if (!health_.synced) return {false, "SetupKeys and Secrets are not all known yet"};
  if (!health_.leading && !may_stand_by_) return {false, "not started yet"};
  std::string reason = health_.leading ? "ok: leading" : "ok: standing by";
  if (health_.leading && !health_.account_ready) {
    reason += "; the NetBird account is not ready, see account_not_ready in the log";
  }
  return {true, reason};
}

}  // namespace nbkeys::shell
