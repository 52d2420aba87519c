#include "engine/survey.h"

#include <algorithm>

#include "cache/mark.h"

namespace nbkeys::engine {
namespace {

const kube::Condition* ready_condition(const kube::KeyStatus& status) {
  const auto found =
      std::find_if(status.conditions.begin(), status.conditions.end(),
                   [](const kube::Condition& condition) { return condition.type == "Ready"; });
  return found == status.conditions.end() ? nullptr : &*found;
}

void count_key(const kube::KeyStatus& s, const cache::MarkedKey& key, io::AccountKeys& out) {
  const auto& previous = s.previous_keys;
  if (!s.key_id.empty() && key.key.id == s.key_id) {
    ++out.in_use;
  } else if (std::any_of(previous.begin(), previous.end(),
                         [&key](const kube::PreviousKey& p) { return p.key_id == key.key.id; })) {
    ++out.previous;
  } else if (s.claim && key.revision == s.claim->revision) {
    ++out.issuing;
  } else {
    ++out.stray;
  }
}

}  // namespace

void each_setup_key(const World& world, const io::SetupKeyVisitor& visit) {
  io::SetupKeyFacts facts;
  world.setup_keys.each([&](const kube::SetupKey& resource) {
    const kube::KeyStatus& s = resource.status;
    const kube::Condition* ready = ready_condition(s);
    facts.name_space = resource.meta.ref.name_space;
    facts.name = resource.meta.ref.name;
    facts.type = kube::key_type_name(resource.spec.settings.type);
    facts.state = s.state;
    facts.secret = resource.spec.secret_name;
    facts.ready = ready != nullptr && ready->status;
    facts.reason = ready != nullptr ? std::string_view(ready->reason) : std::string_view();
    facts.expires = s.expires_at;
    facts.renewal = s.renewal_time;
    facts.used_times = s.used_times;
    facts.usage_limit = resource.spec.settings.usage_limit;
    visit(facts);
  });
}

io::AccountKeys count_account_keys(const World& world) {
  io::AccountKeys out;
  const cache::Inventory& inventory = world.account.inventory();
  std::uint64_t known = 0;
  world.setup_keys.each([&](const kube::SetupKey& resource) {
    const auto& keys = inventory.keys_of(cache::owner_of(resource.meta.uid));
    known += keys.size();
    for (const cache::MarkedKey& key : keys) count_key(resource.status, key, out);
  });
  const std::uint64_t marked = inventory.marked();
  out.elsewhere = marked - std::min<std::uint64_t>(marked, known);
  out.unmarked = inventory.total() - std::min<std::uint64_t>(inventory.total(), marked);
  return out;
}

}  // namespace nbkeys::engine
