#pragma once
// SetupKeys, keys and times for the tests of the verbs.

#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "base/json.h"
#include "cache/mark.h"
#include "kube/setup_key.h"
#include "plugin/account.h"

namespace nbkeys::plugin {

inline base::WallTime at(const char* text) {
  const auto parsed = base::parse_rfc3339(text);
  return parsed ? *parsed : base::WallTime{};
}

inline const base::WallTime kNow = at("2026-03-01T12:00:00Z");
constexpr base::Duration kHour{3'600'000};
constexpr base::Duration kDay{86'400'000};

// A Ready SetupKey of revision 2, issued ten days ago for thirty.
inline base::Json setup_key_object(const std::string& name) {
  return {{"metadata",
           {{"name", name},
            {"namespace", "team-a"},
            {"uid", "uid-" + name},
            {"resourceVersion", "7"},
            {"generation", 1},
            {"creationTimestamp", "2026-02-01T12:00:00Z"}}},
          {"spec", {{"usageLimit", 20}}},
          {"status",
           {{"observedGeneration", 1},
            {"state", "valid"},
            {"keyID", "id-" + name},
            {"keyPrefix", "ABCDE"},
            {"revision", 2},
            {"lastRevision", 2},
            {"issuedAt", "2026-02-19T12:00:00Z"},
            {"expiresAt", "2026-03-21T12:00:00Z"},
            {"renewalTime", "2026-03-11T12:00:00Z"},
            {"usedTimes", 5},
            {"lastUsed", "2026-03-01T11:00:00Z"},
            {"conditions",
             {{{"type", "Ready"},
               {"status", "True"},
               {"reason", "Issued"},
               {"message", "key id-" + name + " (revision 2) is in Secret " + name},
               {"lastTransitionTime", "2026-02-19T12:00:00Z"}}}}}}};
}

inline kube::SetupKey parsed(const base::Json& object) {
  auto out = kube::parse_setup_key(object);
  return out ? std::move(*out) : kube::SetupKey{};
}
inline kube::SetupKey setup_key(const std::string& name) { return parsed(setup_key_object(name)); }

inline ListedKey listed(std::string id, std::string name) {
  ListedKey out;
  out.key.id = std::move(id);
  out.key.name = std::move(name);
  out.key.prefix = "ABCDE";
  out.key.usage_limit = 20;
  out.key.used_times = 5;
  out.key.expires = kNow + 20 * kDay;
  out.key.last_used = kNow - kHour;
  out.updated = kNow - 10 * kDay;
  out.mark = cache::parse_mark(out.key.name);
  return out;
}

inline ListedKey marked(const std::string& owner, std::uint32_t revision) {
  return listed("id-" + owner + (revision == 2 ? "" : "-r" + std::to_string(revision)),
                cache::marked_name(owner, {cache::owner_of("uid-" + owner), revision}));
}

}  // namespace nbkeys::plugin
