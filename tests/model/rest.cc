// No more trouble: one process works on, nothing is lost any more, time passes. Then all must come
// to rest, and rightly so.

#include <algorithm>
#include <functional>

#include "model/walk.h"
#include "status/conditions.h"

namespace nbkeys::model {
namespace {

constexpr int kStepsMax = 600, kHoursMax = 12, kRevisionsMax = 4;

const kube::Condition* said(const State& s, std::string_view type) {
  return condition_of(s.status(), type);
}

// Where the keys live in the account of another token, nothing is right but to say so.
Fault wrong_elsewhere(const State& s, bool deleting) {
  const kube::Condition* ready = said(s, "Ready");
  if (ready == nullptr || ready->status) return "Ready in another account";
  if (ready->reason != (deleting ? "DeletionBlocked" : "AccountChanged")) {
    return "another account is not told";
  }
  return "";
}

Fault wrong_key_in_use(const State& s, const NetbirdKey* active) {
  const kube::SetupKey& key = objects().key_content(s.keys.back().content);
  const int in_use = number_in(key.status.key_id);
  const kube::Condition* told = said(s, "Ready");
  const bool ready = told != nullptr && told->status;
  if (!key.status.previous_keys.empty()) return "a previous key never retires";
  if (active == nullptr) return "the key in use does not exist";
  if (key.status.settings_digest != kube::settings_digest(key.spec)) {
    return "the key is of another spec";
  }
  if (key.status.last_handled_rotate != key.rotate) {
    return "a rotation that was asked for never came";
  }
  if (active->revoked) {
    if ((s.by_hand & bit_of(in_use)) == 0) return "the key in use was revoked by the operator";
    return ready ? "Ready=True with a revoked key" : "";
  }
  if (objects().key_in_secret(s.secrets.back().content) != in_use) {
    return "the Secret does not carry the key in use";
  }
  const bool usable = active->state == netbird::KeyState::kValid;
  if (ready != usable) {
    return ready ? "Ready=True with an unusable key" : "Ready=False with a good key";
  }
  return "";
}

Fault wrong_at_home(const State& s) {
  const kube::SetupKey& key = objects().key_content(s.keys.back().content);
  if (key.meta.deleting) return "the SetupKey is not let go";
  const kube::KeyStatus& status = key.status;
  const bool others = std::any_of(s.netbird.begin(), s.netbird.end(), [&s](const NetbirdKey& k) {
    return !is_ours(s, k.number) && !k.revoked && k.state != netbird::KeyState::kExpired;
  });
  if (others != (said(s, status::kUnknownKeys) != nullptr)) {
    return others ? "a key of the other installation is not told" : "a key of nobody is told";
  }
  const int secret = s.secrets.back().content;
  const kube::Condition* told = said(s, "Ready");
  if (secret != 0 && !objects().secret_is_ours(secret)) {
    const bool ready = told != nullptr && told->status;
    return ready && !key.spec.revoked ? "Ready=True beside a foreign Secret" : "";
  }
  if (status.claim) return "a claim stays open";
  const NetbirdKey* active = nullptr;
  for (const NetbirdKey& k : s.netbird) {
    if (!is_ours(s, k.number)) continue;
    if (key_id(k.number) != status.key_id) return "a stray or retired key stays at NetBird";
    active = &k;
  }
  if (key.spec.revoked) {
    return active != nullptr && !active->revoked ? "spec.revoked is not carried out" : "";
  }
  return status.revision == 0 ? "no key is issued" : wrong_key_in_use(s, active);
}

bool away_from_home(const State& s) {
  if (!s.has_accounts || s.gone()) return false;
  const std::string& id = s.status().account.id;
  return !id.empty() && id != account_id(s.account);
}

Fault wrong_at_rest(const State& s) {
  const bool away = away_from_home(s);
  for (const NetbirdKey& k : away ? s.netbird : s.elsewhere) {
    if (is_ours(s, k.number)) return "a key was left in an account that is not the SetupKey's";
  }
  if (away) return wrong_elsewhere(s, s.deleting());
  if (!s.gone()) return wrong_at_home(s);
  const bool left = std::any_of(s.netbird.begin(), s.netbird.end(),
                                [&s](const NetbirdKey& k) { return is_ours(s, k.number); });
  return left ? "the SetupKey is gone but NetBird still has a key" : "";
}

class Settling {
 public:
  // `slots`: the process that works on, of either side.
  Settling(State state, std::array<std::size_t, 2> slots, Rested* rested)
      : state_(std::move(state)), slots_(slots), rested_(rested) {
    each_side([this] { began_[side()] = newest(); });
  }

  Rest run() {
    std::string before;
    int quiet = 0, hours = 0;
    // What one side ends the other learns a list later, and believes with the next.
    const int quiet_rounds = state_.other ? 2 : 1;
    for (int i = 0; i < kStepsMax; ++i) {
      if (!fault_.empty()) break;
      if (hours == 0 && is_known()) return {std::move(state_), "", std::move(steps_)};
      if (one_step()) continue;
      const std::string now = outside();
      quiet = now == before ? quiet + 1 : 0;
      before = now;
      if (quiet >= quiet_rounds && hours >= 2) {
        each_side([this] { judge(); });
        if (fault_.empty() && away_from_home(state_)) {
          swap_token(state_, fault_);
          steps_.emplace_back("the token of the account in which its key lives comes back");
          quiet = hours = 0;
          continue;
        }
        if (fault_.empty() && rested_ != nullptr) rested_->merge(passed_);
        return {std::move(state_), fault_, std::move(steps_)};
      }
      if (++hours > kHoursMax) break;
      state_.clock += 7'200;
      each_side([this] { pass_hours(); });
    }
    if (fault_.empty()) fault_ = "it does not come to rest";
    return {std::move(state_), fault_, std::move(steps_)};
  }

 private:
  std::size_t side() const { return static_cast<std::size_t>(state_.side); }
  int newest() const { return state_.gone() ? 0 : static_cast<int>(state_.status().last_revision); }

  void each_side(const std::function<void()>& what) {
    what();
    if (!state_.other) return;
    change_sides(state_);
    what();
    change_sides(state_);
  }

  void judge() {
    if (fault_.empty()) fault_ = wrong_at_rest(state_);
    const bool many = newest() > began_[side()] + kRevisionsMax;
    if (fault_.empty() && many) fault_ = "key after key is issued";
  }

  void pass_hours() {
    state_.in_overlap = 0;
    go(TimePassed{}, "two hours pass");
    Process p = process_of(state_.processes[slots_[side()]]);
    p.wants_list = true;
    state_.processes[slots_[side()]] = intern_process(p);
  }

  // What follows depends on nothing but the state, so a state that once came to rest does so again.
  bool is_known() {
    if (rested_ == nullptr) return false;
    std::string now = encode(state_) + static_cast<char>(slots_[0] * 2 + slots_[1]);
    if (rested_->contains(now)) {
      rested_->merge(passed_);
      return true;
    }
    passed_.insert(std::move(now));
    return false;
  }

  bool one_step() {
    bool moved = false;
    each_side([&] { moved = moved || step_of_side(); });
    return moved;
  }

  bool step_of_side() {
    const Process& p = process_of(state_.processes[slots_[side()]]);
    for (const KeyVersion& v : state_.keys) {
      if (v.rv > p.key_seen) return go(KeySeen{v}, "sees SetupKey v" + std::to_string(v.rv));
    }
    for (const SecretVersion& v : state_.secrets) {
      if (v.rv > p.secret_seen) return go(SecretSeen{v}, "sees Secret v" + std::to_string(v.rv));
    }
    if (p.asks_account) return go(AccountTold{}, "is told its account");
    if (p.list_began) return go(ListDone{}, "list answered");
    if (p.sent) {
      const std::string what = engine::action_name(p.sent->action);
      const Answer answer = serve(state_, Request(p.sent->request), fault_);
      return go(Answered{answer}, what + " -> " + std::to_string(answer.status));
    }
    if (p.wants_list && list_is_due(p, state_.clock)) return go(ListNow{list_of(state_)}, "lists");
    return false;
  }

  bool go(const Happening& what, const std::string& label) {
    advance(state_, slots_[side()], what, fault_);
    steps_.push_back((state_.side == 0 ? "" : "the copy: ") + label);
    normalise(state_, 0);
    if (fault_.empty()) fault_ = check_state(state_);
    return true;
  }

  // What can be seen from outside, without the clock.
  std::string outside() {
    std::string out;
    each_side([&] {
      out += std::to_string(state_.keys.back().content) + '/';
      out += std::to_string(state_.secrets.back().content);
    });
    for (const NetbirdKey& k : state_.netbird) {
      out += k.revoked ? '!' : '/';
      out += std::to_string(k.number);
    }
    return out;
  }

  State state_;
  std::array<std::size_t, 2> slots_;
  Rested* rested_;
  Rested passed_;
  Fault fault_;
  std::array<int, 2> began_{};  // the newest revision of each side
  std::vector<std::string> steps_;
};

// What is late lands or is lost, and one process of this side works on: the slot of it.
std::size_t quiet_side(State& s, bool late_lands, bool fresh_process, Fault& fault) {
  for (const State::Late& late : std::vector(std::move(s.late))) {
    if (late_lands) serve(s, Request(late.request), fault);
  }
  s.late.clear();
  const bool second = !process_of(s.processes[0]).alive && process_of(s.processes[1]).alive;
  const std::size_t place = second ? 1 : 0;
  s.processes[1 - place] = dead_process();
  if (fresh_process || !process_of(s.processes[place]).alive) {
    const Process fresh = started(s, 0, 0);
    note_sent(s, false, fresh, fault);
    s.processes[place] = intern_process(fresh);
  }
  return place;
}

}  // namespace

Rest come_to_rest(const State& from, bool late_lands, bool fresh_process, Rested* rested) {
  State s = from;
  s.left = {};
  Fault fault;
  std::array<std::size_t, 2> slots{};
  slots[0] = quiet_side(s, late_lands, fresh_process, fault);
  if (s.other) {
    change_sides(s);
    slots[1] = quiet_side(s, late_lands, fresh_process, fault);
    change_sides(s);
  }
  normalise(s, 0);
  Rest out = Settling(std::move(s), slots, rested).run();
  if (!fault.empty()) out.fault = fault;
  return out;
}

}  // namespace nbkeys::model
