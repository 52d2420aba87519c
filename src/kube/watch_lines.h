#pragma once
// Cuts a watch stream into lines, however its pieces fall. Bounded: an endless line is an error.

#include <optional>
#include <string_view>

#include "base/secret_text.h"

namespace nbkeys::kube {

class WatchLines {
 public:
  // etcd refuses objects beyond 1.5 MB; a watch event adds little to that.
  static constexpr std::size_t kLineMax = 4u << 20;

  void append(std::string_view bytes) { buffer_.append(bytes); }
  // The next whole line without its end; nothing where there is none yet. Valid until the next
  // call.
  std::optional<std::string_view> next();
  bool overflow() const { return buffer_.size() - start_ > kLineMax; }

 private:
  base::SecretText buffer_;
  std::size_t start_ = 0;
  std::size_t searched_ = 0;
};

}  // namespace nbkeys::kube
