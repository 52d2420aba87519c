#include "kube/watch_lines.h"

namespace nbkeys::kube {

void WatchLines::append(std::string_view bytes) {
  if (skipped_bytes_ > 0) {
    const std::size_t end = bytes.find('\n');
    if (end == std::string_view::npos) {
      skipped_bytes_ += bytes.size();
      return;
    }
    skipped_bytes_ = 0;
    bytes.remove_prefix(end + 1);
  }
  buffer_.append(bytes);
}

std::optional<std::string_view> WatchLines::next() {
  const std::string_view all = buffer_.reveal();
  const std::size_t end = all.find('\n', searched_);
  if (end != std::string_view::npos) {
    const std::string_view line = all.substr(start_, end - start_);
    start_ = searched_ = end + 1;
    return line;
  }
  if (all.size() - start_ > kLineMax) {
    skipped_bytes_ = all.size() - start_;
    skipped_one_ = true;
    buffer_ = base::SecretText{};
    start_ = searched_ = 0;
    return std::nullopt;
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
