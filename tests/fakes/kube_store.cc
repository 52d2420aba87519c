#include "fakes/kube_store.h"

#include <algorithm>

namespace nbkeys::fakes {
namespace {

// The real server's watch cache is bounded too.
constexpr std::size_t kHistoryMax = 8192;
constexpr base::Duration kBookmarkPeriod{60'000};

std::string key_of(const std::string& name_space, const std::string& name) {
  return name_space + "/" + name;
}

std::string event_line(std::string_view type, const Json& object, bool metadata_only) {
  return Json{{"type", type}, {"object", metadata_only ? metadata_view(object) : object}}.dump() +
         "\n";
}

Json at_version(const Json& object, std::uint64_t version) {
  Json out = object;
  out["metadata"]["resourceVersion"] = std::to_string(version);
  return out;
}

}  // namespace

bool Filter::matches(const Json& object) const {
  if (!name_space.empty() && text_at(object, {"metadata", "namespace"}) != name_space) return false;
  return labels.matches_labels(object) && fields.matches_fields(object);
}

Json metadata_view(const Json& object) {
  return {{"kind", "PartialObjectMetadata"},
          {"apiVersion", "meta.k8s.io/v1"},
          {"metadata", object.at("metadata")}};
}

Object KubeStore::find(const std::string& resource, const std::string& name_space,
                       const std::string& name) const {
  const auto objects = objects_.find(resource);
  if (objects == objects_.end()) return nullptr;
  const auto found = objects->second.find(key_of(name_space, name));
  return found == objects->second.end() ? nullptr : found->second;
}

std::vector<Object> KubeStore::list(const std::string& resource, const Filter& filter) const {
  std::vector<Object> out;
  const auto objects = objects_.find(resource);
  if (objects == objects_.end()) return out;
  for (const auto& [key, object] : objects->second) {
    if (filter.matches(*object)) out.push_back(object);
  }
  return out;
}

Object KubeStore::put(const std::string& resource, Json object) {
  const Json& metadata = object.at("metadata");
  const std::string key =
      key_of(text_at(metadata, {"namespace"}), metadata.at("name").get<std::string>());
  object["metadata"]["resourceVersion"] = std::to_string(++version_);
  uids_[text_at(object, {"metadata", "uid"})] = resource;
  Object& slot = objects_[resource][key];
  Object before = slot;
  slot = std::make_shared<const Json>(std::move(object));
  const Object stored = slot;
  record(resource, {version_, std::move(before), stored});
  return stored;
}

void KubeStore::erase(const std::string& resource, const std::string& name_space,
                      const std::string& name) {
  auto& objects = objects_[resource];
  const auto found = objects.find(key_of(name_space, name));
  if (found == objects.end()) return;
  Object before = found->second;
  objects.erase(found);
  uids_.erase(text_at(*before, {"metadata", "uid"}));
  record(resource, {++version_, std::move(before), nullptr});
}

std::vector<std::pair<std::string, Object>> KubeStore::owned_by(const std::string& uid) const {
  std::vector<std::pair<std::string, Object>> out;
  for (const auto& [resource, objects] : objects_) {
    for (const auto& [key, object] : objects) {
      const Json& owners = at_path(*object, {"metadata", "ownerReferences"});
      if (!owners.is_array()) continue;
      const bool owned = std::any_of(owners.begin(), owners.end(), [&uid](const Json& owner) {
        return text_at(owner, {"uid"}) == uid;
      });
      if (owned) out.emplace_back(resource, object);
    }
  }
  return out;
}

void KubeStore::record(const std::string& resource, Change change) {
  if (listener_) listener_(resource, change.before, change.after);
  for (auto& [id, watch] : watches_) {
    const bool later = !watch.request.from || change.version > *watch.request.from;
    if (watch.request.resource == resource && later) follow(watch, change);
  }
  auto& history = history_[resource];
  history.push_back(std::move(change));
  if (history.size() > kHistoryMax) {
    compacted_[resource] = history.front().version;
    history.pop_front();
  }
}

// With a selector, an object that stops matching is deleted to the watch, and shown as it last
// matched; one that begins to match is added.
void KubeStore::follow(Watch& watch, const Change& change) {
  const Filter& filter = watch.request.filter;
  const bool was = change.before != nullptr && filter.matches(*change.before);
  const bool is = change.after != nullptr && filter.matches(*change.after);
  if (!was && !is) return;
  const bool metadata_only = watch.request.metadata_only;
  if (is) {
    watch.pending += event_line(was ? "MODIFIED" : "ADDED", *change.after, metadata_only);
  } else {
    watch.pending +=
        event_line("DELETED", at_version(*change.before, change.version), metadata_only);
  }
}

std::optional<KubeWatchId> KubeStore::open_watch(const WatchRequest& request, base::Instant now) {
  Watch watch{request, "", now, now + kBookmarkPeriod};
  if (request.from) {
    const std::uint64_t oldest = std::max(compacted_[request.resource], compacted_all_);
    if (*request.from < oldest) return std::nullopt;
    for (const Change& change : history_[request.resource]) {
      if (change.version > *request.from) follow(watch, change);
    }
  } else {
    for (const Object& object : list(request.resource, request.filter)) {
      watch.pending += event_line("ADDED", *object, request.metadata_only);
    }
  }
  watches_.emplace(++last_watch_, std::move(watch));
  return last_watch_;
}

std::string KubeStore::take_lines(KubeWatchId id, base::Instant now) {
  const auto found = watches_.find(id);
  if (found == watches_.end()) return "";
  Watch& watch = found->second;
  std::string out = std::exchange(watch.pending, {});
  // A watch from a version that is still ahead is told nothing until that is reached.
  if (watch.request.bookmarks && !ahead(id) && now >= watch.bookmark_at) {
    watch.bookmark_at = now + kBookmarkPeriod;
    Json object = {{"kind", watch.request.kind},
                   {"apiVersion", watch.request.api_version},
                   {"metadata", {{"resourceVersion", std::to_string(version_)}}}};
    out += event_line("BOOKMARK", object, watch.request.metadata_only);
  }
  return out;
}

bool KubeStore::ahead(KubeWatchId id) const {
  const auto found = watches_.find(id);
  if (found == watches_.end()) return false;
  const auto& from = found->second.request.from;
  return from && *from > version_;
}

bool KubeStore::ended(KubeWatchId id, base::Instant now) const {
  const auto found = watches_.find(id);
  if (found == watches_.end()) return true;
  const WatchRequest& request = found->second.request;
  return request.timeout.count() > 0 && now - found->second.opened_at >= request.timeout;
}

void KubeStore::restore(const KubeStore& backup) {
  const auto before = std::exchange(objects_, backup.objects_);
  uids_ = backup.uids_;
  version_ = backup.version_;
  watches_.clear();
  compact();
  if (!listener_) return;
  for (const auto& [resource, objects] : before) {
    for (const auto& [key, object] : objects) {
      const auto& now = objects_[resource];
      if (!now.contains(key)) listener_(resource, object, nullptr);
    }
  }
  for (const auto& [resource, objects] : objects_) {
    const auto old = before.find(resource);
    for (const auto& [key, object] : objects) {
      const bool was = old != before.end() && old->second.contains(key);
      const Object last = was ? old->second.at(key) : nullptr;
      if (last != object) listener_(resource, last, object);
    }
  }
}

void KubeStore::compact() {
  compacted_all_ = version_;
  ++compactions_;
  history_.clear();
}

}  // namespace nbkeys::fakes
