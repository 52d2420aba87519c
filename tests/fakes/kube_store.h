#pragma once
// The objects of the fake API server with one resource version for all, the history of changes, and
// the watches that follow it. Knows nothing of HTTP and of what the objects mean.

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "fakes/json.h"
#include "fakes/selector.h"

namespace nbkeys::fakes {

using Object = std::shared_ptr<const Json>;
using KubeWatchId = std::uint64_t;

struct Filter {
  std::string name_space;  // empty: all
  Selector labels;
  Selector fields;
  bool matches(const Json& object) const;
};

struct WatchRequest {
  std::string resource;  // plural
  Filter filter;
  bool metadata_only = false;
  bool bookmarks = false;
  std::optional<std::uint64_t> from;  // none: begin with everything there is
  base::Duration timeout{0};
  std::string kind;         // for bookmarks
  std::string api_version;  // for bookmarks
};

// The object as PartialObjectMetadata.
Json metadata_view(const Json& object);

class KubeStore {
 public:
  Object find(const std::string& resource, const std::string& name_space,
              const std::string& name) const;
  std::vector<Object> list(const std::string& resource, const Filter& filter) const;

  // Stores the object under a new resource version and tells the watches.
  Object put(const std::string& resource, Json object);
  void erase(const std::string& resource, const std::string& name_space, const std::string& name);
  std::uint64_t version() const { return version_; }
  bool knows_uid(const std::string& uid) const { return uids_.contains(uid); }
  // Objects of any resource that name this uid as an owner.
  std::vector<std::pair<std::string, Object>> owned_by(const std::string& uid) const;

  // Nothing where the history needed has been compacted away.
  std::optional<KubeWatchId> open_watch(const WatchRequest& request, base::Instant now);
  // The lines that have come up since the last call, bookmarks included.
  std::string take_lines(KubeWatchId id, base::Instant now);
  // True where the watch begins at a version that the server has not reached.
  bool ahead(KubeWatchId id) const;
  // True where the watch's time is over.
  bool ended(KubeWatchId id, base::Instant now) const;
  void close_watch(KubeWatchId id) { watches_.erase(id); }
  std::size_t open_watches() const { return watches_.size(); }

  // Forgets all history: an older resource version cannot be watched from any more.
  void compact();
  // The objects and the version of the backup, without history; all watches end. The listener is
  // told what has changed by it.
  void restore(const KubeStore& backup);
  std::uint64_t compactions() const { return compactions_; }

  // Told of each change; before or after is null for what was added or is gone.
  using Listener =
      std::function<void(const std::string& resource, const Object& before, const Object& after)>;
  void listen(Listener listener) { listener_ = std::move(listener); }

 private:
  struct Change {
    std::uint64_t version = 0;
    Object before;  // null: added
    Object after;   // null: deleted
  };
  struct Watch {
    WatchRequest request;
    std::string pending;
    base::Instant opened_at;
    base::Instant bookmark_at;
  };

  void record(const std::string& resource, Change change);
  static void follow(Watch& watch, const Change& change);

  Listener listener_;
  std::uint64_t version_ = 1000;
  std::uint64_t compactions_ = 0;
  std::map<std::string, std::map<std::string, Object>> objects_;
  std::map<std::string, std::string> uids_;  // uid -> resource
  std::map<std::string, std::deque<Change>> history_;
  std::map<std::string, std::uint64_t> compacted_;  // resource -> oldest version to watch from
  std::uint64_t compacted_all_ = 0;
  KubeWatchId last_watch_ = 0;
  std::map<KubeWatchId, Watch> watches_;
};

}  // namespace nbkeys::fakes
