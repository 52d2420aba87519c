#pragma once
// The last known objects of one resource, by namespace and name. A list is gathered aside and
// swapped in once, so that nobody sees half of it. An older version never replaces a newer one,
// whichever way it comes.

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "kube/meta.h"

namespace nbkeys::cache {

// T has `ref` and `resource_version` by ref_of() and version_of().
template <typename T>
class Store {
 public:
  using Map = std::map<kube::ObjectRef, T>;

  const T* find(const kube::ObjectRef& ref) const {
    const auto found = objects_.find(ref);
    return found == objects_.end() ? nullptr : &found->second;
  }
  const Map& all() const { return objects_; }
  std::size_t size() const { return objects_.size(); }

  // Swaps a whole list of one namespace in (of all, where `scope` is empty); gives back every key
  // whose object changed, came or went. What was seen at a version beyond the list's stays.
  std::vector<kube::ObjectRef> swap_in(const std::string& scope, Map listed,
                                       const std::string& list_version) {
    const std::uint64_t at = kube::version_number(list_version);
    std::vector<kube::ObjectRef> touched;
    for (auto it = objects_.begin(); it != objects_.end();) {
      const bool in_scope = scope.empty() || it->first.name_space == scope;
      const bool newer = kube::version_number(version_of(it->second)) > at;
      if (!in_scope || newer || listed.contains(it->first)) {
        ++it;
        continue;
      }
      touched.push_back(it->first);
      it = objects_.erase(it);
    }
    for (auto& [ref, object] : listed) {
      touched.push_back(ref);
      upsert(std::move(object));
    }
    return touched;
  }
  // False where the object is not newer than the one known.
  bool upsert(T object) {
    kube::ObjectRef ref = ref_of(object);
    const auto found = objects_.find(ref);
    if (found != objects_.end()) {
      const auto known = kube::version_number(version_of(found->second));
      const auto seen = kube::version_number(version_of(object));
      if (seen != 0 && seen < known) return false;
      // Seen once more, so no news; but a first sight that came damaged must not stay for ever.
      if (seen != 0 && seen == known) {
        found->second = std::move(object);
        return false;
      }
    }
    const auto grave = erased_.find(ref);
    if (grave != erased_.end()) {
      // The answer to a write may come after the watch has shown the object's end.
      const auto seen = kube::version_number(version_of(object));
      if (seen != 0 && seen <= grave->second) return false;
      erased_.erase(grave);
    }
    objects_.insert_or_assign(std::move(ref), std::move(object));
    return true;
  }
  // `version`: of the deletion; an object that is newer stays (it was made again since). Empty:
  // whatever is known.
  bool erase(const kube::ObjectRef& ref, const std::string& version) {
    const auto seen = kube::version_number(version);
    if (seen != 0) bury(ref, seen);
    const auto found = objects_.find(ref);
    if (found == objects_.end()) return false;
    if (seen != 0 && seen < kube::version_number(version_of(found->second))) return false;
    objects_.erase(found);
    return true;
  }

 private:
  void bury(const kube::ObjectRef& ref, std::uint64_t version) {
    constexpr std::size_t kGravesMax = 4096;
    if (erased_.size() >= kGravesMax) erased_.clear();
    erased_[ref] = version;
  }

  Map objects_;
  std::map<kube::ObjectRef, std::uint64_t> erased_;  // at which version each was last seen to end
};

}  // namespace nbkeys::cache
