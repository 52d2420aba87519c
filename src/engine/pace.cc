#include "engine/pace.h"

namespace nbkeys::engine {
namespace {

// A fault that nobody has met for so long is over: whoever met it is gone, or found another way.
constexpr base::Duration kForgotten{600'000};

// A claim goes out before each POST.
base::Duration gap_of(const Pace::Scope& scope) {
  const bool two = scope.what->cost == ActionTraits::Cost::kPaidByClaim;
  return two ? 2 * Pace::kGap : Pace::kGap;
}

std::string server_of(const Action& action) {
  return traits_of(action).server == io::Server::kKube ? "kubernetes"
                                                       : "netbird/" + account_of(action);
}

}  // namespace

Pace::Scope Pace::of_namespace(const Action& action, const std::string& name_space) {
  return {server_of(action), name_space, &traits_of(action)};
}

Pace::Scope Pace::of_server(const Action& action) {
  return {server_of(action), "", &traits_of(action)};
}

bool Pace::admit(const Scope& scope, const kube::ObjectRef& who, base::Instant now,
                 bool failed_before) {
  const auto found = lanes_.find(scope);
  if (found == lanes_.end()) return true;
  Lane& lane = found->second;
  (failed_before ? lane.fresh : lane.failed).erase(who);
  if (now < lane.next_at) {
    (failed_before ? lane.failed : lane.fresh).try_emplace(who);
    return false;
  }
  (failed_before ? lane.failed : lane.fresh).erase(who);
  lane.next_at = now + gap_of(scope);
  return true;
}

bool Pace::failed(const Scope& scope, base::Instant now) {
  const auto [lane, fresh] = lanes_.try_emplace(scope);
  if (fresh) lane->second.next_at = now + gap_of(scope);
  return fresh;
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
  for (auto lane = lanes_.begin(); lane != lanes_.end();) {
    if (lane->second.empty() && now - lane->second.next_at > kForgotten) {
      lane = lanes_.erase(lane);
      continue;
    }
    if (!lane->second.empty() && lane->second.next_at <= now) {
      // Whoever is called and wants no such request any more makes room for the next.
      Line& line = lane->second.fresh.empty() ? lane->second.failed : lane->second.fresh;
      out.push_back(line.begin()->first);
      line.erase(line.begin());
    }
    ++lane;
  }
  return out;
}

std::optional<base::Instant> Pace::next_at() const {
  std::optional<base::Instant> next;
  for (const auto& [scope, lane] : lanes_) {
    if (lane.empty()) continue;
    if (!next || lane.next_at < *next) next = lane.next_at;
  }
  return next;
}

}  // namespace nbkeys::engine
