#include "plugin/join.h"

#include <algorithm>
#include <map>
#include <utility>

#include "plugin/style.h"

namespace nbkeys::plugin {
namespace {

using kube::KeyStatus;
using netbird::KeyState;

std::string joined_words(const std::vector<std::string>& words) {
  std::string out;
  for (const std::string& word : words) out += (out.empty() ? "" : ", ") + word;
  return out.empty() ? "none" : out;
}

std::vector<std::string> names_of(const std::vector<std::string>& ids, const Account& account) {
  std::vector<std::string> out;
  for (const std::string& id : ids) {
    const auto found = account.group_names.find(id);
    out.push_back(found == account.group_names.end() ? id : found->second);
  }
  return out;
}

void compare_groups(const KeyStatus& status, const netbird::Key& key, const Account& account,
                    std::vector<Remark>& out) {
  std::vector<std::string> wanted = status.auto_group_ids;
  std::sort(wanted.begin(), wanted.end());
  if (wanted == key.auto_groups || key.revoked) return;
  out.push_back({"groups", "groups differ: NetBird has " +
                               joined_words(names_of(key.auto_groups, account)) + ", status says " +
                               joined_words(names_of(wanted, account))});
}

void compare_state(const kube::SetupKey& resource, const netbird::Key& key,
                   std::vector<Remark>& out) {
  const KeyStatus& status = resource.status;
  if (key.revoked && !resource.spec.revoked && status.revoked_revision != status.revision) {
    out.push_back({"revoked-externally", "somebody revoked the key at NetBird"});
  } else if (!key.revoked && resource.spec.revoked) {
    out.push_back({"not-revoked", "spec.revoked is true, but NetBird still takes the key"});
  } else if (const auto state = netbird::key_state_name(key.state);
             !status.state.empty() && status.state != state) {
    out.push_back({"state", "NetBird says " + std::string(state) + ", status says " + status.state +
                                ": the operator has not looked since"});
  }
}

void compare(const JoinedSetupKey& entry, const Account& account, const JoinOptions& options,
             std::vector<Remark>& out) {
  const kube::SetupKey& resource = *entry.resource;
  const KeyStatus& status = resource.status;
  const ListedKey* active = entry.active();
  if (active == nullptr) {
    if (status.revision > 0) {
      out.push_back({"missing", "NetBird has no key " + status.key_id});
    }
  } else {
    compare_state(resource, active->key, out);
    compare_groups(status, active->key, account, out);
    const std::string name = cache::marked_name(resource.spec.settings.display_name, *active->mark);
    if (active->key.name != name && !status.claim) {
      out.push_back(
          {"name", "it is called '" + active->key.name + "' at NetBird, not '" + name + "'"});
    }
    if (const auto idle = unused_for(*active, status.issued_at, options)) {
      out.push_back({"unused", "no peer has enrolled with it for " + rough(*idle)});
    }
  }
  const auto count = [&entry](cache::KeyRole role) {
    return static_cast<std::size_t>(
        std::count_if(entry.keys.begin(), entry.keys.end(),
                      [role](const OwnedKey& k) { return k.role == role; }));
  };
  if (const std::size_t left = count(cache::KeyRole::kStray); left > 0) {
    out.push_back({"left-over", count_of(left, "key is", "keys are") +
                                    " left over at NetBird: see nbkeys strays"});
  }
  if (const std::size_t others = count(cache::KeyRole::kUnknownOrigin); others > 0) {
    out.push_back({"unknown-origin", count_of(others, "key", "keys") +
                                         " at NetBird with its mark of unknown origin: see nbkeys "
                                         "strays"});
  }
}

}  // namespace

const ListedKey* JoinedSetupKey::active() const {
  for (const OwnedKey& owned : keys) {
    if (owned.role == cache::KeyRole::kInUse) return owned.key;
  }
  return nullptr;
}

cache::KeyRole role_of(const kube::SetupKey& owner, const ListedKey& key) {
  static const cache::Mark kNone;
  const cache::Mark& mark = key.mark ? *key.mark : kNone;
  return cache::role_of(owner, {}, {key.key.id, mark.revision, mark.ticket});
}

std::optional<base::Duration> unused_for(const ListedKey& key, std::optional<base::WallTime> issued,
                                         const JoinOptions& options) {
  if (options.unused_after.count() == 0 || key.key.state != KeyState::kValid) return std::nullopt;
  const auto since = key.key.last_used ? key.key.last_used : (issued ? issued : key.updated);
  if (!since || options.now - *since < options.unused_after) return std::nullopt;
  return options.now - *since;
}

Joined join(const std::vector<kube::SetupKey>& setup_keys, const Account* account,
            const JoinOptions& options) {
  Joined out;
  std::map<std::string, std::size_t> by_owner;
  for (const kube::SetupKey& resource : setup_keys) {
    by_owner.emplace(cache::owner_of(resource.meta.uid, options.identity), out.setup_keys.size());
    out.setup_keys.push_back({&resource, {}, {}});
  }
  if (account == nullptr) return out;
  for (const ListedKey& key : account->keys) {
    if (!key.mark) {
      out.hand_made.push_back(&key);
      continue;
    }
    const auto owner = by_owner.find(key.mark->owner);
    if (owner == by_owner.end()) {
      out.unowned.push_back(&key);
      continue;
    }
    JoinedSetupKey& entry = out.setup_keys[owner->second];
    entry.keys.push_back({&key, role_of(*entry.resource, key)});
  }
  for (JoinedSetupKey& entry : out.setup_keys) compare(entry, *account, options, entry.remarks);
  return out;
}

}  // namespace nbkeys::plugin
