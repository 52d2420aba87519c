#include "engine/observe.h"

#include <algorithm>

#include "base/mutation.h"

namespace nbkeys::engine {
namespace {

// What a live read found of a Secret that the watch does not show is believed for so long. Who has
// taken a free place shows when the Secret is written.
constexpr base::Duration kLookHolds{30'000}, kAbsenceHolds{300'000};

// What is known of the content of this very Secret in this version; null where nothing is.
const SecretCheck* check_of(const Flight& flight, const kube::SecretMeta& secret) {
  const bool same = flight.check && flight.check->uid == secret.uid &&
                    flight.check->resource_version == secret.resource_version;
  return same ? &*flight.check : nullptr;
}

ContentState content_of(const kube::SetupKey& resource, const Flight& flight,
                        const kube::SecretMeta& secret) {
  if (const SecretCheck* check = check_of(flight, secret)) {
    if (!check->key_right) return ContentState::kKeyAltered;
    return check->template_right ? ContentState::kRight : ContentState::kTemplateAltered;
  }
  const kube::Binding& binding = resource.status.binding;
  const bool unchanged =
      binding.uid == secret.uid && binding.resource_version == secret.resource_version;
  return unchanged ? ContentState::kRight : ContentState::kUnchecked;
}

bool look_holds(const Flight& flight, base::Instant now) {
  const bool absent = flight.look->found == SecretLook::Found::kAbsent;
  // While something fails nothing is written; once it is, the write tells whether the place is
  // free.
  if (absent && !flight.troubles.empty()) return true;
  return now - flight.look->at <= (absent ? kAbsenceHolds : kLookHolds);
}

SecretFacts secret_facts(const World& world, const kube::SetupKey& resource, const Flight& flight,
                         base::Instant now) {
  SecretFacts out;
  const kube::SecretMeta* watched = world.secrets.find(secret_ref(resource));
  if (watched != nullptr) {
    const bool ours =
        kube::belongs_to(*watched, resource.meta.uid) || MUTATION(write_foreign_secret);
    out.state = ours ? SecretState::kOurs : SecretState::kForeign;
    out.meta = watched;
  } else if (flight.look && look_holds(flight, now)) {
    switch (flight.look->found) {
      case SecretLook::Found::kAbsent: out.state = SecretState::kAbsent; break;
      case SecretLook::Found::kForeign: out.state = SecretState::kForeign; break;
      case SecretLook::Found::kOurs: out.state = SecretState::kOurs; break;
    }
    if (flight.look->meta) out.meta = &*flight.look->meta;
  }
  if (out.state == SecretState::kOurs && out.meta != nullptr) {
    out.content = content_of(resource, flight, *out.meta);
    const SecretCheck* check = check_of(flight, *out.meta);
    out.key_in_use = check != nullptr && check->key_in_use;
  }
  return out;
}

bool secret_writes_fail(const World& world, const std::string& name_space) {
  return !world.pace.calm() && world.pace.fails(Pace::of_namespace(WriteSecret{}, name_space));
}

std::vector<std::string> gone_keys(const cache::Inventory& inventory, const kube::KeyStatus& s) {
  std::vector<std::string> out;
  const auto consider = [&](const std::string& id) {
    if (!id.empty() && inventory.gone(id)) out.push_back(id);
  };
  consider(s.key_id);
  for (const kube::PreviousKey& p : s.previous_keys) consider(p.key_id);
  return out;
}

void remember_tickets(const kube::KeyStatus& s, Flight& flight) {
  auto& all = flight.tickets;
  for (const kube::Ticket& ticket : s.tickets) {
    if (std::find(all.begin(), all.end(), ticket) == all.end()) all.push_back(ticket);
  }
  if (all.size() > Flight::kTicketsMax) all.erase(all.begin(), all.end() - Flight::kTicketsMax);
  flight.last_revision = std::max(flight.last_revision, s.last_revision);
}

}  // namespace

void settle_flight(const kube::SetupKey& resource, base::Instant now, Flight& flight) {
  const kube::KeyStatus& s = resource.status;
  if (flight.seen_generation != resource.meta.generation) {
    flight.seen_generation = resource.meta.generation;
    flight.troubles.clear();
    flight.telling.reset();
  }
  if (flight.claimed != 0 && !holds_claim(flight, s)) flight.claimed = 0;
  // Of a claim that is no more, or of a state that was put back: its Secret may have been written
  // all the same, so it is a stray like others.
  if (flight.held && !holds_key(flight, s)) flight.held.reset();
  remember_tickets(s, flight);
  if (flight.seen_revision != s.revision) {
    flight.seen_revision = s.revision;
    flight.look.reset();  // what was found before this key's Secret was written no longer counts
    flight.seen_at = now;
  }
  std::erase_if(flight.deleted_keys, [&s](const std::string& id) {
    return std::none_of(s.previous_keys.begin(), s.previous_keys.end(),
                        [&id](const kube::PreviousKey& p) { return p.key_id == id; });
  });
}

void slim(const kube::SetupKey& resource, Flight& flight) {
  if (flight.look && flight.look->meta) {
    if (auto less = kube::slimmed(*flight.look->meta)) flight.look->meta = std::move(less);
  }
  if (!flight.check || !flight.check->key_right || !flight.check->template_right) return;
  const kube::Binding& binding = resource.status.binding;
  if (flight.check->uid == binding.uid &&
      flight.check->resource_version == binding.resource_version) {
    flight.check.reset();
  }
}

Observed observe(const World& world, const kube::SetupKey& resource, const Flight& flight,
                 const std::string& owner, base::Now now) {
  return Observed{resource,
                  flight,
                  secret_facts(world, resource, flight, now.mono),
                  world.account.inventory().keys_of(owner),
                  world.account.facts(now.mono),
                  world.account.resolve(resource.spec.auto_groups),
                  world.options.request_timeout,
                  world.options.resync,
                  now,
                  gone_keys(world.account.inventory(), resource.status),
                  secret_writes_fail(world, resource.meta.ref.name_space),
                  world.clock.began(),
                  world.clock.step()};
}

}  // namespace nbkeys::engine
