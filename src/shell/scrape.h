#pragma once
// Lets the server's thread have a text that only the event loop's thread can write: it is asked
// for, waited for within bounds, and given up where the loop is stuck.

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/time.h"

namespace nbkeys::shell {

class Scrape {
 public:
  using Post = std::function<void(std::function<void()>)>;

  // `write` runs where `post` runs what it is given.
  Scrape(Post post, std::function<std::string()> write);

  // Blocks for at most `patience`; while an earlier request has not been answered, not at all.
  std::optional<std::string> ask(base::Duration patience);

 private:
  struct Slot;
  Post post_;
  std::function<std::string()> write_;
  std::shared_ptr<Slot> pending_;
};

}  // namespace nbkeys::shell
