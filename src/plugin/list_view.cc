#include "plugin/list_view.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/json.h"
#include "plugin/table.h"

namespace nbkeys::plugin {
namespace {

using base::Json;

void put_time(Json& out, const char* name, const std::optional<base::WallTime>& t) {
  if (t) out[name] = base::format_rfc3339(*t);
}

Json remarks_json(const std::vector<Remark>& remarks) {
  Json out = Json::array();
  for (const Remark& r : remarks) out.push_back({{"kind", r.kind}, {"message", r.message}});
  return out;
}

Json setup_key_json(const JoinedSetupKey& entry, const Account* account) {
  const kube::SetupKey& resource = *entry.resource;
  const kube::KeyStatus& status = resource.status;
  const kube::Condition* ready = condition_of(status, "Ready");
  Json out = {{"namespace", resource.meta.ref.name_space},
              {"name", resource.meta.ref.name},
              {"ready", ready == nullptr ? "Unknown"
                        : ready->status  ? "True"
                                         : "False"},
              {"reason", ready == nullptr ? "" : ready->reason},
              {"message", ready == nullptr ? "" : ready->message},
              {"state", status.state},
              {"type", kube::key_type_name(resource.spec.settings.type)},
              {"keyID", status.key_id},
              {"revision", status.revision},
              {"secret", resource.spec.secret_name},
              {"usedTimes", status.used_times.value_or(0)},
              {"usageLimit", resource.spec.settings.usage_limit},
              {"remarks", remarks_json(entry.remarks)}};
  put_time(out, "expiresAt", status.expires_at);
  put_time(out, "renewalTime", status.renewal_time);
  put_time(out, "lastUsed", status.last_used);
  if (account == nullptr) return out;
  Json keys = Json::array();
  for (const OwnedKey& owned : entry.keys) {
    Json key = listed_key_json(*owned.key, *account);
    key["role"] = cache::role_name(owned.role);
    keys.push_back(std::move(key));
  }
  out["netbirdKeys"] = std::move(keys);
  return out;
}

Cell ready_cell(const kube::SetupKey& resource) {
  const kube::Condition* ready = condition_of(resource.status, "Ready");
  if (ready == nullptr) return {"Unknown", Paint::kWarn};
  if (ready->status) return {"True", Paint::kGood};
  return {"False",
          condition_of(resource.status, "Stalled") != nullptr ? Paint::kBad : Paint::kWarn};
}

std::string when(const std::optional<base::WallTime>& t, base::WallTime now) {
  return t ? distance(*t, now) : "never";
}

std::string remarks_text(const std::vector<Remark>& remarks) {
  std::string out;
  for (const Remark& r : remarks) out += (out.empty() ? "" : "; ") + r.message;
  return out;
}

std::string setup_keys_table(const ListView& view, const Style& style) {
  std::vector<std::string> heads = {"NAME", "READY", "STATE", "TYPE", "USED", "EXPIRES", "RENEWAL"};
  if (view.namespaces) heads.insert(heads.begin(), "NAMESPACE");
  if (view.wide) heads.insert(heads.end(), {"KEYID", "REVISION", "SECRET", "AGE"});
  heads.emplace_back("REMARKS");
  Table table(std::move(heads));
  for (const JoinedSetupKey& entry : view.joined->setup_keys) {
    const kube::SetupKey& r = *entry.resource;
    const kube::KeyStatus& s = r.status;
    std::vector<Cell> row;
    if (view.namespaces) row.emplace_back(r.meta.ref.name_space);
    row.emplace_back(r.meta.ref.name);
    row.push_back(ready_cell(r));
    row.emplace_back(s.state.empty() ? "-" : s.state);
    row.emplace_back(std::string(kube::key_type_name(r.spec.settings.type)));
    row.emplace_back(usage_text(s.used_times.value_or(0), r.spec.settings.usage_limit));
    row.emplace_back(s.revision == 0 ? "-" : when(s.expires_at, view.options.now));
    row.emplace_back(s.renewal_time ? distance(*s.renewal_time, view.options.now) : "-");
    if (view.wide) {
      row.emplace_back(s.key_id.empty() ? "-" : s.key_id);
      row.emplace_back(std::to_string(s.revision));
      row.emplace_back(r.spec.secret_name);
      row.emplace_back(r.meta.created ? rough(view.options.now - *r.meta.created) : "-");
    }
    row.emplace_back(remarks_text(entry.remarks), Paint::kWarn);
    table.add(std::move(row));
  }
  return table.empty() ? "No SetupKeys found.\n" : table.text(style);
}

std::string others_table(const ListView& view, const Style& style) {
  Table table(
      {"KEY AT NETBIRD", "ID", "KIND", "STATE", "TYPE", "USED", "EXPIRES", "LAST USED", "REMARKS"});
  const auto add = [&](const ListedKey& key, const char* kind) {
    const auto idle = unused_for(key, std::nullopt, view.options);
    table.add({key.key.name,
               key.key.id,
               kind,
               std::string(netbird::key_state_name(key.key.state)),
               key.one_off ? "one-off" : "reusable",
               usage_text(key.key.used_times, key.key.usage_limit),
               when(key.key.expires, view.options.now),
               when(key.key.last_used, view.options.now),
               {idle ? "unused for " + rough(*idle) : "", Paint::kWarn}});
  };
  for (const ListedKey* key : view.joined->unowned) add(*key, "marked, no SetupKey");
  for (const ListedKey* key : view.joined->hand_made) add(*key, "hand-made");
  return table.empty() ? "" : "\nAt NetBird, of no SetupKey here:\n" + table.text(style);
}

}  // namespace

std::string usage_text(std::int64_t used, std::int64_t limit) {
  return std::to_string(used) + (limit > 0 ? "/" + std::to_string(limit) : "");
}

Json listed_key_json(const ListedKey& key, const Account& account) {
  Json groups = Json::array();
  for (const std::string& id : key.key.auto_groups) {
    const auto found = account.group_names.find(id);
    Json group = {{"id", id}};
    if (found != account.group_names.end()) group["name"] = found->second;
    groups.push_back(std::move(group));
  }
  Json out = {{"id", key.key.id},
              {"name", key.key.name},
              {"prefix", key.key.prefix},
              {"state", netbird::key_state_name(key.key.state)},
              {"type", key.one_off ? "one-off" : "reusable"},
              {"ephemeral", key.ephemeral},
              {"usedTimes", key.key.used_times},
              {"usageLimit", key.key.usage_limit},
              {"groups", std::move(groups)}};
  put_time(out, "expiresAt", key.key.expires);
  put_time(out, "lastUsed", key.key.last_used);
  return out;
}

Json list_json(const ListView& view) {
  Json setup_keys = Json::array();
  for (const JoinedSetupKey& entry : view.joined->setup_keys) {
    setup_keys.push_back(setup_key_json(entry, view.account));
  }
  Json netbird = {{"available", view.account != nullptr}};
  if (view.account == nullptr) {
    netbird["problem"] = view.netbird_problem;
  } else if (view.complete) {
    const auto keys = [&view](const std::vector<const ListedKey*>& list) {
      Json out = Json::array();
      for (const ListedKey* key : list) {
        Json one = listed_key_json(*key, *view.account);
        const auto idle = unused_for(*key, std::nullopt, view.options);
        if (idle) one["unusedForSeconds"] = idle->count() / 1000;
        out.push_back(std::move(one));
      }
      return out;
    };
    netbird["keysWithoutSetupKey"] = keys(view.joined->unowned);
    netbird["handMadeKeys"] = keys(view.joined->hand_made);
  }
  return {{"setupKeys", std::move(setup_keys)}, {"netbird", std::move(netbird)}};
}

std::string list_text(const ListView& view, const Style& style) {
  std::string out = setup_keys_table(view, style);
  if (view.account == nullptr) return out;
  if (view.complete) return out + others_table(view, style);
  const std::size_t others = view.joined->unowned.size() + view.joined->hand_made.size();
  if (others > 0) {
    out += "\n" +
           style.paint(Paint::kDim, "NetBird holds " + count_of(others, "key", "keys") +
                                        " of other origin; nbkeys list -A shows them.") +
           "\n";
  }
  return out;
}

}  // namespace nbkeys::plugin
