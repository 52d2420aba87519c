#include "model/process.h"

namespace nbkeys::model {
namespace {

using base::Instant;
using engine::Flight;

std::int64_t number_of(base::WallTime at) { return (at - wall_at(0)).count(); }

// Writes a process down as bytes; everything that makes it differ is in here.
class Encoder {
 public:
  void number(std::int64_t n) {
    out_ += std::to_string(n);
    out_ += ',';
  }
  void text(const std::string& s) {
    out_ += s;
    out_ += ';';
  }
  void moment(const std::optional<Instant>& at) { number(at ? at->since_start.count() : -7); }
  void flight(const Flight& f);
  std::string take() { return std::move(out_); }

 private:
  std::string out_;
};

void Encoder::flight(const Flight& f) {
  number(f.needs_refresh);
  number(f.claimed);
  number(f.held ? f.held->facts.revision : 0);
  if (f.held) {
    text(f.held->facts.settings);
    number(number_of(f.held->facts.issued_at));
  }
  moment(f.list_needed_since);
  number(f.look ? static_cast<int>(f.look->found) : -1);
  if (f.look) moment(f.look->at);
  if (f.check) {
    text(f.check->uid + "@" + f.check->resource_version);
    number(f.check->key_right * 4 + f.check->template_right * 2 + f.check->key_in_use);
  }
  number(f.dry_run_passed);
  number(f.proven_revision);
  for (const std::string& id : f.deleted_keys) text(id);
  number(f.seen_revision);
  moment(f.seen_at);
  for (const Flight::Lost& lost : f.lost) {
    number(lost.revision);
    moment(lost.at);
  }
  number(f.last_revision);
  for (const kube::Ticket& ticket : f.tickets) text(ticket.word.text());
  text("t");
  number(f.seen_generation);
  for (const engine::Trouble& trouble : f.troubles.all()) {
    text(trouble.what->name + trouble.key_id + trouble.error.message);
    number(trouble.backoff.failures);
    moment(trouble.backoff.until);
  }
}

void encode_key(Encoder& out, const NetbirdKey& key) {
  out.number(key.number * 16 + key.revoked * 8 + static_cast<int>(key.state));
  out.number(key.created);
}

}  // namespace

std::string encode(const Process& p) {
  Encoder out;
  if (!p.alive) return "dead";
  for (const int n : {p.key.content, p.key.rv, p.key.bound, p.secret.content, p.secret.rv,
                      p.secret_grave, p.key_seen, p.secret_seen, static_cast<int>(p.account),
                      p.failed_at, static_cast<int>(p.knows_killed), int{p.wants_list}, p.side,
                      p.token, int{p.asks_account}, p.account_seen.value_or(-1)}) {
    out.number(n);
  }
  out.moment(p.snapshot ? std::optional(p.snapshot->mono) : std::nullopt);
  out.number(p.snapshot ? number_of(p.snapshot->wall) : 0);
  for (const auto& known : p.known) {
    encode_key(out, known.key);
    out.moment(known.changed_at);
    out.number(known.list);
    out.moment(known.missing_since);
  }
  out.moment(p.before);
  for (const auto* ends : {&p.erased, &p.gone}) {
    out.text("e");
    for (const auto& [key, at] : *ends) {
      out.number(key);
      out.moment(at);
    }
  }
  if (p.list_began) {
    out.text("l");
    out.moment(p.list_began->mono);
    out.number(number_of(p.list_began->wall));
    for (const NetbirdKey& key : p.list.keys) encode_key(out, key);
    out.number(p.list.killed);
  }
  out.text("f");
  out.flight(*p.flight);
  if (p.sent) {
    out.text(engine::action_name(p.sent->action));
    const Request& r = p.sent->request;
    for (const int n : {r.text, r.expected_rv, r.bound, r.account, int{p.sent->says_ready_wrongly},
                        p.sent->undoes})
      out.number(n);
    out.text(p.sent->settings);
  }
  return out.take();
}

std::string encode(const Happening& what) {
  Encoder out;
  out.number(static_cast<int>(what.index()));
  const auto list = [&out](const Listed& says) {
    for (const NetbirdKey& key : says.keys) encode_key(out, key);
    out.number(says.killed);
  };
  std::visit(base::overloaded{[](const Start&) {}, [](const ListDone&) {}, [](const TimePassed&) {},
                              [](const AccountTold&) {},
                              [&](const TokenChanged& changed) { out.number(changed.account); },
                              [&](const KeySeen& seen) {
                                out.number(seen.version.content);
                                out.number(seen.version.rv);
                                out.number(seen.version.bound);
                              },
                              [&](const SecretSeen& seen) {
                                out.number(seen.version.content);
                                out.number(seen.version.rv);
                              },
                              [&](const ListBegun& begun) { list(begun.says); },
                              [&](const ListNow& now) { list(now.says); },
                              [&](const Answered& answered) {
                                const Answer& a = answered.answer;
                                for (const int n :
                                     {a.status, static_cast<int>(a.body), a.key.content, a.key.rv,
                                      a.key.bound, a.secret.content, a.secret.rv}) {
                                  out.number(n);
                                }
                                encode_key(out, a.netbird);
                              }},
             what);
  return out.take();
}

}  // namespace nbkeys::model
