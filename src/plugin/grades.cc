#include "plugin/grades.h"

#include <utility>

#include "plugin/style.h"

namespace nbkeys::plugin {
namespace {

using netbird::KeyState;

constexpr base::Duration kDay{86'400'000};
constexpr base::Duration kShortLife = 90 * kDay;
constexpr base::Duration kLongLife = 366 * kDay;

RuleMark met(std::string why) { return {Mark::kMet, std::move(why)}; }
RuleMark half(std::string why) { return {Mark::kHalf, std::move(why)}; }
RuleMark missed(std::string why) { return {Mark::kMissed, std::move(why)}; }

RuleMark expiry(std::optional<base::Duration> life) {
  if (!life) return missed("never expires: set expiresIn");
  if (*life <= kShortLife) return met("expires within " + rough(kShortLife));
  if (*life <= kLongLife) return half("lives " + rough(*life) + ": shorten expiresIn");
  return missed("lives " + rough(*life) + ": shorten expiresIn");
}

RuleMark one_off(bool is_one_off) {
  return is_one_off ? met("one-off")
                    : half(
                          "reusable: one-off keys are worth nothing to a thief "
                          "once used");
}

RuleMark limits(bool is_one_off, std::int64_t usage_limit) {
  if (is_one_off) return met("one-off");
  if (usage_limit > 0) return met("at most " + std::to_string(usage_limit) + " peers");
  return missed("any number of peers may enrol: set usageLimit");
}

RuleMark use(std::optional<base::WallTime> since, const JoinOptions& options) {
  if (since && options.unused_after.count() > 0 && options.now - *since >= options.unused_after) {
    return missed("unused for " + rough(options.now - *since) + ": revoke it");
  }
  return met("in use, or new");
}

RuleMark rotation(const kube::SetupKey& resource) {
  const kube::Spec& spec = resource.spec;
  if (spec.settings.type == kube::KeyType::kOneOff) return met("one-off");
  if (!spec.rotation.enabled) return missed("rotation.policy is Disabled");
  if (spec.settings.expires_in.count() > 0 || spec.rotation.interval) return met("by the operator");
  return missed("never replaced: set expiresIn or rotation.interval");
}

RuleMark monitoring(const kube::SetupKey& resource) {
  const kube::Condition* ready = condition_of(resource.status, "Ready");
  if (resource.spec.suspend) return missed("spec.suspend is true: nobody looks after it");
  if (ready == nullptr) return missed("the operator has not looked at it");
  if (!ready->status) return half("not Ready: " + ready->reason);
  return met("by the operator");
}

// Nobody can enrol with it, so none of the rules can be broken.
bool harmless(const ListedKey& key) { return key.key.state != KeyState::kValid; }

std::array<RuleMark, 6> all_met(const std::string& why) {
  std::array<RuleMark, 6> out;
  out.fill(met(why));
  return out;
}

Graded finish(Graded graded) {
  for (const RuleMark& each : graded.rules) {
    graded.points += each.mark == Mark::kMet ? 2 : each.mark == Mark::kHalf ? 1 : 0;
  }
  graded.grade = grade_of(graded.points);
  return graded;
}

Graded grade(const JoinedSetupKey& entry, const JoinOptions& options) {
  const kube::SetupKey& resource = *entry.resource;
  const kube::KeySettings& settings = resource.spec.settings;
  const kube::KeyStatus& status = resource.status;
  Graded out{"SetupKey", resource.meta.ref.name_space, resource.meta.ref.name, status.key_id, {}, 0,
             'F'};
  const kube::Condition* ready = condition_of(status, "Ready");
  if (ready != nullptr && ready->status &&
      (ready->reason == "Used" || ready->reason == "Revoked")) {
    out.rules = all_met("has done its work: " + ready->reason);
    return finish(std::move(out));
  }
  const bool once = settings.type == kube::KeyType::kOneOff;
  const ListedKey* active = entry.active();
  const auto last_used = active != nullptr ? active->key.last_used : status.last_used;
  out.rules = {
      expiry(settings.expires_in.count() > 0 ? std::optional<base::Duration>(settings.expires_in)
                                             : std::nullopt),
      one_off(once),
      limits(once, settings.usage_limit),
      use(last_used ? last_used : status.issued_at, options),
      rotation(resource),
      monitoring(resource)};
  return finish(std::move(out));
}

Graded grade(const ListedKey& key, const char* kind, const JoinOptions& options) {
  Graded out{kind, "", key.key.name, key.key.id, {}, 0, 'F'};
  if (harmless(key)) {
    out.rules =
        all_met("nobody can enrol with it (" + std::string(key_state_name(key.key.state)) + ")");
    return finish(std::move(out));
  }
  out.rules = {
      expiry(key.key.expires ? std::optional(*key.key.expires - options.now) : std::nullopt),
      one_off(key.one_off),
      limits(key.one_off, key.key.usage_limit),
      use(key.key.last_used ? key.key.last_used : key.updated, options),
      key.one_off ? met("one-off") : missed("nobody replaces it: make it a SetupKey"),
      missed("nobody watches it: make it a SetupKey")};
  return finish(std::move(out));
}

}  // namespace

std::string_view mark_name(Mark mark) {
  switch (mark) {
    case Mark::kMet: return "yes";
    case Mark::kHalf: return "half";
    case Mark::kMissed: return "no";
  }
  return "no";
}

char grade_of(int points) {
  if (points >= 11) return 'A';
  if (points >= 9) return 'B';
  if (points >= 7) return 'C';
  return points >= 5 ? 'D' : 'F';
}

std::vector<Graded> grade_all(const Joined& joined, const JoinOptions& options) {
  std::vector<Graded> out;
  for (const JoinedSetupKey& entry : joined.setup_keys) out.push_back(grade(entry, options));
  for (const ListedKey* key : joined.unowned) out.push_back(grade(*key, "no SetupKey", options));
  for (const ListedKey* key : joined.hand_made) out.push_back(grade(*key, "hand-made", options));
  return out;
}

}  // namespace nbkeys::plugin
