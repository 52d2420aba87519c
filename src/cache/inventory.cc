#include "cache/inventory.h"

#include <algorithm>
#include <charconv>

#include "base/check.h"
#include "cache/mark.h"

namespace nbkeys::cache {
namespace {

constexpr base::Instant kNotByUs{base::Duration{-1}};

std::uint64_t number_of(const std::string& owner) {
  std::uint64_t out = 0;
  const char* end = owner.data() + owner.size();
  const auto read = std::from_chars(owner.data(), end, out, 16);
  CHECK(owner.size() == 16 && read.ec == std::errc{} && read.ptr == end);
  return out;
}

}  // namespace

const std::vector<MarkedKey>& Inventory::keys_of(const std::string& owner) const {
  static const std::vector<MarkedKey> kNone;
  const auto found = by_owner_.find(number_of(owner));
  return found == by_owner_.end() ? kNone : found->second;
}

void Inventory::replace(std::vector<netbird::Key> keys, SnapshotTime began) {
  std::map<std::uint64_t, std::vector<MarkedKey>> fresh;
  total_ = keys.size();  // corrected below for what changed while the list was under way
  for (netbird::Key& key : keys) {
    const auto mark = parse_mark(key.name);
    if (!mark) continue;
    const auto erased = erased_.find(key.id);
    if (erased != erased_.end() && erased->second >= began.mono) {
      --total_;
      continue;
    }
    key.name.clear();
    key.name.shrink_to_fit();
    fresh[number_of(mark->owner)].push_back({std::move(key), mark->revision, kNotByUs});
  }
  for (auto& [owner, known] : by_owner_) {
    for (MarkedKey& mine : known) {
      if (mine.changed_at < began.mono) continue;
      std::vector<MarkedKey>& listed = fresh[owner];
      const auto same = std::find_if(listed.begin(), listed.end(), [&mine](const MarkedKey& k) {
        return k.key.id == mine.key.id;
      });
      if (same == listed.end()) {
        listed.push_back(std::move(mine));
        ++total_;
      } else {
        *same = std::move(mine);
      }
    }
  }
  by_owner_ = std::move(fresh);
  std::erase_if(erased_, [&began](const auto& entry) { return entry.second < began.mono; });
  snapshot_ = began;
}

void Inventory::put(const netbird::Key& key, base::Instant at) {
  const auto mark = parse_mark(key.name);
  if (!mark) return;
  std::vector<MarkedKey>& keys = by_owner_[number_of(mark->owner)];
  const auto same = std::find_if(keys.begin(), keys.end(),
                                 [&key](const MarkedKey& k) { return k.key.id == key.id; });
  MarkedKey entry{key, mark->revision, at};
  entry.key.name.clear();
  if (same == keys.end()) {
    keys.push_back(std::move(entry));
    ++total_;
  } else {
    *same = std::move(entry);
  }
}

void Inventory::erase(const std::string& owner, const std::string& id, base::Instant at) {
  erased_.insert_or_assign(id, at);
  const auto found = by_owner_.find(number_of(owner));
  if (found == by_owner_.end()) return;
  total_ -= std::erase_if(found->second, [&id](const MarkedKey& k) { return k.key.id == id; });
  if (found->second.empty()) by_owner_.erase(found);
}

std::size_t Inventory::marked() const {
  std::size_t out = 0;
  for (const auto& entry : by_owner_) out += entry.second.size();
  return out;
}

void Inventory::clear() { *this = Inventory{}; }

void Groups::replace(const std::vector<netbird::Group>& groups, base::Instant began) {
  by_name_.clear();
  for (const netbird::Group& group : groups) by_name_[group.name].push_back(group.id);
  began_ = began;
}

const std::vector<std::string>* Groups::ids_of(const std::string& name) const {
  static const std::vector<std::string> kNone;
  if (!began_) return nullptr;
  const auto found = by_name_.find(name);
  return found == by_name_.end() ? &kNone : &found->second;
}

void Groups::clear() { *this = Groups{}; }

}  // namespace nbkeys::cache
