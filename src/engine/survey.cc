#include "engine/survey.h"

#include <algorithm>

#include "cache/role.h"
#include "status/conditions.h"

namespace nbkeys::engine {
namespace {

void count_key(cache::KeyRole role, io::AccountKeys& out) {
  switch (role) {
    case cache::KeyRole::kInUse: ++out.in_use; return;
    case cache::KeyRole::kPrevious: ++out.previous; return;
    case cache::KeyRole::kIssuing: ++out.issuing; return;
    case cache::KeyRole::kStray: ++out.stray; return;
    case cache::KeyRole::kUnknownOrigin: ++out.unknown_origin; return;
  }
}

}  // namespace

void each_setup_key(const World& world, const io::SetupKeyVisitor& visit) {
  io::SetupKeyFacts facts;
  world.setup_keys.each([&](const kube::SetupKey& resource) {
    const kube::KeyStatus& s = resource.status;
    const kube::Condition* ready = condition_of(s, "Ready");
    const kube::Condition* unknown = condition_of(s, status::kUnknownKeys);
    facts.name_space = resource.meta.ref.name_space;
    facts.name = resource.meta.ref.name;
    facts.type = kube::key_type_name(resource.spec.settings.type);
    facts.state = s.state;
    facts.secret = resource.spec.secret_name;
    facts.ready = ready != nullptr && ready->status;
    facts.reason = ready != nullptr ? std::string_view(ready->reason) : std::string_view();
    facts.unknown_keys =
        unknown != nullptr ? std::string_view(unknown->reason) : std::string_view();
    facts.expires = s.expires_at;
    facts.renewal = s.renewal_time;
    facts.used_times = s.used_times;
    facts.usage_limit = resource.spec.settings.usage_limit;
    visit(facts);
  });
}

io::AccountKeys count_account_keys(const World& world) {
  static const std::vector<kube::Ticket> kNoTickets;
  io::AccountKeys out;
  const cache::Inventory& inventory = world.account.inventory();
  std::uint64_t known = 0;
  world.setup_keys.each([&](const kube::SetupKey& resource) {
    const auto& keys = inventory.keys_of(world.owner_of(resource.meta.uid));
    known += keys.size();
    if (keys.empty()) return;
    const auto flight = world.flights.find(resource.meta.ref);
    const auto& remembered = flight == world.flights.end() ? kNoTickets : flight->second.tickets;
    for (const cache::MarkedKey& key : keys) {
      count_key(cache::role_of(resource, remembered, {key.key.id, key.revision, key.ticket}), out);
    }
  });
  const std::uint64_t marked = inventory.marked();
  out.elsewhere = marked - std::min<std::uint64_t>(marked, known);
  out.unmarked = inventory.total() - std::min<std::uint64_t>(inventory.total(), marked);
  return out;
}

}  // namespace nbkeys::engine
