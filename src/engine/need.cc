#include "base/mutation.h"
#include "engine/judge.h"
#include "engine/rungs.h"

namespace nbkeys::engine {
namespace {

bool usage_is_due(const kube::Rotation& rotation, const netbird::Key& key) {
  if (!rotation.usage_percent || key.usage_limit <= 0) return false;
  return key.used_times * 100 >= key.usage_limit * *rotation.usage_percent;
}

// Its end has come sooner than the spec plans, so somebody has changed it.
bool ends_early(const Observed& o, base::WallTime issued_at, base::WallTime now) {
  // Between our word for when it was issued and NetBird's.
  constexpr base::Duration kTolerance{600'000};
  const kube::KeySettings& settings = o.resource.spec.settings;
  if (settings.expires_in.count() <= 0) return true;
  const base::WallTime planned = issued_at + settings.expires_in - kTolerance;
  return !expiry_is_due(o.resource.spec.rotation, issued_at, planned, now);
}

std::optional<IssueReason> rotation_due(const Observed& o, const cache::MarkedKey& key) {
  const kube::Rotation& rotation = o.resource.spec.rotation;
  const kube::KeyStatus& s = o.resource.status;
  if (!rotation.enabled) return std::nullopt;
  // What is planned comes once in a resync at the most, whatever lists and clocks say.
  const base::WallTime now = o.netbird_now();
  if (s.issued_at && now >= *s.issued_at && now < *s.issued_at + o.resync) return std::nullopt;
  if (rotation.on_overused && key.key.state == netbird::KeyState::kOverused) {
    return IssueReason::kOverused;
  }
  // A one-off key that has done its work is not replaced because its days run out.
  const bool worn = spent(o, key);
  if (!worn && usage_is_due(rotation, key.key)) return IssueReason::kUsage;
  if (!s.issued_at) return std::nullopt;
  // NetBird's own word counts, whatever the clocks say.
  if (!worn && expiry_is_due(rotation, *s.issued_at, key.key.expires, now)) {
    return ends_early(o, *s.issued_at, now) ? IssueReason::kExpiredEarly : IssueReason::kExpiring;
  }
  if (!worn && key.key.state == netbird::KeyState::kExpired) return IssueReason::kExpiredEarly;
  const auto due = renewal_time(rotation, *s.issued_at, std::nullopt);
  if (due && *due <= now) return IssueReason::kInterval;
  return std::nullopt;
}

// What the owner asked for in so many words: these go before any state of the key.
std::optional<IssueReason> asked_for(const Observed& o) {
  const kube::KeyStatus& s = o.resource.status;
  if (s.revoked_revision == s.revision) return IssueReason::kUnrevoked;
  if (!o.resource.rotate.empty() && o.resource.rotate != s.last_handled_rotate) {
    return IssueReason::kRequested;
  }
  if (s.settings_digest != kube::settings_digest(o.resource.spec)) return IssueReason::kSpecChanged;
  return std::nullopt;
}

std::optional<IssueReason> secret_lost(const Observed& o) {
  if (o.secret.state == SecretState::kAbsent) return IssueReason::kSecretMissing;
  if (o.secret.state != SecretState::kOurs || o.secret.meta == nullptr) return std::nullopt;
  // Annotations may have been stripped while the key itself is still there: the content decides.
  // Secret and SetupKey come by different watches, so another revision may just be an old sight of
  // it: only one that was read live counts (maintain_secret reads what is unchecked).
  const bool other_revision = o.secret.meta->revision != 0 &&
                              o.secret.meta->revision != o.resource.status.revision &&
                              !o.secret.key_in_use && o.secret.content != ContentState::kUnchecked;
  if (other_revision || o.secret.content == ContentState::kKeyAltered) {
    return IssueReason::kSecretAltered;
  }
  return std::nullopt;
}

}  // namespace

std::optional<IssueReason> issue_needed(const Observed& o) {
  if (o.resource.status.revision == 0) return IssueReason::kFirstIssue;
  if (const auto reason = asked_for(o)) return reason;
  const cache::MarkedKey* key = active_key(o);
  if (key == nullptr) {
    if (key_is_missing(o)) return IssueReason::kKeyMissing;
    return secret_lost(o);
  }
  // A person's revocation is not undone, not even because the Secret went too.
  if (key->key.revoked && MUTATION(undo_external_revocation)) return IssueReason::kKeyMissing;
  if (key->key.revoked) return std::nullopt;
  if (const auto reason = secret_lost(o)) return reason;
  return rotation_due(o, *key);
}

}  // namespace nbkeys::engine
