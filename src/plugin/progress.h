#pragma once
// How far a requested rotation has come, read from the SetupKey. Pure.

#include <string>

#include "kube/setup_key.h"

namespace nbkeys::plugin {

enum class Stage {
  kAsked,    // the operator has not begun
  kIssuing,  // a revision is claimed
  kDone,     // answered, and the new key is in the Secret
  kStuck,    // the operator waits for a person
  kGone,     // deleted meanwhile
};

struct Progress {
  Stage stage = Stage::kAsked;
  std::string words;
};

Progress progress_of(const kube::SetupKey& resource, const std::string& asked);

// Why asking would have no effect, in words; empty where it would.
std::string why_not_rotate(const kube::SetupKey& resource);

}  // namespace nbkeys::plugin
