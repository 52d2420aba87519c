#include "model/walk.h"

#include <algorithm>
#include <chrono>
#include <deque>
#include <functional>
#include <unordered_map>

#include "model/edits.h"

namespace nbkeys::model {
namespace {

using Emit = std::function<void(State, std::string, Fault)>;

std::string who(int slot) { return slot == 0 ? "A " : "B "; }

std::string what_of(const Process::Sent& sent) {
  std::string out = engine::action_name(sent.action);
  if (const auto* c = std::get_if<engine::Claim>(&sent.action)) {
    out += " r" + std::to_string(c->revision);
  } else if (const auto* k = std::get_if<engine::CreateKey>(&sent.action)) {
    out += " r" + std::to_string(k->revision);
  } else if (const auto* d = std::get_if<engine::DeleteKey>(&sent.action)) {
    out += " " + d->key_id;
  } else if (const auto* r = std::get_if<engine::RevokeKey>(&sent.action)) {
    out += " " + r->key_id;
  }
  return out;
}

bool writes_secret(const engine::Action& action) {
  return std::holds_alternative<engine::WriteSecret>(action) ||
         std::holds_alternative<engine::RepairSecret>(action);
}

bool only_reads(const engine::Action& action) {
  return std::holds_alternative<engine::ReadSetupKey>(action) ||
         std::holds_alternative<engine::LookForSecret>(action) ||
         std::holds_alternative<engine::ReadSecret>(action) ||
         std::holds_alternative<engine::TryWritingSecret>(action);
}

class Steps {
 public:
  Steps(const Plan& plan, const State& from, const Emit& emit)
      : plan_(plan), from_(from), emit_(emit) {}

  void all() {
    one_side();
    if (from_.other) {
      State turned = from_;
      change_sides(turned);
      const Emit back = [this](State next, std::string label, Fault fault) {
        change_sides(next);
        emit_(std::move(next), "the copy: " + label, std::move(fault));
      };
      Steps(plan_, turned, back).one_side();
    }
    copies();
    tokens();
    time();
  }

 private:
  void one_side() {
    for (int slot = 0; slot < 2; ++slot) {
      const Process& p = process_of(from_.processes[static_cast<std::size_t>(slot)]);
      if (!p.alive) {
        starts(slot);
        continue;
      }
      watches(slot, p);
      lists(slot, p);
      if (p.sent) request(slot, p);
      crashes(slot, p);
    }
    late();
    for (auto& [state, label] : edits(from_, plan_.edits)) emit_(std::move(state), label, "");
  }

  void step(State next, int slot, const Happening& what, std::string label, Fault fault = "") {
    advance(next, static_cast<std::size_t>(slot), what, fault);
    emit_(std::move(next), who(slot) + label, std::move(fault));
  }

  void starts(int slot) {
    const bool other_dead = !process_of(from_.processes[slot == 0 ? 1 : 0]).alive;
    // Two dead processes are alike.
    if (slot == 1 && other_dead) return;
    if (from_.left.starts == 0 || (plan_.one_at_a_time && !other_dead)) return;
    for (std::size_t k = 0; k < from_.keys.size() && k <= static_cast<std::size_t>(plan_.lag);
         ++k) {
      for (std::size_t s = 0; s < from_.secrets.size() && s <= static_cast<std::size_t>(plan_.lag);
           ++s) {
        State next = from_;
        --next.left.starts;
        const Process fresh = started(from_, k, s);
        Fault fault;
        note_sent(next, false, fresh, fault);
        next.processes[static_cast<std::size_t>(slot)] = intern_process(fresh);
        emit_(std::move(next),
              who(slot) + "starts to lead, seeing SetupKey -" + std::to_string(k) + ", Secret -" +
                  std::to_string(s),
              fault);
      }
    }
  }

  void watches(int slot, const Process& p) {
    for (const KeyVersion& v : from_.keys) {
      if (v.rv <= p.key_seen) continue;
      step(from_, slot, KeySeen{v}, "sees SetupKey v" + std::to_string(v.rv));
      break;
    }
    for (const SecretVersion& v : from_.secrets) {
      if (v.rv <= p.secret_seen) continue;
      step(from_, slot, SecretSeen{v}, "sees Secret v" + std::to_string(v.rv));
      break;
    }
  }

  void lists(int slot, const Process& p) {
    if (p.asks_account) step(from_, slot, AccountTold{}, "is told its account");
    if (p.list_began) step(from_, slot, ListDone{}, "list answered");
    if (!list_is_due(p, from_.clock)) return;
    bool same = p.snapshot.has_value() && !p.wants_list && p.known.size() == from_.netbird.size();
    for (std::size_t i = 0; same && i < p.known.size(); ++i) {
      same = p.known[i].key == from_.netbird[i];
    }
    if (same) return;
    step(from_, slot, ListNow{list_of(from_)}, "lists");
    if (from_.left.faults > 0) {
      State slow = from_;
      --slow.left.faults;
      step(std::move(slow), slot, ListBegun{list_of(from_)}, "begins a slow list");
    }
  }

  void request(int slot, const Process& p) {
    const Process::Sent& sent = *p.sent;
    const auto* claim = std::get_if<engine::Claim>(&sent.action);
    if (claim != nullptr && static_cast<int>(claim->revision) > plan_.revisions) return;
    const std::string what = what_of(sent);
    State done = from_;
    Fault fault;
    const Answer answer = serve(done, sent.request, fault);
    if (sent.undoes != 0 && sent.undoes == from_.revoked_in_use && answer.status == 200 &&
        fault.empty()) {
      fault = "a key was claimed to undo a person's revocation";
    }
    const bool applied = answer.status >= 200 && answer.status < 300;
    if (applied && sent.says_ready_wrongly && fault.empty()) {
      fault = "Ready=True is written for a key whose end the process had seen in a list";
    }
    step(done, slot, Answered{answer}, what + " -> " + std::to_string(answer.status), fault);
    if (from_.left.crashes > 0 && applied && !only_reads(sent.action)) {
      State crashed = done;
      --crashed.left.crashes;
      crashed.processes[static_cast<std::size_t>(slot)] = dead_process();
      emit_(std::move(crashed), who(slot) + what + " is applied, and crashes", fault);
    }
    if (from_.left.faults == 0) return;
    State lost = from_;
    --lost.left.faults;
    const Answer nothing;
    step(lost, slot, Answered{nothing}, what + " is lost, outcome unknown");
    if (applied && !only_reads(sent.action)) {
      --done.left.faults;
      step(std::move(done), slot, Answered{nothing}, what + " is applied, outcome unknown", fault);
    }
    if (is_netbird(sent.request)) {
      State later = lost;
      later.late.push_back({sent.request, from_.clock});
      step(std::move(later), slot, Answered{nothing}, what + " is late, outcome unknown");
      refuse(lost, slot, 422, what);
      refuse(lost, slot, 429, what);
    } else if (writes_secret(sent.action)) {
      refuse(lost, slot, 403, what);
    }
  }

  // Of these a process knows that they were not carried out, so it may ask for the revision again.
  void refuse(State from, int slot, int status, const std::string& what) {
    const Process& p = process_of(from.processes[static_cast<std::size_t>(slot)]);
    const auto* post = std::get_if<engine::CreateKey>(&p.sent->action);
    if (post != nullptr) from.posted &= ~(1u << post->revision);
    Answer refused;
    refused.status = status;
    step(std::move(from), slot, Answered{refused}, what + " -> " + std::to_string(status));
  }

  void crashes(int slot, const Process& p) {
    if (from_.left.crashes == 0) return;
    State next = from_;
    --next.left.crashes;
    next.processes[static_cast<std::size_t>(slot)] = dead_process();
    emit_(next, who(slot) + "crashes", "");
    if (p.sent && !only_reads(p.sent->action)) {
      next.late.push_back({p.sent->request, from_.clock});
      emit_(std::move(next), who(slot) + "crashes, " + what_of(*p.sent) + " still on its way", "");
    }
  }

  void late() {
    for (std::size_t i = 0; i < from_.late.size(); ++i) {
      State lands = from_;
      const Request request = lands.late[i].request;
      lands.late.erase(lands.late.begin() + static_cast<std::ptrdiff_t>(i));
      State never = lands;
      Fault fault;
      serve(lands, request, fault);
      emit_(std::move(lands), "a late request lands", fault);
      emit_(std::move(never), "a late request is lost", "");
    }
  }

  void copies() {
    if (from_.left.copies == 0 || from_.other || from_.gone()) return;
    State next = from_;
    --next.left.copies;
    copy_cluster(next);
    emit_(std::move(next), "the cluster is copied", "");
  }

  void tokens() {
    if (from_.left.tokens == 0) return;
    State next = from_;
    --next.left.tokens;
    Fault fault;
    swap_token(next, fault);
    emit_(std::move(next), "the operator gets a token of the other account", fault);
  }

  // Requests have their time-out, so nothing that was sent outlasts an hour; and of two processes
  // that believe they lead only one still does.
  void time() {
    if (from_.left.seconds > 0) pass(20, &Budget::seconds);
    if (from_.left.hours > 0) pass(7'200, &Budget::hours);
  }

  void pass(int seconds, int Budget::*kind) {
    if (!may_pass(from_, seconds) || (from_.other && !may_pass(*from_.other, seconds))) return;
    for (int slot = 0; slot < 2; ++slot) {
      const auto place = static_cast<std::size_t>(slot);
      if (!process_of(from_.processes[place]).alive) continue;
      State next = from_;
      next.left.*kind -= 1;
      next.clock += seconds;
      if (seconds > 1'800) next.in_overlap = 0;
      next.processes[slot == 0 ? 1 : 0] = dead_process();
      if (next.other) pass_beside(next, seconds);
      step(std::move(next), slot, TimePassed{},
           "still leads after " + std::to_string(seconds) + " s");
    }
  }

  bool may_pass(const Cluster& side, int seconds) const {
    for (const int id : side.processes) {
      const Process& p = process_of(id);
      if (p.alive && (p.sent || p.list_began)) return false;
    }
    return std::all_of(side.late.begin(), side.late.end(), [&](const Cluster::Late& late) {
      return seconds <= 20 && late.sent_at == from_.clock;
    });
  }

  static void pass_beside(State& next, int seconds) {
    change_sides(next);
    if (seconds > 1'800) next.in_overlap = 0;
    Fault fault;
    for (std::size_t slot = 0; slot < next.processes.size(); ++slot) {
      if (process_of(next.processes[slot]).alive) advance(next, slot, TimePassed{}, fault);
    }
    change_sides(next);
  }

  const Plan& plan_;
  const State& from_;
  const Emit& emit_;
};

struct Node {
  int parent = -1;
  int label = 0;
};

class Walk {
 public:
  explicit Walk(const Plan& plan) : plan_(plan) {}

  Finding run() {
    const auto began = std::chrono::steady_clock::now();
    forget_steps();
    State first = first_state(plan_.budget);
    if (plan_.established) {
      Rest rest = come_to_rest(first, false, true);
      if (!rest.fault.empty()) {
        finding_.fault = rest.fault;
        finding_.trace = std::move(rest.steps);
        return std::move(finding_);
      }
      first = std::move(rest.state);
      first.left = plan_.budget;
      normalise(first, plan_.lag);
    }
    add(std::move(first), -1, "", "");
    while (!queue_.empty() && finding_.fault.empty()) {
      const auto [state, id] = std::move(queue_.front());
      queue_.pop_front();
      expand(state, id);
    }
    finding_.states = nodes_.size();
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
    finding_.seconds = took.count();
    return std::move(finding_);
  }

 private:
  void expand(const State& state, int id) {
    const Emit emit = [this, id](State next, const std::string& label, const Fault& fault) {
      if (!finding_.fault.empty()) return;
      ++finding_.transitions;
      normalise(next, plan_.lag);
      add(std::move(next), id, label, fault);
    };
    Steps(plan_, state, emit).all();
    if (finding_.fault.empty()) try_rest(state, id);
  }

  void try_rest(const State& state, int id) {
    for (const bool lands : {true, false}) {
      for (const bool fresh : {true, false}) {
        if (!lands && state.late.empty()) continue;
        const Rest rest = come_to_rest(state, lands, fresh, &rested_);
        ++finding_.rests;
        if (rest.fault.empty()) continue;
        report(id, rest.fault);
        finding_.trace.emplace_back("-- no more trouble --");
        const std::size_t shown = std::min<std::size_t>(rest.steps.size(), 30);
        finding_.trace.insert(finding_.trace.end(), rest.steps.begin(),
                              rest.steps.begin() + static_cast<std::ptrdiff_t>(shown));
        return;
      }
    }
  }

  void add(State state, int parent, const std::string& label, const Fault& fault) {
    const auto [entry, fresh] = seen_.try_emplace(encode(state), static_cast<int>(nodes_.size()));
    if (!fresh && fault.empty()) return;
    nodes_.push_back({parent, objects().intern(label.empty() ? "begin" : label)});
    const int id = static_cast<int>(nodes_.size()) - 1;
    const Fault wrong = fault.empty() ? check_state(state) : fault;
    if (!wrong.empty()) {
      report(id, wrong);
      return;
    }
    if (nodes_.size() >= plan_.states_max) {
      finding_.cut_short = true;
      queue_.clear();
      return;
    }
    queue_.emplace_back(std::move(state), id);
  }

  void report(int id, const Fault& fault) {
    finding_.fault = fault;
    for (int at = id; at >= 0; at = nodes_[static_cast<std::size_t>(at)].parent) {
      finding_.trace.push_back(objects().text(nodes_[static_cast<std::size_t>(at)].label));
    }
    std::reverse(finding_.trace.begin(), finding_.trace.end());
  }

  const Plan& plan_;
  Finding finding_;
  std::unordered_map<std::string, int> seen_;
  Rested rested_;
  std::vector<Node> nodes_;
  std::deque<std::pair<State, int>> queue_;
};

}  // namespace

void note_sent(State& state, bool was_sent_before, const Process& after, Fault& fault) {
  if (was_sent_before || !after.sent) return;
  if (const auto* post = std::get_if<engine::CreateKey>(&after.sent->action)) {
    const std::uint32_t bit = 1u << post->revision;
    if ((state.posted & bit) != 0 && fault.empty()) fault = "a revision is POSTed twice";
    state.posted |= bit;
  }
}

void advance(State& state, std::size_t slot, const Happening& what, Fault& fault) {
  const int before = state.processes[slot];
  const bool was_busy =
      process_of(before).sent.has_value() && !std::holds_alternative<Answered>(what);
  const int after = step_of(before, what, state.clock);
  note_sent(state, was_busy, process_of(after), fault);
  state.processes[slot] = after;
}

Listed list_of(const State& state) { return {state.netbird, state.killed}; }

void swap_token(State& state, Fault& fault) {
  change_accounts(state);
  for (std::size_t slot = 0; slot < state.processes.size(); ++slot) {
    if (!process_of(state.processes[slot]).alive) continue;
    advance(state, slot, TokenChanged{state.account}, fault);
  }
}

Process started(const State& s, std::size_t key_lag, std::size_t secret_lag) {
  Process p = begun(s.has_accounts, s.side, s.account);
  p.key = s.keys[s.keys.size() - 1 - key_lag];
  p.key_seen = p.key.rv;
  const SecretVersion& secret = s.secrets[s.secrets.size() - 1 - secret_lag];
  p.secret_seen = secret.rv;
  const bool labelled =
      secret.content != 0 && !objects().secret_content(secret.content).label_uid.empty();
  if (labelled) p.secret = secret;
  if (p.key.content == 0) p.key = {};
  return process_of(step_of(intern_process(p), Start{}, s.clock));
}

Finding walk(const Plan& plan) { return Walk(plan).run(); }

}  // namespace nbkeys::model
