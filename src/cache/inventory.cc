#include "cache/inventory.h"

#include <algorithm>
#include <charconv>

#include "base/check.h"
#include "cache/mark.h"

namespace nbkeys::cache {
namespace {

constexpr base::Instant kNotByUs{base::Duration{-1}};
// Many of these at once are a list that lies, sooner than so many people at work.
constexpr std::size_t kMassPercent = 10;
// Whoever refers to a key has seen its end long before, and no list is so far behind.
constexpr base::Duration kGoneKept{3'600'000};

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
    if (erased != erased_.end()) {  // ids do not come back, so this list is behind
      --total_;
      continue;
    }
    key.name.clear();
    key.name.shrink_to_fit();
    const auto [known, fresh] = entry_of(by_owner_[number_of(mark->owner)], key.id);
    if (fresh) ++marked_;
    if (known.list == 0) shown(key);
    if (std::exchange(known.list, lists_) != lists_) ++listed;
    known.missing_since.reset();
    if (known.changed_at >= began.mono) continue;
    known.changed_at = kNotByUs;
    known.revision = mark->revision;
    known.ticket = mark->ticket;
    if (known.key != key) known.key = std::move(key);
  }
  settled_at_.reset();
  if (listed < marked_) drop_unlisted(began.mono);
  const auto old = [&began](const auto& entry) { return began.mono - entry.second > kGoneKept; };
  std::erase_if(erased_, old);
  std::erase_if(gone_, old);
  if (snapshot_) before_ = snapshot_->mono;
  snapshot_ = began;
}

void Inventory::shown(const netbird::Key& key) {
  youngest_shown_ = std::max(youngest_shown_, netbird::made_at(key.id));
}

// Not in the last list, and not made or changed by this process since that began.
bool Inventory::unlisted(const MarkedKey& key, base::Instant began) const {
  return key.list != lists_ && key.changed_at < began;
}

bool Inventory::believed(const MarkedKey& key, bool mass, base::Instant began) const {
  if (key.list != 0 && !mass) return true;
  return key.missing_since && began - *key.missing_since >= (key.list != 0 ? kDoubt : kLag);
}

void Inventory::doubt(MarkedKey& key, base::Instant began) {
  if (!key.missing_since) key.missing_since = began;
  const base::Instant at = *key.missing_since + (key.list != 0 ? kDoubt : kLag);
  if (!settled_at_ || at < *settled_at_) settled_at_ = at;
}

// Many missing at once.
bool Inventory::mass(base::Instant began) const {
  std::size_t shown = 0, missing = 0;
  for (const auto& entry : by_owner_) {
    for (const MarkedKey& key : entry.second) {
      if (key.list == 0) continue;
      ++shown;
      if (unlisted(key, began)) ++missing;
    }
  }
  const std::size_t few = std::max<std::size_t>(1, shown * kMassPercent / 100);
  return missing > few || (missing > 0 && total_ == 0);
}

void Inventory::drop_unlisted(base::Instant began) {
  const bool many = mass(began);
  for (auto entry = by_owner_.begin(); entry != by_owner_.end();) {
    std::vector<MarkedKey>& keys = entry->second;
    for (MarkedKey& key : keys) {
      if (!unlisted(key, began)) continue;
      if (believed(key, many, began)) {
        if (key.list != 0) gone_.insert_or_assign(key.key.id, began);
      } else {
        doubt(key, began);
      }
    }
    marked_ -= std::erase_if(keys, [&](const MarkedKey& key) {
      return unlisted(key, began) && believed(key, many, began);
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
  known = {key, mark->revision, mark->ticket, at, known.list, std::nullopt};
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

void Inventory::denied(const std::string& owner, const std::string& id) {
  const auto found = by_owner_.find(number_of(owner));
  if (found == by_owner_.end()) return;
  for (MarkedKey& key : found->second) {
    if (key.key.id == id && key.list == 0) key.list = lists_;
  }
}

void Inventory::clear() { *this = Inventory{}; }

Inventory::Image Inventory::image(const std::string& owner) const {
  Image out{keys_of(owner), erased_, gone_, snapshot_, before_};
  for (MarkedKey& key : out.keys) {
    if (key.list != 0) key.list = 1;
  }
  return out;
}

void Inventory::restore(const std::string& owner, Image image) {
  clear();
  lists_ = 1;
  total_ = marked_ = image.keys.size();
  for (const MarkedKey& key : image.keys) {
    if (key.list != 0) shown(key.key);
  }
  if (!image.keys.empty()) by_owner_[number_of(owner)] = std::move(image.keys);
  erased_ = std::move(image.erased);
  gone_ = std::move(image.gone);
  snapshot_ = image.snapshot;
  before_ = image.before;
}

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
