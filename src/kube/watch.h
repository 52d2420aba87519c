#pragma once
// Keeps up with one collection: a paged list, then a watch from where the list ended, resumed as
// often as the server ends it, and a new list when the server no longer has the history (410) or
// has another one than it had (kube/history.h).
// Hands objects to a sink as JSON; knows nothing of what they mean.

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <utility>

#include "base/random.h"
#include "base/result.h"
#include "io/input.h"
#include "io/outbox.h"
#include "kube/history.h"
#include "kube/pages.h"
#include "kube/requests.h"
#include "kube/watch_lines.h"

namespace nbkeys::kube {

class WatchSink {
 public:
  virtual ~WatchSink() = default;
  // Forgets what an earlier list has shown that did not come to its end.
  virtual void list_begun() = 0;
  // Only list_ended() makes it count: the page may turn out to be broken further on.
  virtual void listed(const nlohmann::json& object) = 0;
  // Everything that the list did not show is gone, unless it is newer than this version. An object
  // that it shows older than it was known, at a version that is not older, tells of another
  // history.
  enum class Ended { kGoesOn, kWentBack };
  virtual Ended list_ended(const std::string& resource_version) = 0;
  virtual void changed(const nlohmann::json& object) = 0;  // added or modified
  virtual void removed(const nlohmann::json& object) = 0;
  // The newest version that is known of the collection, whichever way it came.
  virtual std::uint64_t newest() const = 0;
  // The list that ends next is right, also where something newer is known.
  virtual void history_went_back() = 0;
};

class Watch {
 public:
  Watch(Collection collection, WatchSink& sink, std::uint64_t seed);

  void start(io::Outbox& out);
  // False where the answer or event is not this watch's.
  bool handle(io::HttpDone& done, base::Instant now, io::Outbox& out);
  bool handle(const io::WatchOpened& opened, base::Instant now);
  bool handle(const io::WatchBytes& bytes, base::Instant now, io::Outbox& out);
  bool handle(const io::WatchClosed& closed, base::Instant now, io::Outbox& out);
  void tick(base::Instant now, io::Outbox& out);

  // The server has shown what does not follow from what it showed before: a new list tells.
  void doubt(base::Instant now);
  // Another collection has shown that the server's state was put back: a new list tells how this
  // one is now, and is believed.
  void put_back(base::Instant now);
  // What it shows may be of both histories until that list.
  bool between_histories() const { return awaits_list_; }
  // A list has been believed since the last call although something newer had been seen.
  bool take_went_back() { return std::exchange(went_back_, false); }

  std::optional<base::Instant> wake_at() const;
  // A whole list has been seen, now or earlier.
  bool synced() const { return synced_; }
  // The last thing that went wrong; nothing while the watch runs.
  const std::optional<base::Error>& problem() const { return problem_; }
  const Collection& collection() const { return collection_; }

 private:
  enum class State { kIdle, kListing, kWatching };

  void list(io::Outbox& out);
  void open(io::Outbox& out);
  void list_ended(base::Instant now, io::Outbox& out);
  // Not sooner after the last list than this.
  void believe_next_list(base::Instant now);
  void list_soon(base::Duration apart, base::Instant now);
  void line(std::string_view text, base::Instant now, io::Outbox& out);
  void fail(base::Error error, bool relist, base::Instant now, io::Outbox& out);
  void tell(base::Error problem, io::Outbox& out);
  bool lasted(base::Instant now) const;
  void works_again();
  std::string resource_name() const;
  // How long to wait after one more failure in a row; after the first of them for `first`.
  base::Duration next_wait(base::Duration first);

  Collection collection_;
  Pages pages_;
  WatchSink& sink_;
  base::Random random_;
  State state_ = State::kIdle;
  io::RequestId list_id_ = 0;
  io::WatchId watch_id_ = 0;
  WatchLines lines_;
  std::string resource_version_;
  bool relist_ = true;  // what to do next when idle: list, or resume the watch
  bool synced_ = false;
  History history_;
  bool went_back_ = false;
  bool awaits_list_ = false;
  std::optional<base::Instant> went_back_at_;
  std::optional<base::Instant> listed_at_;
  std::optional<base::Instant> list_due_;  // because of a doubt, although the watch may run
  base::Duration asked_for_{0};            // how long the present watch is to last
  int failures_ = 0;
  std::optional<base::Instant> opened_at_;  // of the present watch
  std::optional<base::Instant> retry_at_;
  std::optional<base::Error> problem_;
  std::string told_;  // the last problem that the log knows, until a watch has lasted
};

}  // namespace nbkeys::kube
