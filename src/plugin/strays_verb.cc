#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "kube/secret.h"
#include "netbird/requests.h"
#include "plugin/console.h"
#include "plugin/list_view.h"
#include "plugin/overview.h"
#include "plugin/stray_logic.h"
#include "plugin/table.h"
#include "plugin/verbs.h"

namespace nbkeys::plugin {
namespace {

using base::Json;

HeldKeys read_held_keys(Link& kube) {
  std::set<std::string> out;
  const auto read = [&out](const Json& item) {
    if (auto secret = kube::parse_secret_meta(item)) out.insert(secret->key_id);
    return base::Status(base::Done{});
  };
  const auto listed = each_listed(
      kube, kube::Pages({kube::Collection::Resource::kSecrets, ""}), [&out] { out.clear(); }, read);
  if (!listed) return std::nullopt;
  return out;
}

std::string_view kind_name(StrayKind kind) {
  switch (kind) {
    case StrayKind::kLeftOver: return "left over";
    case StrayKind::kUnknownOrigin: return "unknown origin";
    case StrayKind::kOrphan: return "orphan";
  }
  return "orphan";
}

std::string strays_text(const std::vector<Stray>& strays, const Style& style) {
  Table table({"ID", "KEY AT NETBIRD", "KIND", "STATE", "USED", "DELETABLE", "WHY"});
  for (const Stray& stray : strays) {
    const netbird::Key& key = stray.key->key;
    table.add({key.id,
               key.name,
               std::string(kind_name(stray.kind)),
               std::string(netbird::key_state_name(key.state)),
               usage_text(key.used_times, key.usage_limit),
               {stray.deletable ? "yes" : "no", stray.deletable ? Paint::kWarn : Paint::kPlain},
               stray.why});
  }
  return table.empty() ? "No strays.\n" : table.text(style);
}

class Sweep {
 public:
  Sweep(const Request& request, Overview& seen, std::vector<Stray> strays)
      : request_(request), seen_(seen), strays_(std::move(strays)) {}

  ExitCode run() {
    if (request_.format == Format::kTable) {
      print(strays_text(strays_, style_for(request_.color, surroundings_of_process())));
    }
    const ExitCode out = strays_.empty()   ? ExitCode::kOk
                         : request_.remove ? remove()
                                           : ExitCode::kFindings;
    if (request_.format != Format::kTable) print_json(summary(), request_.format);
    return out;
  }

 private:
  bool wanted(const Stray& stray) const {
    return stray.deletable && (stray.kind == StrayKind::kLeftOver || request_.orphans);
  }

  ExitCode remove() {
    const auto count = static_cast<std::size_t>(std::count_if(
        strays_.begin(), strays_.end(), [this](const Stray& s) { return wanted(s); }));
    const auto orphans = std::count_if(strays_.begin(), strays_.end(), [](const Stray& s) {
      return s.kind == StrayKind::kOrphan && s.deletable;
    });
    if (orphans > 0 && !request_.orphans) {
      tell("orphans are left alone, because they may be another cluster's; --orphans deletes them");
    }
    if (count == 0) {
      tell("there is nothing that may be deleted");
      return ExitCode::kFindings;
    }
    std::string question = "Delete " + count_of(count, "key", "keys") + " at NetBird?";
    if (request_.orphans)
      question += " Keys of other clusters on this account would be among them.";
    switch (confirm(question, request_.yes)) {
      case Answer::kYes: break;
      case Answer::kNo: tell("nothing was deleted"); return ExitCode::kFindings;
      case Answer::kNobodyThere: return ExitCode::kUsage;
    }
    for (const Stray& stray : strays_) {
      if (!wanted(stray)) continue;
      if (base::Status done = remove_one(stray); !done) return fail(done.error());
    }
    return deleted_.size() == strays_.size() ? ExitCode::kOk : ExitCode::kFindings;
  }

  // The list may be minutes old when a person answers, so the owner is asked once more.
  bool still_stray(const Stray& stray) {
    if (stray.owner == nullptr) return true;
    auto now = get_setup_key(*seen_.kubernetes.link, stray.owner->meta.ref);
    return now && now->meta.uid == stray.owner->meta.uid && !now->status.claim &&
           role_of(*now, *stray.key) == cache::KeyRole::kStray;
  }

  base::Status remove_one(const Stray& stray) {
    const std::string& id = stray.key->key.id;
    if (!still_stray(stray)) {
      tell("key " + id + " is left alone: its SetupKey has changed meanwhile");
      return base::Done{};
    }
    auto answer = netbird::accept_response(seen_.netbird->link->call(netbird::delete_key(id)),
                                           "delete key " + id);
    if (!answer && answer.error().code != base::ErrorCode::kNotFound) return answer.error();
    deleted_.insert(id);
    if (request_.format == Format::kTable) print("key " + id + " is deleted\n");
    return base::Done{};
  }

  Json summary() const {
    Json out = Json::array();
    for (const Stray& stray : strays_) {
      Json one = listed_key_json(*stray.key, *seen_.account);
      std::string kind(kind_name(stray.kind));
      std::replace(kind.begin(), kind.end(), ' ', '-');
      one["kind"] = std::move(kind);
      one["deletable"] = stray.deletable;
      one["deleted"] = deleted_.contains(stray.key->key.id);
      one["why"] = stray.why;
      if (stray.owner != nullptr) one["setupKey"] = kube::to_text(stray.owner->meta.ref);
      out.push_back(std::move(one));
    }
    return {{"strays", std::move(out)}};
  }

  const Request& request_;
  Overview& seen_;
  std::vector<Stray> strays_;
  std::set<std::string> deleted_;
};

}  // namespace

ExitCode strays(const Request& request) {
  auto seen = look(request);
  if (!seen) return fail(seen.error());
  if (!seen->account) {
    tell("strays cannot be told without NetBird's list: " + seen->netbird_problem);
    return ExitCode::kUnreachable;
  }
  const Joined joined =
      join(seen->setup_keys.items, &*seen->account, {seen->now, {}, seen->identity});
  auto found = find_strays(joined, read_held_keys(*seen->kubernetes.link), seen->now);
  return Sweep(request, *seen, std::move(found)).run();
}

}  // namespace nbkeys::plugin
