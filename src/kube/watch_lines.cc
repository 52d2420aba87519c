#include "kube/watch_lines.h"

namespace nbkeys::kube {

std::optional<std::string_view> WatchLines::next() {
  const std::string_view all = buffer_.reveal();
  const std::size_t end = all.find('\n', searched_);
  if (end != std::string_view::npos) {
    const std::string_view line = all.substr(start_, end - start_);
    start_ = searched_ = end + 1;
    return line;
  }
  // Only an unfinished line is left: keep it alone, so that the buffer does not grow with the
  // stream. Where it is alone already it stays, or a line that drips in would be copied each time.
  if (start_ > 0) {
    base::SecretText rest;
    rest.append(all.substr(start_));
    buffer_ = std::move(rest);
    start_ = 0;
  }
  searched_ = buffer_.size();
  return std::nullopt;
}

}  // namespace nbkeys::kube
