#pragma once
// What this process has said in a SetupKey's conditions. Somebody who says otherwise (a second
// leader, a webhook) would be contradicted without pause, so what is said once more waits ever
// longer; what is new is said at once.

#include <cstddef>
#include <optional>
#include <vector>

#include "base/backoff.h"
#include "base/time.h"
#include "kube/setup_key.h"

namespace nbkeys::engine {

class Telling {
 public:
  // Until when these conditions have to wait; nothing where they may be written.
  std::optional<base::Instant> hold(const std::vector<kube::Condition>& conditions,
                                    base::Instant now) const;
  // They are written in the place of `before`.
  void said(const std::vector<kube::Condition>& before,
            const std::vector<kube::Condition>& conditions, base::Instant now);

 private:
  static constexpr std::size_t kRemembered = 8;
  bool said_before(std::size_t digest) const;

  std::vector<std::size_t> said_;  // digests; the last ones
  base::Backoff backoff_;
};

}  // namespace nbkeys::engine
