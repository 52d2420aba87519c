#include "sim/ledger.h"

#include <algorithm>

#include "base/hash.h"

namespace nbkeys::sim {
namespace {

using fakes::at_path;
using fakes::text_at;

constexpr std::string_view kKeysPath = "/api/setup-keys";

const Json& status_of(const fakes::Object& object) {
  static const Json kNone;
  return object ? at_path(*object, {"status"}) : kNone;
}

// From when it is first told.
void note_overlaps(base::Instant now, const Json& status, KnownSetupKey& known) {
  const auto rotated = time_in(status, "lastRotationTime");
  for (const Json& entry : at_path(status, {"previousKeys"})) {
    const auto until = time_in(entry, "retireAt");
    if (!rotated || !until) continue;
    known.overlap_over.try_emplace(text_at(entry, {"keyID"}), now + (*until - *rotated));
  }
}

std::string place(const Json& object) {
  return text_at(object, {"metadata", "namespace"}) + "/" + text_at(object, {"metadata", "name"});
}

}  // namespace

std::optional<Mark> mark_in(std::string_view name) {
  constexpr std::string_view kBegin = " [k8s-";
  const std::size_t at = name.rfind(kBegin);
  if (at == std::string_view::npos || name.back() != ']') return std::nullopt;
  const std::string_view inner =
      name.substr(at + kBegin.size(), name.size() - at - kBegin.size() - 1);
  const std::size_t dash = inner.find("-r");
  if (dash != 16 || inner.size() < 19) return std::nullopt;
  Mark out{std::string(inner.substr(0, 16)), 0};
  constexpr std::size_t kTicket = 8;
  const std::string_view before = name.substr(0, at);
  if (before.size() >= kTicket + 2 && before.substr(before.size() - kTicket - 2, 2) == " ~") {
    out.ticket = before.substr(before.size() - kTicket);
  }
  for (const char c : inner.substr(18)) {
    if (c < '0' || c > '9') return std::nullopt;
    out.revision = out.revision * 10 + static_cast<std::uint64_t>(c - '0');
  }
  return out;
}

std::string owner_of_uid(const std::string& uid) { return base::sha256_hex(uid).substr(0, 16); }

std::string spec_text(const Json& setup_key, const char* field, const std::string& otherwise) {
  const std::string found = text_at(setup_key, {"spec", field});
  return found.empty() ? otherwise : found;
}

std::string secret_name_of(const Json& setup_key) {
  return spec_text(setup_key, "secretName", text_at(setup_key, {"metadata", "name"}));
}

std::optional<base::WallTime> time_in(const Json& value, const char* field) {
  return base::parse_rfc3339(text_at(value, {field}));
}

void Ledger::object_changed(base::Now at, int by, const std::string& resource,
                            const fakes::Object& before, const fakes::Object& after) {
  if (resource == "setupkeys") {
    const auto uid = [](const fakes::Object& o) { return text_at(*o, {"metadata", "uid"}); };
    if (before && after && uid(before) != uid(after)) {  // in the state that was put back
      setup_key_changed(at, before, nullptr);
      setup_key_changed(at, nullptr, after);
    } else {
      setup_key_changed(at, before, after);
    }
  }
  if (resource == "secrets") secret_changed(at, by, before, after);
}

void Ledger::setup_key_changed(base::Now at, const fakes::Object& before,
                               const fakes::Object& after) {
  const fakes::Object& object = after ? after : before;
  const std::string uid = text_at(*object, {"metadata", "uid"});
  KnownSetupKey& known = setup_keys_[uid];
  if (known.uid.empty()) {
    known.uid = uid;
    known.name_space = text_at(*object, {"metadata", "namespace"});
    known.name = text_at(*object, {"metadata", "name"});
    owners_[owner_of_uid(uid)] = uid;
  }
  const auto revoked = [](const fakes::Object& o) {
    return o && at_path(*o, {"spec", "revoked"}) == true;
  };
  if (revoked(before) || revoked(after)) known.revoked_seen = at.mono;
  if (before && after && revoked(before) && !revoked(after)) {
    const auto generation = [](const fakes::Object& o) {
      return fakes::number_at(*o, {"metadata", "generation"});
    };
    known.revocation_lost = generation(after) < generation(before);
  }
  const auto rotate = [](const fakes::Object& o) {
    return o ? text_at(*o, {"metadata", "annotations", "keys.netbird.io/rotate"}) : "";
  };
  if (rotate(after) != rotate(before)) {
    // Whoever asks does not write status: that goes back together with the annotation.
    if (status_of(before) == status_of(after)) known.asked_at[rotate(after)] = at.mono;
    const auto asked = known.asked_at.find(rotate(after));
    known.rotate_asked.reset();
    if (asked != known.asked_at.end()) known.rotate_asked = asked->second;
  }
  if (after) note_overlaps(at.mono, status_of(after), known);
  known.last = object;
  known.gone = !after;
  const Json& finalizers = at_path(*object, {"metadata", "finalizers"});
  known.vanished =
      !after && std::any_of(finalizers.begin(), finalizers.end(),
                            [](const Json& each) { return each == "keys.netbird.io/setup-key"; });
}

std::string Ledger::key_in(const Json& secret) const {
  const Json& data = at_path(secret, {"data"});
  if (!data.is_object()) return "";
  const IssuedKey* newest = nullptr;
  for (const auto& [name, value] : data.items()) {
    if (!value.is_string()) continue;
    const auto plain = base::base64_decode(value.get_ref<const std::string&>());
    const IssuedKey* found = plain ? key_of_plaintext(std::string(plain->reveal())) : nullptr;
    const bool newer =
        newest == nullptr || (found != nullptr && found->mark.revision > newest->mark.revision);
    if (found != nullptr && newer) newest = found;
  }
  return newest == nullptr ? "" : newest->plaintext;
}

void Ledger::secret_changed(base::Now at, int by, const fakes::Object& before,
                            const fakes::Object& after) {
  const std::string where = place(after ? *after : *before);
  if (!after) {
    secrets_.erase(where);
    return;
  }
  KnownSecret& known = secrets_[where];
  if (!before) {
    known = KnownSecret{};
    known.made_by_operator = by != kPerson;
  }
  const bool data_changed = !before || at_path(*before, {"data"}) != at_path(*after, {"data"});
  known.last = after;
  if (!data_changed) return;
  known.carried_before = known.key;
  known.changed_at = at.mono;
  known.key = key_in(*after);
  known.key_by_operator = by != kPerson && !known.key.empty();
}

void Ledger::netbird_answered(const Act& act, const io::HttpResponse& response) {
  const std::string& path = act.request.path;
  if (!path.starts_with(kKeysPath) || response.status != 200) return;
  const std::string id = path.size() > kKeysPath.size() ? path.substr(kKeysPath.size() + 1) : "";
  switch (act.request.method) {
    case io::Method::kPost: {
      const Json body = Json::parse(response.body.reveal());
      IssuedKey made{text_at(body, {"id"}),
                     text_at(body, {"key"}),
                     mark_in(text_at(body, {"name"})).value_or(Mark{}),
                     act.at.mono,
                     std::nullopt,
                     false,
                     false,
                     false,
                     act.account,
                     act.by == kPerson};
      by_plaintext_[made.plaintext] = made.id;
      plaintexts_.push_back(made.plaintext);
      keys_[made.id] = std::move(made);
      return;
    }
    case io::Method::kDelete:
      if (const auto found = keys_.find(id); found != keys_.end()) {
        found->second.gone_at = act.at.mono;
        found->second.deleted_by_operator = act.by != kPerson;
      }
      return;
    case io::Method::kPut: {
      const bool revoked = Json::parse(act.request.body.reveal()).value("revoked", false);
      if (const auto found = keys_.find(id); found != keys_.end() && revoked) {
        if (!found->second.revoked) found->second.revoked_by_person = act.by == kPerson;
        found->second.revoked = true;
      }
      return;
    }
    case io::Method::kGet:
    case io::Method::kPatch: return;
  }
}

const IssuedKey* Ledger::key(const std::string& id) const {
  const auto found = keys_.find(id);
  return found == keys_.end() ? nullptr : &found->second;
}

const IssuedKey* Ledger::key_of_plaintext(const std::string& plaintext) const {
  const auto found = by_plaintext_.find(plaintext);
  return found == by_plaintext_.end() ? nullptr : key(found->second);
}

const KnownSetupKey* Ledger::setup_key(const std::string& uid) const {
  const auto found = setup_keys_.find(uid);
  return found == setup_keys_.end() ? nullptr : &found->second;
}

const KnownSetupKey* Ledger::setup_key_of_owner(const std::string& owner) const {
  const auto found = owners_.find(owner);
  return found == owners_.end() ? nullptr : setup_key(found->second);
}

const KnownSecret* Ledger::secret(const std::string& name_space, const std::string& name) const {
  const auto found = secrets_.find(name_space + "/" + name);
  return found == secrets_.end() ? nullptr : &found->second;
}

const KnownSecret* Ledger::secret_of(const KnownSetupKey& of) const {
  return secret(of.name_space, secret_name_of(*of.last));
}

bool Ledger::belongs(const Json& secret, const std::string& uid) {
  for (const Json& owner : at_path(secret, {"metadata", "ownerReferences"})) {
    if (text_at(owner, {"kind"}) == "SetupKey") return text_at(owner, {"uid"}) == uid;
  }
  return text_at(secret, {"metadata", "labels", "keys.netbird.io/setupkey-uid"}) == uid;
}

}  // namespace nbkeys::sim
