// How the world must look when faults have ended and time has passed.

#include <algorithm>

#include "base/hash.h"
#include "sim/world.h"

namespace nbkeys::sim {
namespace {

using fakes::at_path;
using fakes::text_at;

// Between a date and the work that it causes lies a turn of the loop, with a margin.
constexpr base::Duration kLate{900'000};

bool is_true(const Json& value) { return value.is_boolean() && value.get<bool>(); }

class RestOf {
 public:
  RestOf(const Ledger& ledger, const Json& netbird_keys,
         const std::map<std::string, std::string>& groups, base::WallTime now,
         const KnownSetupKey& of)
      : ledger_(ledger), groups_(groups), now_(now), of_(of), object_(*of.last) {
    const std::string owner = owner_of_uid(of.uid);
    for (const Json& key : netbird_keys) {
      const auto mark = mark_in(text_at(key, {"name"}));
      if (!mark || mark->owner != owner) continue;
      if (of_unknown_origin(key, *mark)) {
        unknown_ |= !is_true(at_path(key, {"revoked"})) && text_at(key, {"state"}) != "expired";
      } else {
        keys_.push_back(&key);
      }
    }
  }

  std::string wrong() const {
    if (of_.vanished) return "";
    if (of_.gone) return wrong_when_gone();
    if (at_path(object_, {"metadata", "deletionTimestamp"}).is_string()) return "is not let go";
    const Json& spec = at_path(object_, {"spec"});
    if (is_true(at_path(spec, {"suspend"}))) return "";
    if (at_path(status(), {"claim"}).is_object()) return "keeps a claim open";
    if (const std::string left = wrong_keys(); !left.empty()) return left;
    if (unknown_ && said("UnknownKeys") != "True")
      return "does not tell of a key of unknown origin";
    if (is_true(at_path(spec, {"revoked"}))) return wrong_when_revoked();
    const Json* active = key_by_id(text_at(status(), {"keyID"}));
    if (active == nullptr) return "has no key at NetBird";
    const std::string asked =
        text_at(object_, {"metadata", "annotations", "keys.netbird.io/rotate"});
    if (!asked.empty() && asked != text_at(status(), {"lastHandledRotate"})) {
      return "never had the rotation that was asked for";
    }
    const IssuedKey* issued = ledger_.key(text_at(status(), {"keyID"}));
    if (issued == nullptr) return "uses a key that was never issued";
    if (!asked.empty() && of_.rotate_asked && issued->issued_at < *of_.rotate_asked) {
      return "calls a rotation done that never was";
    }
    if (is_true(at_path(*active, {"revoked"}))) return wrong_when_revoked_outside();
    if (const std::string unlike = wrong_settings(*active); !unlike.empty()) return unlike;
    if (const std::string secret = wrong_secret(); !secret.empty()) return secret;
    return wrong_words(*active);
  }

 private:
  const Json& status() const { return at_path(object_, {"status"}); }

  // A copy of the cluster made it, or this one before its state was put back.
  bool of_unknown_origin(const Json& key, const Mark& mark) const {
    const std::string id = text_at(key, {"id"});
    const Json& previous = at_path(status(), {"previousKeys"});
    const Json& tickets = at_path(status(), {"tickets"});
    const bool referred = id == text_at(status(), {"keyID"}) ||
                          std::any_of(previous.begin(), previous.end(),
                                      [&id](const Json& p) { return text_at(p, {"keyID"}) == id; });
    return !referred && std::none_of(tickets.begin(), tickets.end(), [&mark](const Json& each) {
      return text_at(each, {"ticket"}) == mark.ticket;
    });
  }

  const Json* key_by_id(const std::string& id) const {
    for (const Json* key : keys_) {
      if (text_at(*key, {"id"}) == id) return key;
    }
    return nullptr;
  }

  std::string wrong_when_gone() const {
    const std::string policy = spec_text(object_, "deletionPolicy", "Delete");
    const bool abandoned =
        text_at(object_, {"metadata", "annotations", "keys.netbird.io/abandon"}) == "true";
    if (policy == "Retain" || abandoned) return "";
    for (const Json* key : keys_) {
      const bool kept = policy == "Revoke" && is_true(at_path(*key, {"revoked"})) &&
                        at_path(*key, {"auto_groups"}).empty();
      if (!kept) return "is gone but left key " + text_at(*key, {"id"}) + " with policy " + policy;
    }
    return policy == "Revoke" && keys_.size() > 1 ? "is gone but left several keys" : "";
  }

  std::string wrong_keys() const {
    const std::string active = text_at(status(), {"keyID"});
    const Json& previous = at_path(status(), {"previousKeys"});
    for (const Json* key : keys_) {
      const std::string id = text_at(*key, {"id"});
      const bool kept = std::any_of(previous.begin(), previous.end(),
                                    [&id](const Json& p) { return text_at(p, {"keyID"}) == id; });
      if (id != active && !kept) return "has a stray " + id;
    }
    for (const Json& entry : previous) {
      const auto until = time_in(entry, "retireAt");
      if (!until || *until + kLate < now_) return "keeps a previous key beyond its overlap";
    }
    return "";
  }

  std::string wrong_when_revoked() const {
    for (const Json* key : keys_) {
      if (!is_true(at_path(*key, {"revoked"}))) return "is to be revoked but has a good key";
    }
    return "";
  }

  std::string wrong_when_revoked_outside() const {
    const IssuedKey* key = ledger_.key(text_at(status(), {"keyID"}));
    // Nobody can tell a revocation whose record was lost with the cluster's state from a person's.
    if (key == nullptr || (!key->revoked_by_person && !of_.revocation_lost)) {
      return "had its key revoked by the operator";
    }
    return said("Ready") == "True" ? "is Ready with a revoked key" : "";
  }

  std::string wrong_settings(const Json& key) const {
    const Json& spec = at_path(object_, {"spec"});
    for (const auto& [field, name] :
         {std::pair{"type", "type"}, std::pair{"ephemeral", "ephemeral"},
          std::pair{"allowExtraDnsLabels", "allow_extra_dns_labels"}}) {
      if (at_path(spec, {field}) != at_path(key, {name}))
        return std::string("has another ") + field;
    }
    const std::int64_t limit = fakes::number_at(spec, {"usageLimit"});
    const bool one_off = text_at(spec, {"type"}) == "one-off";
    if (fakes::number_at(key, {"usage_limit"}) != (one_off ? 1 : limit)) {
      return "has another usage limit";
    }
    std::set<std::string> wanted, found;
    for (const Json& group : at_path(spec, {"autoGroups"})) {
      if (group.contains("id")) wanted.insert(text_at(group, {"id"}));
      for (const auto& [id, name] : groups_) {
        if (name == text_at(group, {"name"})) wanted.insert(id);
      }
    }
    for (const Json& id : at_path(key, {"auto_groups"})) found.insert(id.get<std::string>());
    return wanted == found ? "" : "has other groups";
  }

  std::string wrong_secret() const {
    const KnownSecret* secret = ledger_.secret_of(of_);
    if (secret == nullptr) return "has no Secret";
    if (!Ledger::belongs(*secret->last, of_.uid)) return "has a Secret of somebody else";
    const std::string entry = spec_text(object_, "secretKey", "setup-key");
    const auto plain = base::base64_decode(text_at(*secret->last, {"data", entry}));
    const IssuedKey* key = ledger_.key(text_at(status(), {"keyID"}));
    if (key == nullptr || !plain || plain->reveal() != key->plaintext) {
      return "has a Secret without the key in use";
    }
    for (const auto& [name, value] : at_path(object_, {"spec", "secretTemplate", "data"}).items()) {
      const auto text = base::base64_decode(text_at(*secret->last, {"data", name}));
      if (!text || text->reveal() != value.get<std::string>())
        return "has a Secret unlike its template";
    }
    return "";
  }

  std::string wrong_words(const Json& key) const {
    const bool one_off = text_at(key, {"type"}) == "one-off";
    const bool spent = one_off && fakes::number_at(key, {"used_times"}) > 0;
    const bool good = text_at(key, {"state"}) == "valid" || spent;
    if (good != (said("Ready") == "True")) {
      return good ? "is not Ready with a good key" : "is Ready with a bad key";
    }
    if ((text_at(key, {"state"}) == "valid") != (said("KeyValid") == "True")) {
      return "says something wrong of its key";
    }
    const Json& generation = at_path(object_, {"metadata", "generation"});
    return generation == at_path(status(), {"observedGeneration"}) ? "" : "has an old status";
  }

  std::string said(const std::string& type) const {
    for (const Json& condition : at_path(status(), {"conditions"})) {
      if (text_at(condition, {"type"}) == type) return text_at(condition, {"status"});
    }
    return "";
  }

  const Ledger& ledger_;
  const std::map<std::string, std::string>& groups_;
  base::WallTime now_;
  const KnownSetupKey& of_;
  const Json& object_;
  std::vector<const Json*> keys_;
  bool unknown_ = false;  // there is one of unknown origin with which a peer can enrol
};

// Every moment at which the clock alone gives the operator something to do for this SetupKey.
std::vector<base::WallTime> dates_of(const Json& object) {
  std::vector<base::WallTime> out;
  const Json& status = at_path(object, {"status"});
  for (const char* field : {"renewalTime", "expiresAt"}) {
    if (const auto at = time_in(status, field)) out.push_back(*at);
  }
  for (const Json& previous : at_path(status, {"previousKeys"})) {
    if (const auto at = time_in(previous, "retireAt")) out.push_back(*at);
  }
  return out;
}

}  // namespace

std::string wrong_at_rest(const Ledger& ledger, const Json& netbird_keys,
                          const std::map<std::string, std::string>& groups, base::WallTime now) {
  for (const auto& [uid, known] : ledger.setup_keys()) {
    const std::string wrong = RestOf(ledger, netbird_keys, groups, now, known).wrong();
    if (!wrong.empty()) return known.name_space + "/" + known.name + " (" + uid + ") " + wrong;
  }
  for (const auto& [id, key] : ledger.keys()) {
    if (ledger.elsewhere(key)) continue;
    const bool there = std::any_of(netbird_keys.begin(), netbird_keys.end(),
                                   [&id](const Json& k) { return text_at(k, {"id"}) == id; });
    if (there == key.gone_at.has_value()) return "key " + id + " came or went unseen";
  }
  return "";
}

std::optional<base::WallTime> next_date(const Ledger& ledger, base::WallTime now) {
  std::optional<base::WallTime> out;
  for (const auto& [uid, known] : ledger.setup_keys()) {
    if (known.gone) continue;
    for (const base::WallTime at : dates_of(*known.last)) {
      if (at > now && (!out || at < *out)) out = at;
    }
  }
  return out;
}

namespace {

// A key that comes by and by, as many were broken before it.
bool waits_for_a_repair(const Json& object) {
  const Json& conditions = at_path(object, {"status", "conditions"});
  return std::any_of(conditions.begin(), conditions.end(),
                     [](const Json& each) { return text_at(each, {"reason"}) == "RepairLimited"; });
}

// A wait that was written before the clock was set ahead lasts its own length all the same: it ends
// after the date that it names, and before that length is over.
bool overlap_may_end(const KnownSetupKey& known, base::Instant from, base::WallTime to) {
  const Json& previous = at_path(*known.last, {"status", "previousKeys"});
  return std::any_of(previous.begin(), previous.end(), [&](const Json& each) {
    const auto over = known.overlap_over.find(text_at(each, {"keyID"}));
    const auto until = time_in(each, "retireAt");
    return over != known.overlap_over.end() && over->second >= from && until && *until <= to;
  });
}

}  // namespace

std::set<std::string> with_dates(const Ledger& ledger, base::Now now, base::Duration length) {
  constexpr base::Duration kMargin{600'000};
  const base::WallTime from = now.wall - kMargin, to = now.wall + length + kMargin;
  std::set<std::string> out;
  for (const auto& [uid, known] : ledger.setup_keys()) {
    if (known.gone) continue;
    const auto dates = dates_of(*known.last);
    const bool due = std::any_of(dates.begin(), dates.end(),
                                 [&](base::WallTime at) { return at >= from && at <= to; });
    // A wait that a clock wrote which was ahead counts from when it was set right.
    const auto rotated = time_in(at_path(*known.last, {"status"}), "lastRotationTime");
    const bool ahead = rotated && *rotated > now.wall;
    const bool ends = overlap_may_end(known, now.mono + -kMargin, to);
    if (!due && !ahead && !ends && !waits_for_a_repair(*known.last)) continue;
    out.insert("/namespaces/" + known.name_space + "/setupkeys/" + known.name);
    out.insert("/namespaces/" + known.name_space + "/secrets");
    out.insert("/namespaces/" + known.name_space + "/events");
    out.insert(owner_of_uid(uid));
    for (const auto& [id, key] : ledger.keys()) {
      if (key.mark.owner == owner_of_uid(uid)) out.insert("/setup-keys/" + id);
    }
  }
  return out;
}

}  // namespace nbkeys::sim
