#pragma once
// The last known objects of one resource, by namespace and name. A list is gathered aside and
// swapped in once, so that nobody sees half of it. An older version never replaces a newer one,
// whichever way it comes, unless a list shows it that is newer than both: then the server's state
// was put back, as it was where versions are to be forgotten. Objects are kept packed and opened
// for whoever looks at one; most are looked at once in a resync. What is packed is only what is
// worth keeping of an object: whoever needs the rest reads it live, and has it until the object is
// closed.

#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/linked_hash_map.h"
#include "base/pack.h"
#include "kube/meta.h"

namespace nbkeys::cache {

// T has `ref` and `resource_version` by ref_of() and version_of(), base::Members, and slimmed(),
// which gives what is worth keeping where that is not all.
template <typename T>
class Store {
 public:
  // One object with its version as a number: packed, open, or both.
  class Kept {
   public:
    explicit Kept(T object)
        : version_(kube::version_number(version_of(object))),
          open_(std::make_unique<const T>(std::move(object))) {}
    std::uint64_t version() const { return version_; }
    void forget_version() { version_ = 0; }
    const T& open() const {
      if (!open_) open_ = std::make_unique<const T>(packed_->open());
      return *open_;
    }
    void close() const {
      if (!packed_) {
        const std::optional<T> slim = slimmed(*open_);
        packed_.emplace(slim ? *slim : *open_);
      }
      open_.reset();
    }
    // Leaves it as it is.
    template <typename Visit>
    void show(Visit visit) const {
      if (open_) {
        visit(*open_);
      } else {
        visit(packed_->open());
      }
    }

   private:
    std::uint64_t version_;
    mutable std::optional<base::Packed<T>> packed_;
    mutable std::unique_ptr<const T> open_;
  };
  using Listed = std::map<kube::ObjectRef, Kept>;

  // Stays valid until this object is closed, replaced or erased.
  const T* find(const kube::ObjectRef& ref) const {
    const auto found = objects_.find(ref);
    return found == objects_.end() ? nullptr : &found->second.open();
  }
  // Whoever has found or put it does not look at it any more.
  void close(const kube::ObjectRef& ref) const {
    const auto found = objects_.find(ref);
    if (found != objects_.end()) found->second.close();
  }
  bool contains(const kube::ObjectRef& ref) const { return objects_.contains(ref); }
  std::size_t size() const { return objects_.size(); }

  // In the order in which they came: visit(ref), and visit(object) with one open at a time.
  template <typename Visit>
  void each_ref(Visit visit) const {
    for (const auto& entry : objects_) visit(entry.first);
  }
  template <typename Visit>
  void each(Visit visit) const {
    for (const auto& entry : objects_) entry.second.show(visit);
  }

  // What a list of one namespace (of all, where `scope` is empty) proves to be gone: what was seen
  // at a version beyond the list's is not.
  std::vector<kube::ObjectRef> missing_in(const Listed& listed, const std::string& scope,
                                          const std::string& list_version) const {
    const std::uint64_t at = kube::version_number(list_version);
    std::vector<kube::ObjectRef> out;
    for (const auto& [ref, kept] : objects_) {
      if (within(ref, scope) && kept.version() <= at && !listed.contains(ref)) out.push_back(ref);
    }
    return out;
  }
  // Swaps a whole list in; gives back every key whose object changed, came or went.
  std::vector<kube::ObjectRef> swap_in(const std::string& scope, Listed listed,
                                       const std::string& list_version) {
    std::vector<kube::ObjectRef> touched = missing_in(listed, scope, list_version);
    for (const kube::ObjectRef& ref : touched) objects_.erase(ref);
    for (auto& [ref, kept] : listed) {
      touched.push_back(ref);
      put(ref, std::move(kept), kube::version_number(list_version));
    }
    return touched;
  }
  // False where the object is not newer than the one known. It is open then. `list_version`: of the
  // list that shows it, if one does.
  bool upsert(T object, const std::string& list_version = "") {
    const kube::ObjectRef ref = ref_of(object);
    return put(ref, Kept(std::move(object)), kube::version_number(list_version));
  }
  // `version`: of the deletion; an object that is newer stays (it was made again since). Empty:
  // whatever is known.
  bool erase(const kube::ObjectRef& ref, const std::string& version) {
    const auto seen = kube::version_number(version);
    if (seen != 0) bury(ref, seen);
    const auto found = objects_.find(ref);
    if (found == objects_.end()) return false;
    if (seen != 0 && seen < found->second.version()) return false;
    objects_.erase(found);
    return true;
  }

  // At which version it was last seen, be it to end; 0: never.
  std::uint64_t seen_at(const kube::ObjectRef& ref) const {
    const auto found = objects_.find(ref);
    if (found != objects_.end()) return found->second.version();
    const auto grave = erased_.find(ref);
    return grave == erased_.end() ? 0 : grave->second;
  }
  std::uint64_t newest(const std::string& scope) const {
    std::uint64_t out = 0;
    for (const auto& [ref, kept] : objects_) {
      if (within(ref, scope)) out = std::max(out, kept.version());
    }
    for (const auto& [ref, version] : erased_) {
      if (within(ref, scope)) out = std::max(out, version);
    }
    return out;
  }
  // A list has shown an object older than it was known, since the last call.
  bool take_went_back() { return std::exchange(went_back_, false); }
  // Versions seen so far are of a history that the server has no longer, so that whatever comes
  // next replaces what is known.
  void forget_versions(const std::string& scope) {
    for (auto& [ref, kept] : objects_) {
      if (within(ref, scope)) kept.forget_version();
    }
    std::erase_if(erased_, [&scope](const auto& grave) { return within(grave.first, scope); });
  }

 private:
  static bool within(const kube::ObjectRef& ref, const std::string& scope) {
    return scope.empty() || ref.name_space == scope;
  }
  // `listed_at`: 0 where no list shows it.
  bool put(const kube::ObjectRef& ref, Kept kept, std::uint64_t listed_at) {
    const std::uint64_t seen = kept.version();
    const auto found = objects_.find(ref);
    if (found != objects_.end()) {
      const std::uint64_t known = found->second.version();
      const bool older = seen != 0 && seen < known;
      if (older && listed_at < known) return false;
      went_back_ = went_back_ || older;
      // A version seen once more is no news; but a first sight that came damaged must not stay for
      // ever.
      found->second = std::move(kept);
      return seen == 0 || seen != known;
    }
    const auto grave = erased_.find(ref);
    if (grave != erased_.end()) {
      // The answer to a write may come after the watch has shown the object's end.
      if (seen != 0 && seen <= grave->second && listed_at < grave->second) return false;
      erased_.erase(grave);
    }
    objects_.try_emplace(ref, std::move(kept));
    return true;
  }
  void bury(const kube::ObjectRef& ref, std::uint64_t version) {
    constexpr std::size_t kGravesMax = 4096;
    if (erased_.size() >= kGravesMax) erased_.clear();
    erased_[ref] = version;
  }

  base::LinkedHashMap<kube::ObjectRef, Kept, kube::ObjectRefHash> objects_;
  bool went_back_ = false;
  std::map<kube::ObjectRef, std::uint64_t> erased_;  // at which version each was last seen to end
};

}  // namespace nbkeys::cache
