#include "engine/pace.h"

#include <algorithm>

namespace nbkeys::engine {
namespace {

// A fault that nobody has met for so long is over: whoever met it is gone, or found another way.
constexpr base::Duration kForgotten{600'000};

// A claim goes out before each POST, and now and then the question for the right to write.
constexpr base::Duration kCreateGap{15'100};
base::Duration gap_of(const Pace::Scope& scope) {
  return scope.what == ActionTraits::Kind::kCreateKey ? kCreateGap : Pace::kGap;
}

std::string server_of(const Action& action) {
  return traits_of(action).server == io::Server::kKube ? "kubernetes"
                                                       : "netbird/" + account_of(action);
}

// What refuses a write of a Secret refuses its dry run, and either waits for the other.
ActionTraits::Kind kind_of(const Action& action) {
  const ActionTraits::Kind kind = traits_of(action).kind;
  return kind == ActionTraits::Kind::kTrySecret ? ActionTraits::Kind::kWriteSecret : kind;
}

}  // namespace

Pace::Scope Pace::of_namespace(const Action& action, const std::string& name_space) {
  return {server_of(action), name_space, kind_of(action)};
}

Pace::Scope Pace::of_server(const Action& action) {
  return {server_of(action), "", kind_of(action)};
}

bool Pace::admit(const Scope& scope, const kube::ObjectRef& who, base::Instant now,
                 bool failed_before) {
  const auto found = lanes_.find(scope);
  if (found == lanes_.end()) return true;
  Lane& lane = found->second;
  (failed_before ? lane.fresh : lane.failed).erase(who);
  Line& line = failed_before ? lane.failed : lane.fresh;
  if (now < (failed_before ? lane.failed_at : lane.fresh_at)) {
    line.try_emplace(who);
    return false;
  }
  line.erase(who);
  lane.failed_at = now + gap_of(scope);
  lane.fresh_at = now + std::min(gap_of(scope), kFreshGap * (lane.failures + 1));
  return true;
}

bool Pace::failed(const Scope& scope, base::Instant now) {
  const auto [found, news] = lanes_.try_emplace(scope);
  Lane& lane = found->second;
  ++lane.failures;
  if (news) {
    lane.failed_at = now + gap_of(scope);
    lane.fresh_at = now + kFreshGap;
  }
  return news;
}

std::vector<kube::ObjectRef> Pace::worked(const Scope& scope) {
  std::vector<kube::ObjectRef> out;
  const auto found = lanes_.find(scope);
  if (found == lanes_.end()) return out;
  for (const Line* line : {&found->second.fresh, &found->second.failed}) {
    for (const auto& entry : *line) out.push_back(entry.first);
  }
  lanes_.erase(found);
  return out;
}

std::vector<kube::ObjectRef> Pace::call(base::Instant now) {
  std::vector<kube::ObjectRef> out;
  // Whoever is called and wants no such request any more makes room for the next.
  const auto first_of = [&](Line& line, base::Instant at) {
    if (line.empty() || at > now) return false;
    out.push_back(line.begin()->first);
    line.erase(line.begin());
    return true;
  };
  for (auto entry = lanes_.begin(); entry != lanes_.end();) {
    Lane& lane = entry->second;
    if (lane.empty() && now - lane.failed_at > kForgotten) {
      entry = lanes_.erase(entry);
      continue;
    }
    if (!first_of(lane.fresh, lane.fresh_at)) first_of(lane.failed, lane.failed_at);
    ++entry;
  }
  return out;
}

std::optional<base::Instant> Pace::Lane::next_at() const {
  if (empty()) return std::nullopt;
  if (fresh.empty()) return failed_at;
  return failed.empty() ? fresh_at : std::min(fresh_at, failed_at);
}

std::optional<base::Instant> Pace::next_at() const {
  std::optional<base::Instant> next;
  for (const auto& [scope, lane] : lanes_) {
    const auto at = lane.next_at();
    if (at && (!next || *at < *next)) next = at;
  }
  return next;
}

}  // namespace nbkeys::engine
