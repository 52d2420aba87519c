#pragma once
// What this process alone knows about one SetupKey: what it has in the air, the key it holds. Lost
// in a crash by design: whatever matters afterwards is in status, in the Secret and at NetBird.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/boxed.h"
#include "base/error.h"
#include "base/secret_text.h"
#include "base/time.h"
#include "engine/telling.h"
#include "engine/trouble.h"
#include "kube/secret.h"
#include "kube/setup_key.h"

namespace nbkeys::engine {

struct HeldKey {
  kube::SecretKeyFacts facts;
  base::SecretText plaintext;
};

// What a live read of the Secret found. Absence and strangers do not show in the label-selected
// watch.
struct SecretLook {
  enum class Found { kAbsent, kForeign, kOurs } found = Found::kAbsent;
  std::optional<kube::SecretMeta>
      meta;  // kOurs with our label stripped: the watch does not have it
  base::Instant at;
};

// The Secret's content as last checked: by our own write, or by reading it once.
struct SecretCheck {
  std::string uid;
  std::string resource_version;
  bool key_right = true;
  bool template_right = true;
  bool key_in_use = false;  // it is the one that status records, whatever the annotations say
};

struct Flight {
  bool needs_refresh =
      false;  // a write was refused as stale or has an unknown outcome: read the SetupKey live

  // The revision that this process claimed and has not POSTed, or whose POST surely made no key.
  std::uint32_t claimed = 0;
  kube::TicketWord claimed_ticket;
  base::Boxed<HeldKey> held;
  bool paid = false;  // the account's budget was charged for the POST when it was claimed
  // A NetBird write whose outcome is unknown: nothing that rests on the list may be decided before
  // a newer one.
  std::optional<base::Instant> list_needed_since;

  base::Boxed<SecretLook> look;
  base::Boxed<SecretCheck> check;
  bool dry_run_passed = false;  // of the Secret's write, since the last one that was refused
  // The Secret was read live and carried this revision; holds for one removal of a stray.
  std::uint32_t proven_revision = 0;

  std::vector<std::string> deleted_keys;  // ids that this process deleted and status still lists

  std::uint32_t seen_revision = 0;  // of the key in use, and since when this process has known it
  base::Instant seen_at;

  // Revisions that this process POSTed and whose answer, with the key in it, has not come: if there
  // is such a key, nobody holds it.
  struct Lost {
    std::uint32_t revision = 0;
    base::Instant at;
    kube::TicketWord ticket = {};
  };
  static constexpr std::size_t kLostMax = 16;
  std::vector<Lost> lost;

  // Of what status has ever shown: it does not know of it after it was put back.
  std::vector<kube::Ticket> tickets;
  static constexpr std::size_t kTicketsMax = 32;
  std::uint32_t last_revision = 0;

  std::int64_t seen_generation = 0;  // an edit of the spec ends every back-off
  Troubles troubles;
  base::Boxed<Telling> telling;

  // What was read and tried before the API server's state was put back. What is in the air, and
  // what was done at NetBird, stays true.
  void forget_history() {
    needs_refresh = dry_run_passed = false;
    look.reset();
    check.reset();
    proven_revision = 0;
    troubles.clear();
  }
};

// This process has made the open claim, and may POST for it.
inline bool holds_claim(const Flight& flight, const kube::KeyStatus& s) {
  return s.claim && flight.claimed == s.claim->revision && flight.claimed_ticket == s.claim->ticket;
}
// It holds the key that was made for the open claim.
inline bool holds_key(const Flight& flight, const kube::KeyStatus& s) {
  return s.claim && flight.held && flight.held->facts.revision == s.claim->revision &&
         flight.held->facts.ticket == s.claim->ticket;
}

}  // namespace nbkeys::engine
