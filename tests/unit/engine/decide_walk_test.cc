// Every combination of small domains of what decide may look at: whatever the state, however
// unlikely, certain things are never asked for and certain things are never told.

#include <gtest/gtest.h>

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <string>

#include "scene.h"

namespace nbkeys::engine {
namespace {

using testing::after_s;
using testing::as;
using testing::condition;
using testing::is;
using testing::kWall;
using testing::ms;
using testing::name;
using testing::Scene;

// Takes one choice after another from a number; the number of all combinations comes out of the
// same calls.
class Choices {
 public:
  explicit Choices(std::uint64_t number) : rest_(number) {}
  std::uint64_t of(std::uint64_t count) {
    const std::uint64_t chosen = rest_ % count;
    rest_ /= count;
    total_ *= count;
    return chosen;
  }
  bool flag() { return of(2) == 1; }
  std::uint64_t total() const { return total_; }

 private:
  std::uint64_t rest_;
  std::uint64_t total_ = 1;
};

void choose_claim(Choices& pick, Scene& s) {
  switch (pick.of(7)) {
    case 0: break;
    case 1: s.claimed(4); break;  // another's, or burnt
    case 2:
      s.claimed(4);
      s.flight.claimed = 4;
      break;
    case 3:
      s.claimed(4);
      s.hold(4);
      break;
    case 4:
      s.claimed(4);
      s.flight.claimed = 4;
      s.flight.troubles.failed(CreateKey{}, {base::ErrorCode::kUnprocessable, "create", "refused"},
                               s.now.mono);
      break;
    case 5:
      s.claimed(4);
      s.resource.status.claim->since = after_s(-600);
      s.flight.claimed = 4;
      break;
    case 6:
      s.claimed(4);
      s.resource.status.claim->since = after_s(-600);
      break;
  }
}

void choose_secret(Choices& pick, Scene& s) {
  switch (pick.of(7)) {
    case 0: break;
    case 1: s.secret_state = SecretState::kUnknown; break;
    case 2: s.secret_state = SecretState::kAbsent; break;
    case 3: s.secret_state = SecretState::kForeign; break;
    case 4: s.content = ContentState::kUnchecked; break;
    case 5: s.content = ContentState::kKeyAltered; break;
    case 6: s.secret_of(4); break;
  }
}

void choose_keys(Choices& pick, Scene& s) {
  switch (pick.of(5)) {
    case 0: break;
    case 1: s.keys.clear(); break;
    case 2:
      s.active().key.revoked = true;
      s.active().key.state = netbird::KeyState::kRevoked;
      break;
    case 3: s.keys.push_back(s.key(4)); break;  // a stray, or the key of the open claim
    case 4: s.active().key.state = netbird::KeyState::kOverused; break;
  }
}

void choose_account(Choices& pick, Scene& s) {
  const std::uint64_t state = pick.of(5);
  s.account.state = static_cast<AccountState>(state);
  s.account.problem = state > 1 ? "the account's problem" : "";
  switch (pick.of(3)) {
    case 0: break;
    case 1: s.account.snapshot.reset(); break;
    case 2: s.account.stale = true; break;
  }
}

void choose_trouble(Choices& pick, Scene& s) {
  switch (pick.of(6)) {
    case 0: break;
    case 1: s.flight.lost = {{4, ms(999'000)}}; break;
    case 2: s.failed(WriteStatus{}, base::ErrorCode::kForbidden); break;
    case 3: s.failed(WriteSecret{}, base::ErrorCode::kForbidden); break;
    case 4: s.failed(DeleteKey{"id2", "default"}, base::ErrorCode::kServerError); break;
    case 5: s.flight.needs_refresh = true; break;
  }
}

Scene scene(Choices& pick) {
  Scene s;
  if (pick.of(4) == 0) s = Scene::fresh();
  choose_claim(pick, s);
  choose_secret(pick, s);
  if (!s.keys.empty()) {
    choose_keys(pick, s);
  } else {
    pick.of(5);
  }
  choose_account(pick, s);
  switch (pick.of(7)) {
    case 0: break;
    case 1: s.resource.spec.suspend = true; break;
    case 2: s.resource.spec.revoked = true; break;
    case 3: s.resource.meta.deleting = kWall; break;
    case 4:
      s.resource.meta.deleting = kWall;
      s.resource.spec.suspend = true;
      s.resource.spec.deletion_policy = kube::DeletionPolicy::kRevoke;
      break;
    case 5: s.resource.rotate = "now"; break;
    case 6:
      s.resource.spec.revoked = true;
      s.resource.status.revoked_revision = s.resource.status.revision;
      break;
  }
  if (pick.flag()) s.flight.proven_revision = 3;
  if (pick.flag()) {
    s.resource.status.previous_keys = {{"id2", 2, after_s(-1)}};
    s.keys.push_back(s.key(2));
  }
  switch (pick.of(4)) {
    case 0: break;
    case 1: s.groups.ids = {"g1"}; break;
    case 2: s.groups.state = GroupFacts::State::kMissing; break;
    case 3: s.groups.state = GroupFacts::State::kNotLoaded; break;
  }
  switch (pick.of(3)) {
    case 0: break;
    case 1: s.account.id = "another"; break;
    case 2: s.account.id.reset(); break;
  }
  choose_trouble(pick, s);
  return s;
}

// The status once the decision is carried out.
const kube::KeyStatus& after(const Scene& s, const Decision& d) {
  const kube::KeyStatus* next = engine::next_of(d.action);
  return next != nullptr ? *next : s.resource.status;
}

bool writes_netbird(const Decision& d) {
  return is<CreateKey>(d) || is<UpdateGroups>(d) || is<RevokeKey>(d) || is<DeleteKey>(d);
}

std::string target(const Decision& d) {
  if (is<DeleteKey>(d)) return as<DeleteKey>(d).key_id;
  if (is<RevokeKey>(d)) return as<RevokeKey>(d).key_id;
  return "";
}

bool is_previous(const Scene& s, const std::string& id) {
  for (const kube::PreviousKey& p : s.resource.status.previous_keys) {
    if (p.key_id == id) return true;
  }
  return false;
}

bool active_revoked(const Scene& s) {
  const cache::MarkedKey* key = active_key(s.observed());
  return key != nullptr && key->key.revoked;
}

bool is_lost(const Scene& s, const std::string& id) {
  for (const cache::MarkedKey& key : s.keys) {
    for (const Flight::Lost& lost : s.flight.lost) {
      if (key.key.id == id && key.revision == lost.revision) return true;
    }
  }
  return false;
}

// What may be asked of NetBird. Gives the rule that is broken, or null.
const char* broken_at_netbird(const Scene& s, const Decision& d) {
  const bool deleting = s.resource.meta.deleting.has_value();
  if (!writes_netbird(d)) return nullptr;
  const bool ends = is<RevokeKey>(d) || is<DeleteKey>(d);
  if (s.resource.spec.suspend && !deleting && !ends) return "a key made or changed while suspended";
  if (!account_answers(s.observed())) return "a NetBird write while the account does not answer";
  if (another_account(s.observed())) return "a write in an account that is not the key's";
  const kube::KeyStatus& status = s.resource.status;
  if (is<CreateKey>(d)) {
    if (deleting) return "a key made for a resource that is being deleted";
    if (!status.claim || s.flight.claimed != status.claim->revision ||
        as<CreateKey>(d).revision != status.claim->revision) {
      return "a POST without a claim of this process";
    }
    if (s.now.wall - status.claim->since > base::Duration{10'000}) return "a POST for an old claim";
    if (s.flight.held) return "a POST while a key is in hand";
    if (s.secret_state == SecretState::kForeign)
      return "a POST although a foreign Secret is in the way";
  }
  const std::string id = target(d);
  if (!id.empty() && id == status.key_id) {
    if (is<DeleteKey>(d) && !deleting) return "the key in use is deleted unasked";
    if (is<RevokeKey>(d) && !deleting && !s.resource.spec.revoked) {
      return "the key in use is revoked unasked";
    }
  }
  // What this process lost before anybody could hold it goes at once.
  if (is<DeleteKey>(d) && !deleting && !is_previous(s, id) && !is_lost(s, id)) {
    if (status.claim || s.flight.held) return "a stray deleted while a claim is open";
    const bool none_good = s.resource.spec.revoked || active_revoked(s);
    if (!none_good && s.flight.proven_revision != status.revision) {
      return "a stray deleted without proof";
    }
    if (!none_good && s.secret_state != SecretState::kOurs) {
      return "a stray deleted without our Secret";
    }
  }
  return nullptr;
}

const char* broken_at_kubernetes(const Scene& s, const Decision& d) {
  if (is<WriteSecret>(d)) {
    if (!s.flight.held) return "a Secret written without a key in hand";
    if (s.secret_state == SecretState::kForeign) return "a foreign Secret written";
    if (s.secret_state == SecretState::kUnknown) return "a Secret written blindly";
  }
  if (is<RepairSecret>(d) && s.secret_state != SecretState::kOurs)
    return "a foreign Secret repaired";
  if (is<Claim>(d)) {
    if (s.resource.meta.deleting) return "a claim while deleting";
    if (s.resource.spec.suspend) return "a claim while suspended";
    if (s.resource.spec.revoked) return "a claim while spec.revoked";
    // One that this process claimed and never asked for is only made young again.
    const bool renewed = s.resource.status.claim && s.flight.claimed != 0 &&
                         s.flight.claimed == s.resource.status.claim->revision &&
                         s.flight.claimed == as<Claim>(d).revision;
    if (!renewed && as<Claim>(d).revision <= highest_revision(s.observed())) {
      return "a revision claimed twice";
    }
    if (another_account(s.observed())) return "a claim for an account that is not the key's";
    if (!after(s, d).claim || after(s, d).claim->revision != as<Claim>(d).revision ||
        after(s, d).last_revision < as<Claim>(d).revision) {
      return "a claim that is not recorded";
    }
    if (s.secret_state == SecretState::kForeign || s.secret_state == SecretState::kUnknown) {
      return "a claim although the Secret's place is not known to be free";
    }
  }
  if (is<RemoveFinalizer>(d)) {
    if (!s.resource.meta.deleting) return "let go without deletion";
    const bool revoke = s.resource.spec.deletion_policy == kube::DeletionPolicy::kRevoke;
    for (const cache::MarkedKey& key : s.keys) {
      const bool left_revoked = revoke && key.key.id == s.resource.status.key_id && key.key.revoked;
      if (!left_revoked) return "let go while NetBird still holds a key";
    }
  }
  if (after(s, d).last_revision < s.resource.status.last_revision) return "lastRevision goes back";
  return nullptr;
}

const char* broken_in_status(const Scene& s, const Decision& d) {
  const kube::KeyStatus& next = after(s, d);
  if (kube::status_json(next) == kube::status_json(s.resource.status)) {
    return is<WriteStatus>(d) ? "a status write that changes nothing" : nullptr;
  }
  const kube::Condition* ready = condition(next, "Ready");
  if (ready == nullptr) return nullptr;
  const bool stalled = condition(next, "Stalled") != nullptr;
  const bool reconciling = condition(next, "Reconciling") != nullptr;
  if (stalled && reconciling) return "Stalled and Reconciling together";
  if (ready->status && (stalled || reconciling)) return "Ready=True with Stalled or Reconciling";
  if (next.observed_generation == s.resource.meta.generation && !ready->status && !stalled &&
      !reconciling) {
    return "Ready=False that neither moves nor waits for a person";
  }
  return nullptr;
}

// Rest must end by itself wherever something is still to be done.
const char* broken_rest(const Scene& s, const Decision& d) {
  if (!is<Rest>(d) || d.wake_at || d.wants_list || d.wants_groups) return nullptr;
  const bool person_has_to_act = s.resource.spec.suspend;
  // The account lists by itself and reconsiders everyone with each list and each change of state.
  const bool list_comes = !s.account.snapshot || s.account.state != AccountState::kReady;
  // Likewise it asks by itself whose it is, and a new token gives everybody a turn.
  const bool account_comes = another_account(s.observed());
  const bool nothing_left = s.resource.status.revision == 0 && s.resource.spec.revoked;
  if (person_has_to_act || list_comes || account_comes || nothing_left) return nullptr;
  return "Rest that nothing ends";
}

std::string describe(const Scene& s, const Decision& d) {
  std::string out = name(d) + " with status " + kube::status_json(s.resource.status).dump() +
                    " -> " + kube::status_json(after(s, d)).dump();
  out += " secret=" + std::to_string(static_cast<int>(s.secret_state)) + "/r" +
         std::to_string(s.secret.revision) +
         " content=" + std::to_string(static_cast<int>(s.content));
  out += " account=" + std::to_string(static_cast<int>(s.account.state)) +
         (s.account.snapshot ? "" : " no list") + (s.account.stale ? " stale" : "");
  out += " groups=" + std::to_string(static_cast<int>(s.groups.state));
  out += " id=" + s.account.id.value_or("none");
  for (const Trouble& t : s.flight.troubles.all()) out += std::string(" trouble=") + t.what->name;
  out += s.resource.spec.suspend ? " suspend" : "";
  out += s.resource.spec.revoked ? " revoked" : "";
  out += s.resource.meta.deleting ? " deleting" : "";
  out += s.flight.held ? " held" : "";
  out += " claimed=" + std::to_string(s.flight.claimed);
  out += " proven=" + std::to_string(s.flight.proven_revision) + " keys:";
  for (const cache::MarkedKey& key : s.keys) out += " " + key.key.id + (key.key.revoked ? "!" : "");
  return out;
}

std::string written(const Decision& d) {
  const kube::KeyStatus* next = engine::next_of(d.action);
  return next == nullptr ? "" : kube::status_json(*next).dump();
}

bool same(const Decision& a, const Decision& b) {
  return name(a) == name(b) && target(a) == target(b) && a.wake_at == b.wake_at &&
         a.wants_list == b.wants_list && a.wants_groups == b.wants_groups &&
         a.priority == b.priority && a.event.has_value() == b.event.has_value() &&
         written(a) == written(b);
}

TEST(DecideWalk, NoCombinationBreaksARule) {
  Choices first(0);
  scene(first);
  const std::uint64_t total = first.total();
  // Coprime to the size of every domain, so that no choice is tied to another.
  constexpr std::uint64_t kStride = 199;
  std::uint64_t visited = 0;
  std::set<std::string> told;  // one example of each broken rule is enough
  std::map<std::string, std::uint64_t> actions;
  for (std::uint64_t i = 0; i < total; i += kStride) {
    Choices pick(i);
    const Scene s = scene(pick);
    const Decision d = s.decide();
    ++visited;
    ++actions[name(d)];
    for (const char* broken : {broken_at_netbird(s, d), broken_at_kubernetes(s, d),
                               broken_in_status(s, d), broken_rest(s, d)}) {
      if (broken == nullptr || !told.insert(broken).second) continue;
      ADD_FAILURE() << "combination " << i << ": " << broken << "\n  " << describe(s, d);
    }
    if (i % 13 == 0 && !same(d, s.decide()) && told.insert("not the same twice").second) {
      ADD_FAILURE() << "combination " << i << " decides differently the second time";
    }
  }
  EXPECT_GT(visited, 100'000u);
  for (const char* action :
       {"rest", "write_status", "claim", "create_key", "look_for_secret", "read_secret",
        "write_secret", "update_groups", "revoke_key", "delete_key", "remove_finalizer"}) {
    EXPECT_GT(actions[action], 0u) << action << " is never decided in the whole walk";
  }
}

// Status writes alone must come to an end: a decision that writes status is followed, in the same
// world, by one that does not, within a few steps.
TEST(DecideWalk, StatusWritesComeToAnEnd) {
  Choices first(0);
  scene(first);
  constexpr std::uint64_t kStride = 1'801;
  std::uint64_t failures = 0;
  for (std::uint64_t i = 0; i < first.total() && failures < 5; i += kStride) {
    Choices pick(i);
    Scene s = scene(pick);
    Decision d = s.decide();
    for (int step = 0; step < 6 && is<WriteStatus>(d); ++step) {
      s.resource.status = after(s, d);
      d = s.decide();
    }
    if (is<WriteStatus>(d)) {
      ++failures;
      ADD_FAILURE() << "combination " << i << " writes status again and again\n  "
                    << describe(s, d);
    }
  }
}

}  // namespace
}  // namespace nbkeys::engine
