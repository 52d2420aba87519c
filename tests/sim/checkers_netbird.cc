// What the operator may ask of NetBird: each revision once, no key that is somebody else's, and
// never the end of the key that the Secret carries unless somebody asked for it.

#include <algorithm>

#include "sim/checker.h"

namespace nbkeys::sim {
namespace {

using fakes::at_path;
using fakes::text_at;

constexpr std::string_view kKeysPath = "/api/setup-keys";
// A view of the spec may be this old when a request that rests on it arrives: streams are cut off
// after 150 s of silence, and a request is under way for up to 40 s.
constexpr base::Duration kViewMax{600'000};

bool is_create(const Act& act) {
  return act.request.server == io::Server::kNetBird && act.request.method == io::Method::kPost &&
         act.request.path == kKeysPath;
}

class RevisionsChecker : public Checker {
 public:
  RevisionsChecker(const Ledger& ledger, Findings& findings)
      : Checker("revisions", ledger, findings) {}

  void sent(const Act& act) override {
    if (!is_create(act) || act.by == kPerson) return;
    const std::string name = text_at(Json::parse(act.request.body.reveal()), {"name"});
    const auto mark = mark_in(name);
    if (!mark || mark->revision == 0) {
      fail("a key without a mark is asked for: " + name);
      return;
    }
    if (ledger_.setup_key_of_owner(mark->owner) == nullptr) {
      fail("a key is asked for on behalf of nobody: " + name);
    }
  }

  // What surely was not carried out may be asked again; a second key of a revision may never be.
  void applied(const Act& act, const io::HttpResponse& response) override {
    if (!is_create(act) || act.by == kPerson || response.status != 200) return;
    const auto mark = mark_in(text_at(Json::parse(act.request.body.reveal()), {"name"}));
    if (!mark) return;
    // A state that was put back counts on from an older number: then the claim is another one.
    const std::string which = mark->owner + "-r" + std::to_string(mark->revision);
    if (!made_.insert(which + mark->ticket).second) fail("revision " + which + " is made twice");
  }

 private:
  std::set<std::string> made_;
};

class KeysChecker : public Checker {
 public:
  KeysChecker(const Ledger& ledger, Findings& findings) : Checker("keys", ledger, findings) {}

  void applied(const Act& act, const io::HttpResponse& response) override {
    if (act.by == kPerson || act.request.server != io::Server::kNetBird) return;
    const std::string& path = act.request.path;
    if (act.request.method == io::Method::kGet || is_create(act)) return;
    if (!path.starts_with(kKeysPath)) {
      fail("writes to " + path);
      return;
    }
    if (act.request.operation == "probe_write") return;  // of a key that cannot exist
    const IssuedKey* key = ledger_.key(path.substr(kKeysPath.size() + 1));
    if (key == nullptr) return fail("writes to a key that was never issued: " + path);
    const KnownSetupKey* owner = ledger_.setup_key_of_owner(key->mark.owner);
    if (owner == nullptr) return fail("writes to somebody else's key " + key->id);
    if (key->of_a_copy)
      return fail("changes key " + key->id + ", which a copy of the cluster made");
    if (response.status != 200) return;
    if (ends_it(act) && carried(*key, *owner) && !asked_for(act, *owner) &&
        !revoked_by_person(*owner)) {
      fail("ends key " + key->id + " (revision " + std::to_string(key->mark.revision) + ") of " +
           owner->name_space + "/" + owner->name + " although its Secret carries it");
    }
  }

 private:
  static bool ends_it(const Act& act) {
    if (act.request.method == io::Method::kDelete) return true;
    return Json::parse(act.request.body.reveal()).value("revoked", false);
  }
  bool carried(const IssuedKey& key, const KnownSetupKey& owner) const {
    const KnownSecret* secret = ledger_.secret_of(owner);
    return secret != nullptr && secret->key == key.plaintext && secret->key_by_operator &&
           Ledger::belongs(*secret->last, owner.uid) && !key.revoked;
  }
  // After a person has revoked the key in use, no key of the resource is to stay good, whichever of
  // them some late writer put into the Secret.
  bool revoked_by_person(const KnownSetupKey& owner) const {
    const IssuedKey* in_use = ledger_.key(text_at(*owner.last, {"status", "keyID"}));
    return in_use != nullptr && in_use->revoked_by_person;
  }
  static bool asked_for(const Act& act, const KnownSetupKey& owner) {
    if (owner.gone || at_path(*owner.last, {"metadata", "deletionTimestamp"}).is_string()) {
      return true;
    }
    if (at_path(*owner.last, {"spec", "revoked"}) == true) return true;
    return owner.revoked_seen && act.at.mono - *owner.revoked_seen <= kViewMax;
  }
};

// Where another account's token is in the operator's hands, nothing is written for keys that live
// in this one.
class AccountChecker : public Checker {
 public:
  AccountChecker(const Ledger& ledger, Findings& findings) : Checker("account", ledger, findings) {}

  void applied(const Act& act, const io::HttpResponse&) override {
    const bool writes = act.request.server == io::Server::kNetBird &&
                        act.request.method != io::Method::kGet &&
                        act.request.operation != "probe_write";
    if (act.by == kPerson || !writes) return;
    const KnownSetupKey* owner = ledger_.setup_key_of_owner(owner_in(act));
    if (owner == nullptr) return;
    const std::string lives_in = text_at(*owner->last, {"status", "account", "id"});
    if (lives_in.empty() || lives_in == act.account) return;
    fail("writes in account " + act.account + " for " + owner->name_space + "/" + owner->name +
         ", whose key lives in " + lives_in);
  }

 private:
  std::string owner_in(const Act& act) const {
    if (is_create(act)) {
      const auto mark = mark_in(text_at(Json::parse(act.request.body.reveal()), {"name"}));
      return mark ? mark->owner : "";
    }
    const IssuedKey* key = ledger_.key(act.request.path.substr(kKeysPath.size() + 1));
    return key == nullptr ? "" : key->mark.owner;
  }
};

constexpr base::Duration kSlack{60'000};

// Whoever read the Secret just before a rotation has the overlap to enrol.
class OverlapChecker : public Checker {
 public:
  OverlapChecker(const Ledger& ledger, Findings& findings) : Checker("overlap", ledger, findings) {}

  void sent(const Act& act) override {
    if (act.request.operation != "delete_key") return;
    const IssuedKey* key = ledger_.key(act.request.path.substr(kKeysPath.size() + 1));
    const KnownSetupKey* owner =
        key == nullptr ? nullptr : ledger_.setup_key_of_owner(key->mark.owner);
    if (owner == nullptr || owner->gone || owner->revoked_seen) return;
    if (at_path(*owner->last, {"metadata", "deletionTimestamp"}).is_string()) return;
    const Json& previous = at_path(*owner->last, {"status", "previousKeys"});
    const auto most = static_cast<std::size_t>(std::max<std::int64_t>(
        1, fakes::number_at(*owner->last, {"spec", "revisionHistoryLimit"})));
    if (previous.size() >= most) return;  // the oldest makes room
    for (const Json& entry : previous) {
      const auto until = time_in(entry, "retireAt");
      // A clock that was set since says nothing of how long the key was replaced.
      const auto due = due_.find(key->id);
      const bool lasts = due == due_.end() || act.at.wall + kSlack < due->second;
      const bool early = until && *until > act.own_clock + kSlack && lasts;
      if (text_at(entry, {"keyID"}) == key->id && early) {
        fail("deletes previous key " + key->id + " before its overlap is over");
      }
    }
  }

  void storing(base::Now at, int by, const std::string& resource, const fakes::Object& before,
               const fakes::Object& after) override {
    if (resource != "setupkeys" || by == kPerson || !before || !after) return;
    note_due(at.wall, *after);
    const std::string old_id = text_at(*before, {"status", "keyID"});
    const IssuedKey* old = ledger_.key(old_id);
    if (old == nullptr || old->gone_at || text_at(*after, {"status", "keyID"}) == old_id) return;
    // Given up by a person's word: it stays in the account before.
    const auto account = [](const Json& o) { return text_at(o, {"status", "account", "id"}); };
    if (account(*before) != account(*after)) return;
    const Json& previous = at_path(*after, {"status", "previousKeys"});
    const bool kept = std::any_of(previous.begin(), previous.end(), [&old_id](const Json& entry) {
      return text_at(entry, {"keyID"}) == old_id;
    });
    if (!kept) fail("forgets key " + old_id + ", which was in use until now");
  }

 private:
  // By the operator's own words: how long from the rotation on. Known from when it is first told.
  void note_due(base::WallTime now, const Json& object) {
    const auto rotated = time_in(at_path(object, {"status"}), "lastRotationTime");
    for (const Json& entry : at_path(object, {"status", "previousKeys"})) {
      const auto until = time_in(entry, "retireAt");
      if (rotated && until) due_.try_emplace(text_at(entry, {"keyID"}), now + (*until - *rotated));
    }
  }

  std::map<std::string, base::WallTime> due_;
};

}  // namespace

std::unique_ptr<Checker> make_overlap_checker(const Ledger& ledger, Findings& findings) {
  return std::make_unique<OverlapChecker>(ledger, findings);
}

std::unique_ptr<Checker> make_account_checker(const Ledger& ledger, Findings& findings) {
  return std::make_unique<AccountChecker>(ledger, findings);
}

std::unique_ptr<Checker> make_revisions_checker(const Ledger& ledger, Findings& findings) {
  return std::make_unique<RevisionsChecker>(ledger, findings);
}

std::unique_ptr<Checker> make_keys_checker(const Ledger& ledger, Findings& findings) {
  return std::make_unique<KeysChecker>(ledger, findings);
}

}  // namespace nbkeys::sim
