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

// The key with this id, and whether it is new here.
std::pair<MarkedKey&, bool> entry_of(std::vector<MarkedKey>& keys, const std::string& id) {
  const auto known = std::find_if(keys.begin(), keys.end(),
                                  [&id](const MarkedKey& key) { return key.key.id == id; });
  if (known != keys.end()) return {*known, false};
  MarkedKey& added = keys.emplace_back();
  added.changed_at = kNotByUs;
  return {added, true};
}

}  // namespace

const std::vector<MarkedKey>& Inventory::keys_of(const std::string& owner) const {
  static const std::vector<MarkedKey> kNone;
  const auto found = by_owner_.find(number_of(owner));
  return found == by_owner_.end() ? kNone : found->second;
}

// Entries are changed in place: most of a list says what the one before said.
void Inventory::replace(std::vector<netbird::Key> keys, SnapshotTime began) {
  ++lists_;
  std::size_t listed = 0;
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
    const auto [known, fresh] = entry_of(by_owner_[number_of(mark->owner)], key.id);
    if (fresh) ++marked_;
    if (std::exchange(known.list, lists_) != lists_) ++listed;
    if (known.changed_at >= began.mono) continue;
    known.changed_at = kNotByUs;
    known.revision = mark->revision;
    if (known.key != key) known.key = std::move(key);
  }
  if (listed < marked_) drop_unlisted(began.mono);
  std::erase_if(erased_, [&began](const auto& entry) { return entry.second < began.mono; });
  snapshot_ = began;
}

// What the last list did not have, and this process has not made since it began.
void Inventory::drop_unlisted(base::Instant began) {
  for (auto entry = by_owner_.begin(); entry != by_owner_.end();) {
    std::vector<MarkedKey>& keys = entry->second;
    marked_ -= std::erase_if(keys, [this, began](const MarkedKey& key) {
      return key.list != lists_ && key.changed_at < began;
    });
    total_ += std::count_if(keys.begin(), keys.end(),
                            [this](const MarkedKey& key) { return key.list != lists_; });
    entry = keys.empty() ? by_owner_.erase(entry) : std::next(entry);
  }
}

void Inventory::put(const netbird::Key& key, base::Instant at) {
  const auto mark = parse_mark(key.name);
  if (!mark) return;
  const auto [known, fresh] = entry_of(by_owner_[number_of(mark->owner)], key.id);
  if (fresh) {
    ++marked_;
    ++total_;
  }
  known = {key, mark->revision, at, known.list};
  known.key.name.clear();
}

void Inventory::erase(const std::string& owner, const std::string& id, base::Instant at) {
  erased_.insert_or_assign(id, at);
  const auto found = by_owner_.find(number_of(owner));
  if (found == by_owner_.end()) return;
  const auto gone = std::erase_if(found->second, [&id](const auto& k) { return k.key.id == id; });
  marked_ -= gone;
  total_ -= gone;
  if (found->second.empty()) by_owner_.erase(found);
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
