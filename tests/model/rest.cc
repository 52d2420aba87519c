// No more trouble: one process works on, nothing is lost any more, time passes. Then all must come
// to rest, and rightly so.

#include "model/walk.h"

namespace nbkeys::model {
namespace {

constexpr int kStepsMax = 600, kHoursMax = 12;

Fault wrong_at_rest(const State& s) {
  if (s.gone()) return s.netbird.empty() ? "" : "the SetupKey is gone but NetBird still has a key";
  const kube::SetupKey& key = objects().key_content(s.keys.back().content);
  if (key.meta.deleting) return "the SetupKey is not let go";
  const kube::KeyStatus& status = key.status;
  const int secret = s.secrets.back().content;
  bool ready = false;
  for (const kube::Condition& c : status.conditions) ready |= c.type == "Ready" && c.status;
  if (secret != 0 && !objects().secret_is_ours(secret)) {
    return ready && !key.spec.revoked ? "Ready=True beside a foreign Secret" : "";
  }
  if (status.claim) return "a claim stays open";
  const auto revision = static_cast<int>(status.revision);
  const NetbirdKey* active = nullptr;
  for (const NetbirdKey& k : s.netbird) {
    if (k.revision != revision) return "a stray or retired key stays at NetBird";
    active = &k;
  }
  if (key.spec.revoked) {
    return active != nullptr && !active->revoked ? "spec.revoked is not carried out" : "";
  }
  if (revision == 0) return "no key is issued";
  if (!status.previous_keys.empty()) return "a previous key never retires";
  if (active == nullptr) return "the key in use does not exist";
  if (status.settings_digest != kube::settings_digest(key.spec))
    return "the key is of another spec";
  if (status.last_handled_rotate != key.rotate) return "a rotation that was asked for never came";
  if (active->revoked) {
    if ((s.by_hand >> revision & 1u) == 0) return "the key in use was revoked by the operator";
    return ready ? "Ready=True with a revoked key" : "";
  }
  if (objects().revision_in_secret(secret) != revision) {
    return "the Secret does not carry the key in use";
  }
  const bool usable = active->state == netbird::KeyState::kValid;
  if (ready != usable)
    return ready ? "Ready=True with an unusable key" : "Ready=False with a good key";
  return "";
}

class Settling {
 public:
  Settling(State state, int slot, Rested* rested)
      : state_(std::move(state)), slot_(static_cast<std::size_t>(slot)), rested_(rested) {}

  Rest run() {
    std::string before;
    int quiet = 0, hours = 0;
    for (int i = 0; i < kStepsMax; ++i) {
      if (!fault_.empty()) break;
      if (hours == 0 && is_known()) return {std::move(state_), "", std::move(steps_)};
      if (one_step()) continue;
      const std::string now = outside();
      quiet = now == before ? quiet + 1 : 0;
      before = now;
      if (quiet >= 1 && hours >= 2) {
        if (fault_.empty()) fault_ = wrong_at_rest(state_);
        if (fault_.empty() && rested_ != nullptr) rested_->merge(passed_);
        return {std::move(state_), fault_, std::move(steps_)};
      }
      if (++hours > kHoursMax) break;
      state_.clock += 7'200;
      state_.in_overlap = 0;
      go(TimePassed{}, "two hours pass");
      Process p = process_of(state_.processes[slot_]);
      p.wants_list = true;
      state_.processes[slot_] = intern_process(p);
    }
    if (fault_.empty()) fault_ = "it does not come to rest";
    return {std::move(state_), fault_, std::move(steps_)};
  }

 private:
  // What follows depends on nothing but the state, so a state that once came to rest does so again.
  bool is_known() {
    if (rested_ == nullptr) return false;
    std::string now = encode(state_) + static_cast<char>(slot_);
    if (rested_->contains(now)) {
      rested_->merge(passed_);
      return true;
    }
    passed_.insert(std::move(now));
    return false;
  }

  bool one_step() {
    const Process& p = process_of(state_.processes[slot_]);
    for (const KeyVersion& v : state_.keys) {
      if (v.rv > p.key_seen) return go(KeySeen{v}, "sees SetupKey v" + std::to_string(v.rv));
    }
    for (const SecretVersion& v : state_.secrets) {
      if (v.rv > p.secret_seen) return go(SecretSeen{v}, "sees Secret v" + std::to_string(v.rv));
    }
    if (p.list_began) return go(ListDone{}, "list answered");
    if (p.sent) {
      const std::string what = engine::action_name(p.sent->action);
      const Answer answer = serve(state_, Request(p.sent->request), fault_);
      return go(Answered{answer}, what + " -> " + std::to_string(answer.status));
    }
    if (p.wants_list && list_is_due(p, state_.clock)) return go(ListNow{list_of(state_)}, "lists");
    return false;
  }

  bool go(const Happening& what, std::string label) {
    advance(state_, slot_, what, fault_);
    steps_.push_back(std::move(label));
    normalise(state_, 0);
    if (fault_.empty()) fault_ = check_state(state_);
    return true;
  }

  // What can be seen from outside, without the clock.
  std::string outside() const {
    std::string out = std::to_string(state_.keys.back().content);
    out += '/';
    out += std::to_string(state_.secrets.back().content);
    for (const NetbirdKey& k : state_.netbird) {
      out += k.revoked ? '!' : '/';
      out += std::to_string(k.revision);
    }
    return out;
  }

  State state_;
  std::size_t slot_;
  Rested* rested_;
  Rested passed_;
  Fault fault_;
  std::vector<std::string> steps_;
};

}  // namespace

Rest come_to_rest(const State& from, bool late_lands, bool fresh_process, Rested* rested) {
  State s = from;
  s.left = {};
  Fault fault;
  for (const State::Late& late : s.late) {
    if (late_lands) serve(s, Request(late.request), fault);
  }
  s.late.clear();
  int survivor = 0;
  if (!process_of(s.processes[0]).alive && process_of(s.processes[1]).alive) survivor = 1;
  const auto place = static_cast<std::size_t>(survivor);
  s.processes[1 - place] = dead_process();
  if (fresh_process || !process_of(s.processes[place]).alive) {
    const Process fresh = started(s, 0, 0);
    note_sent(s, false, fresh, fault);
    s.processes[place] = intern_process(fresh);
  }
  normalise(s, 0);
  Rest out = Settling(std::move(s), survivor, rested).run();
  if (!fault.empty()) out.fault = fault;
  return out;
}

}  // namespace nbkeys::model
