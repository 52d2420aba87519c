#pragma once
// One SetupKey at one moment, as decide sees it. Starts as a resource at rest: key id3 of revision
// 3 is in use, the Secret carries it, NetBird knows it, the account is ready. Tests change what
// they are about.

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <variant>
#include <vector>

#include "engine/decide.h"
#include "engine/observed.h"
#include "engine/rungs.h"
#include "kube/names.h"

namespace nbkeys::engine::testing {

inline constexpr base::WallTime kWall{base::Duration{1'800'000'000'000}};
inline base::Instant ms(std::int64_t t) { return {base::Duration{t}}; }
inline base::WallTime after_s(std::int64_t seconds) {
  return kWall + std::chrono::seconds(seconds);
}

struct Scene {
  Scene() {
    now = {ms(1'000'000), kWall};
    resource.meta.ref = {"ns", "fleet"};
    resource.meta.uid = "uid-1";
    resource.meta.resource_version = "50";
    resource.meta.generation = 2;
    resource.meta.finalizers = {std::string(kube::kFinalizer)};
    resource.spec.settings.display_name = "fleet";
    resource.spec.settings.expires_in = std::chrono::hours(720);
    resource.spec.secret_name = "fleet";
    resource.spec.secret_key = "setup-key";
    account.state = AccountState::kReady;
    account.name = "default";
    account.id = "account-1";
    account.id_asked = true;
    account.right_asked = true;
    account.before = ms(900'000);
    list_at(999'000);
    issued(3);
    // Thousands of scenes begin like this one: the status that it settles at is worked out once.
    static const kube::KeyStatus settled = [this] {
      at_rest();
      return resource.status;
    }();
    resource.status = settled;
  }

  // A resource that never had a key.
  static Scene fresh() {
    Scene s;
    s.resource.status = kube::KeyStatus{};
    s.keys.clear();
    s.secret_state = SecretState::kAbsent;
    s.flight = Flight{};
    return s;
  }

  void list_at(std::int64_t mono) {
    account.snapshot = cache::SnapshotTime{ms(mono), kWall - (now.mono - ms(mono))};
  }

  void issued(std::uint32_t revision) {
    kube::KeyStatus& s = resource.status;
    s.revision = s.last_revision = revision;
    s.key_id = id(revision);
    s.key_digest = "digest" + std::to_string(revision);
    s.settings_digest = kube::settings_digest(resource.spec);
    s.issued_at = after_s(-3'600);
    s.expires_at = after_s(29 * 86'400);
    keys = {key(revision)};
    secret_of(revision);
    flight.seen_revision = revision;
    flight.seen_at = ms(0);
  }

  static std::string id(std::uint32_t revision) { return "id" + std::to_string(revision); }

  cache::MarkedKey key(std::uint32_t revision) const {
    cache::MarkedKey out;
    out.key.id = id(revision);
    out.key.prefix = "ABCDE";
    out.key.expires = after_s(29 * 86'400);
    out.revision = revision;
    return out;
  }
  cache::MarkedKey& active() { return keys.front(); }

  void secret_of(std::uint32_t revision) {
    secret_state = SecretState::kOurs;
    content = ContentState::kRight;
    secret = kube::SecretMeta{};
    secret.ref = {"ns", "fleet"};
    secret.uid = "secret-uid";
    secret.resource_version = "60";
    secret.owner_uid = secret.label_uid = "uid-1";
    secret.key_id = id(revision);
    secret.revision = revision;
    secret.digest = "digest" + std::to_string(revision);
    secret.settings = kube::settings_digest(resource.spec);
    secret.issued_at = after_s(-3'600);
    secret.expires_at = after_s(29 * 86'400);
    secret.managed_by_us = true;
  }

  void claimed(std::uint32_t revision, const std::string& reason = "Requested") {
    resource.status.claim = kube::Claim{revision, kWall, reason, ""};
    resource.status.last_revision = std::max(resource.status.last_revision, revision);
  }

  void hold(std::uint32_t revision) {
    HeldKey held;
    held.facts = {id(revision),
                  revision,
                  "digest" + std::to_string(revision),
                  kube::settings_digest(resource.spec),
                  kWall,
                  after_s(30 * 86'400)};
    held.plaintext = base::SecretText(std::string("A616097E-FCF0-48FA-9354-CA4A61142761"));
    flight.held = std::move(held);
  }

  Observed observed() const {
    return Observed{
        resource,
        flight,
        {secret_state, secret_state == SecretState::kOurs ? &secret : nullptr, content, key_in_use},
        keys,
        account,
        groups,
        base::Duration{30'000},
        base::Duration{300'000},
        now,
        gone,
        secret_writes_fail,
        began,
        clock_step};
  }
  // What the request that `action` stands for was answered with, just now.
  void failed(const Action& action, base::ErrorCode code, const std::string& message = "no") {
    base::Error error{code, action_name(action), message};
    error.http_status = 1;
    flight.troubles.failed(action, error, now.mono);
  }
  // The clocks go on, both alike.
  void pass(base::Duration time) { now = {now.mono + time, now.wall + time}; }

  // Somebody sets the wall clock.
  void set_clock(base::Duration by) {
    clock_step = ClockStep{now.mono, now.wall, now.wall + by};
    now.wall = now.wall + by;
  }

  Decision decide() const { return engine::decide(observed()); }

  // Takes over what decide wants to write until it wants no more of it.
  void at_rest() {
    for (int i = 0; i < 10; ++i) {
      const Decision d = decide();
      if (!std::holds_alternative<WriteStatus>(d.action)) return;
      resource.status = *engine::next_of(d.action);
    }
    ADD_FAILURE() << "status never settles";
  }

  kube::SetupKey resource;
  Flight flight;
  SecretState secret_state = SecretState::kUnknown;
  ContentState content = ContentState::kUnchecked;
  bool key_in_use = false;
  kube::SecretMeta secret;
  std::vector<cache::MarkedKey> keys;
  AccountFacts account;
  GroupFacts groups;
  base::Now now;
  std::vector<std::string> gone;
  bool secret_writes_fail = false;
  base::Instant began;
  std::optional<ClockStep> clock_step;
};

template <typename T>
bool is(const Decision& d) {
  return std::holds_alternative<T>(d.action);
}
template <typename T>
const T& as(const Decision& d) {
  static const T kOther{};
  const T* found = std::get_if<T>(&d.action);
  EXPECT_NE(found, nullptr) << "decided " << action_name(d.action);
  return found == nullptr ? kOther : *found;
}
// The status that the decision writes.
inline const kube::KeyStatus& next_of(const Decision& d) {
  static const kube::KeyStatus kNone;
  const kube::KeyStatus* found = engine::next_of(d.action);
  EXPECT_NE(found, nullptr) << action_name(d.action) << " writes no status";
  return found == nullptr ? kNone : *found;
}
inline std::string name(const Decision& d) { return action_name(d.action); }

inline const kube::Condition* condition(const kube::KeyStatus& s, const std::string& type) {
  for (const kube::Condition& c : s.conditions) {
    if (c.type == type) return &c;
  }
  return nullptr;
}

// "Ready=False/GroupNotFound", with " Stalled", " Reconciling" or " Rotating" where those stand.
inline std::string told(const kube::KeyStatus& s) {
  const kube::Condition* ready = condition(s, "Ready");
  if (ready == nullptr) return "nothing";
  std::string out =
      std::string("Ready=") + (ready->status ? "True" : "False") + "/" + ready->reason;
  for (const char* type : {"Stalled", "Reconciling", "Rotating"}) {
    if (condition(s, type) != nullptr) out += std::string(" ") + type;
  }
  return out;
}
inline std::string told(const Decision& d) { return told(next_of(d)); }

inline std::string key_valid(const kube::KeyStatus& s) {
  const kube::Condition* c = condition(s, "KeyValid");
  return c == nullptr ? "nothing" : c->reason;
}

}  // namespace nbkeys::engine::testing
