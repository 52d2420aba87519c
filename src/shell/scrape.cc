#include "shell/scrape.h"

#include <condition_variable>
#include <mutex>
#include <utility>

namespace nbkeys::shell {

// Shared with the posted task, which may come after everybody has stopped waiting.
struct Scrape::Slot {
  std::mutex mutex;
  std::condition_variable done;
  bool written = false;
  bool wanted = true;
  std::string text;
};

Scrape::Scrape(Post post, std::function<std::string()> write)
    : post_(std::move(post)), write_(std::move(write)) {}

std::optional<std::string> Scrape::ask(base::Duration patience) {
  if (pending_) {
    const std::lock_guard lock(pending_->mutex);
    if (!pending_->written) return std::nullopt;
  }
  const auto slot = std::make_shared<Slot>();
  pending_ = slot;
  post_([slot, write = write_]() {
    {
      const std::lock_guard lock(slot->mutex);
      if (!slot->wanted) {  // too late; the next one asks anew
        slot->written = true;
        return;
      }
    }
    std::string text = write();
    const std::lock_guard lock(slot->mutex);
    // Not kept for nobody: it may be megabytes.
    if (slot->wanted) slot->text = std::move(text);
    slot->written = true;
    slot->done.notify_one();
  });
  std::unique_lock lock(slot->mutex);
  if (!slot->done.wait_for(lock, patience, [&slot]() { return slot->written; })) {
    slot->wanted = false;
    return std::nullopt;
  }
  return std::exchange(slot->text, {});
}

}  // namespace nbkeys::shell
