#pragma once
// Cuts a watch stream into lines, however its pieces fall. Bounded: a line that is too long is left
// out and the stream read on, and one without end is an error.

#include <optional>
#include <string_view>
#include <utility>

#include "base/secret_text.h"
#include "kube/requests.h"

namespace nbkeys::kube {

class WatchLines {
 public:
  static constexpr std::size_t kLineMax = kObjectBytesMax;
  // Beyond this a line is taken for one without end.
  static constexpr std::size_t kSkippedMax = 64u << 20;

  void append(std::string_view bytes);
  // The next whole line without its end; nothing where there is none yet. Valid until the next
  // call.
  std::optional<std::string_view> next();
  // Whether a line was left out since the last call.
  bool take_skipped() { return std::exchange(skipped_one_, false); }
  bool overflow() const { return skipped_bytes_ > kSkippedMax; }

 private:
  base::SecretText buffer_;
  std::size_t start_ = 0;
  std::size_t searched_ = 0;
  std::size_t skipped_bytes_ = 0;  // of the line that is being left out; 0: none is
  bool skipped_one_ = false;
};

}  // namespace nbkeys::kube
