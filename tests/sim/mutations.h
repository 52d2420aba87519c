#pragma once
// Deliberate bugs of the core, switched on one at a time; only over the core that was compiled with
// NBKEYS_MUTATIONS.

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace nbkeys::sim {

inline constexpr std::array kMutations = {"post_before_claim",
                                          "claim_without_precondition",
                                          "reuse_burnt_claim",
                                          "skip_secret_precondition",
                                          "strays_early",
                                          "delete_before_secret",
                                          "trust_stale_list",
                                          "write_foreign_secret",
                                          "finalizer_before_proof",
                                          "no_wait_at_deletion",
                                          "unknown_claim_is_ours",
                                          "unknown_post_is_refused",
                                          "forget_previous",
                                          "never_retire",
                                          "retire_active",
                                          "retire_at_once",
                                          "undo_external_revocation",
                                          "rotate_handled_at_once",
                                          "revoke_unrecorded",
                                          "unknown_delete_is_done"};

// On as long as it lives.
struct Mutated {
  explicit Mutated(std::string_view name);
  Mutated(const Mutated&) = delete;
  Mutated& operator=(const Mutated&) = delete;
  ~Mutated();
};

struct Caught {
  std::string checker;  // empty: no seed caught it
  std::string text;
  std::uint64_t seed = 0;
};

Caught catch_mutation(std::string_view name, std::uint64_t first, std::uint64_t seeds, int days);
std::string to_line(std::string_view name, const Caught& caught);

}  // namespace nbkeys::sim
