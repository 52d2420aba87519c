#include "model/edits.h"

#include "kube/names.h"

namespace nbkeys::model {
namespace {

using Out = std::vector<std::pair<State, std::string>>;

void edit_key(const State& from, const char* label, Out& out,
              const std::function<bool(Json&)>& change) {
  State next = from;
  --next.left.user;
  Json object = objects().key_json(from.keys.back());
  if (!change(object)) return;
  const bool spec = objects().key_json(from.keys.back())["spec"] != object["spec"];
  if (spec) object["metadata"]["generation"] = object["metadata"]["generation"].get<int>() + 1;
  put_key_version(next, std::move(object));
  out.emplace_back(std::move(next), label);
}

void edit_secret(const State& from, const char* label, Out& out, const Json* object) {
  State next = from;
  --next.left.user;
  if (object != nullptr && next.secrets.back().content == 0) ++next.secrets_made;
  put_secret_version(next, object);
  out.emplace_back(std::move(next), label);
}

void user_edits(const State& from, unsigned allowed, Out& out) {
  if (!from.gone() && (allowed & kRotate) != 0) {
    edit_key(from, "user asks to rotate", out, [](Json& o) {
      Json& annotations = o["metadata"]["annotations"];
      const std::string before = annotations.is_object()
                                     ? annotations.value("keys.netbird.io/rotate", std::string())
                                     : std::string();
      annotations["keys.netbird.io/rotate"] = before == "one" ? "two" : "one";
      return true;
    });
  }
  if (!from.gone() && (allowed & kSpec) != 0) {
    edit_key(from, "user changes expiresIn", out, [](Json& o) {
      o["spec"]["expiresIn"] = o["spec"]["expiresIn"] == "30d" ? "20d" : "30d";
      return true;
    });
  }
  if (!from.gone() && (allowed & kRevoke) != 0) {
    edit_key(from, "user sets revoked", out, [](Json& o) {
      if (o["spec"].value("revoked", false)) return false;
      o["spec"]["revoked"] = true;
      return true;
    });
    if (!out.empty() && out.back().second == "user sets revoked") {
      out.back().first.revoke_asked = true;
    }
  }
  if (!from.gone() && (allowed & kUnrevoke) != 0) {
    edit_key(from, "user clears revoked", out, [](Json& o) {
      if (!o["spec"].value("revoked", false)) return false;
      o["spec"]["revoked"] = false;
      return true;
    });
  }
}

void user_deletes(const State& from, Out& out) {
  if (from.gone() || from.deleting()) return;
  State next = from;
  --next.left.user;
  Json object = objects().key_json(from.keys.back());
  if (!object["metadata"].contains("finalizers") || object["metadata"]["finalizers"].empty()) {
    next.keys.push_back({0, from.keys.back().rv + 1, 0});
    if (objects().secret_is_ours(next.secrets.back().content)) put_secret_version(next, nullptr);
  } else {
    object["metadata"]["deletionTimestamp"] = base::format_rfc3339(wall_at(from.clock));
    put_key_version(next, std::move(object));
  }
  out.emplace_back(std::move(next), "user deletes the SetupKey");
}

void secret_edits(const State& from, unsigned allowed, Out& out) {
  const SecretVersion now = from.secrets.back();
  const bool ours = objects().secret_is_ours(now.content);
  if (ours && (allowed & kSecretDeleted) != 0) {
    edit_secret(from, "user deletes the Secret", out, nullptr);
  }
  if (ours && (allowed & kSecretAltered) != 0) {
    Json object = objects().secret_json(now);
    object["data"]["setup-key"] = "YWx0ZXJlZA==";
    edit_secret(from, "user alters the Secret's key", out, &object);
  }
  if ((allowed & kSecretForeign) == 0 || (!ours && now.content != 0)) return;
  for (const bool labelled : {false, true}) {
    Json object = {{"apiVersion", "v1"},
                   {"kind", "Secret"},
                   {"metadata",
                    {{"name", kName},
                     {"namespace", kNamespace},
                     {"resourceVersion", ""},
                     {"uid", "foreign-" + std::to_string(from.secrets_made)}}},
                   {"data", {{"setup-key", "Zm9yZWlnbg=="}}}};
    if (labelled) {
      object["metadata"]["labels"][std::string(kube::kUidLabel)] = kUid;
      object["metadata"]["ownerReferences"] = {{{"kind", kube::kKind},
                                                {"apiVersion", kube::kApiVersion},
                                                {"uid", "another"},
                                                {"controller", true}}};
    }
    State next = from;
    --next.left.user;
    // Whoever puts another Secret there deletes ours first.
    if (ours) put_secret_version(next, nullptr);
    ++next.secrets_made;
    put_secret_version(next, &object);
    out.emplace_back(std::move(next), labelled ? "user puts a Secret of another SetupKey there"
                                               : "user puts a foreign Secret there");
  }
}

void netbird_edits(const State& from, Out& out) {
  for (std::size_t i = 0; i < from.netbird.size(); ++i) {
    const int number = from.netbird[i].number;
    const std::string name = key_id(number);
    const auto edited = [&](const std::string& label, bool kills,
                            const std::function<void(State&)>& change) {
      State next = from;
      --next.left.netbird;
      change(next);
      if (kills) {
        next.killed |= bit_of(number);
        next.by_hand |= bit_of(number);
      }
      out.emplace_back(std::move(next), label + name + " at NetBird");
    };
    edited("someone deletes ", true, [i, number](State& s) {
      s.netbird.erase(s.netbird.begin() + static_cast<std::ptrdiff_t>(i));
      if (s.revoked_in_use == number) s.revoked_in_use = 0;
    });
    if (from.gone() || from.netbird[i].revoked) continue;
    edited("someone revokes ", true, [i, number](State& s) {
      s.netbird[i].revoked = true;
      const kube::SetupKey& key = objects().key_content(s.keys.back().content);
      const bool in_use = key.status.key_id == key_id(number) && !key.status.claim &&
                          key.status.last_handled_rotate == key.rotate && !key.spec.revoked &&
                          key.status.revoked_revision != key.status.revision &&
                          key.status.settings_digest == kube::settings_digest(key.spec);
      if (in_use) s.revoked_in_use = number;
    });
    if (from.netbird[i].state != netbird::KeyState::kValid) continue;
    edited("peers use up ", false,
           [i](State& s) { s.netbird[i].state = netbird::KeyState::kOverused; });
    edited("the end has come of ", false,
           [i](State& s) { s.netbird[i].state = netbird::KeyState::kExpired; });
  }
}

}  // namespace

std::vector<std::pair<State, std::string>> edits(const State& from, unsigned allowed) {
  Out out;
  if (from.left.user > 0) {
    user_edits(from, allowed, out);
    if ((allowed & kDelete) != 0) user_deletes(from, out);
    secret_edits(from, allowed, out);
  }
  for (auto& edited : out) edited.first.revoked_in_use = 0;
  if (from.left.netbird > 0 && from.side == 0) netbird_edits(from, out);
  return out;
}

}  // namespace nbkeys::model
