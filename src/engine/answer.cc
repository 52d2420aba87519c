// The second half of act: what an answer means for caches and flight.

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/hash.h"
#include "base/json.h"
#include "base/mutation.h"
#include "cache/mark.h"
#include "engine/act.h"
#include "engine/outcome.h"
#include "kube/responses.h"
#include "kube/same_status.h"
#include "netbird/requests.h"

namespace nbkeys::engine {
namespace {

class Answer {
 public:
  Answer(const Pending& pending, base::Now now, World& world, io::Outbox& out)
      : pending_(pending), now_(now), world_(world), out_(out) {
    if (pending.same_term) {
      const auto found = world.flights.find(pending.ref);
      if (found != world.flights.end()) flight_ = &found->second;
    }
    if (flight_ == nullptr) flight_ = &discarded_;
  }

  Effect take(io::HttpOutcome outcome);

 private:
  void setup_key_read(base::Result<io::HttpResponse> response);
  void setup_key_written(base::Result<io::HttpResponse> response);
  bool status_kept() const;
  void claimed(base::Result<io::HttpResponse> response, const Claim& claim);
  void key_created(base::Result<io::HttpResponse> response, const CreateKey& create);
  void key_updated(base::Result<io::HttpResponse> response);
  void key_deleted(base::Result<io::HttpResponse> response, const std::string& id);
  void secret_looked(base::Result<io::HttpResponse> response);
  void secret_read(base::Result<io::HttpResponse> response);
  void secret_tried(base::Result<io::HttpResponse> response);
  void secret_written(base::Result<io::HttpResponse> response);
  bool secret_kept(const kube::SecretMeta& meta) const;

  void key_refused(const base::Error& error);
  void create_failed(const base::Error& error, const CreateKey& create);
  void landed(const CreateKey& create);

  void store_setup_key(std::string_view body);
  void store_secret(kube::SecretMeta meta);
  kube::ObjectRef secret_of_resource() const;
  void look_again();
  void failed(const base::Error& error);
  bool behind(std::uint64_t shown, std::uint64_t known);
  void ask_the_list(Priority priority);
  void account_works();
  void succeeded() {
    effect_.done = true;
    // What somebody else may undo again and again backs off although it works.
    const bool undone = std::holds_alternative<RestoreStatus>(pending_.action) ||
                        std::holds_alternative<RepairSecret>(pending_.action) ||
                        std::holds_alternative<UpdateGroups>(pending_.action);
    if (undone) {
      flight_->troubles.repeated(pending_.action, now_.mono);
    } else {
      flight_->troubles.worked(pending_.action);
    }
  }
  Account& account() { return world_.account_named(account_of(pending_.action)); }

  const Pending& pending_;
  base::Now now_;
  World& world_;
  io::Outbox& out_;
  Flight discarded_;
  Flight* flight_ = nullptr;
  Effect effect_;
};

std::string step_of(const Action& action) { return action_name(action); }

Effect Answer::take(io::HttpOutcome outcome) {
  const std::string step = step_of(pending_.action);
  const bool kube = traits_of(pending_.action).server == io::Server::kKube;
  // It tells of what is no more.
  if (kube && !pending_.same_history) return effect_;
  auto from_kube = [&] { return kube::accept_response(std::move(outcome), step); };
  auto from_secret_write = [&] {
    // A trial has no key in it.
    std::optional<std::string_view> value;
    if (std::holds_alternative<TryWritingSecret>(pending_.action)) value = "";
    if (flight_->held) value = flight_->held->plaintext.reveal();
    return kube::accept_secret_write(std::move(outcome), step, value);
  };
  auto from_netbird = [&] { return netbird::accept_response(std::move(outcome), step); };
  std::visit(base::overloaded{
                 [](const Rest&) {},
                 [&](const ReadSetupKey&) { setup_key_read(from_kube()); },
                 [&](const AddFinalizer&) { setup_key_written(from_kube()); },
                 [&](const RemoveFinalizer&) { setup_key_written(from_kube()); },
                 [&](const WriteStatus&) { setup_key_written(from_kube()); },
                 [&](const RestoreStatus&) { setup_key_written(from_kube()); },
                 [&](const Claim& a) { claimed(from_kube(), a); },
                 [&](const CreateKey& a) { key_created(from_netbird(), a); },
                 [&](const LookForSecret&) { secret_looked(from_kube()); },
                 [&](const ReadSecret&) { secret_read(from_kube()); },
                 [&](const TryWritingSecret&) { secret_tried(from_secret_write()); },
                 [&](const WriteSecret&) { secret_written(from_secret_write()); },
                 [&](const RepairSecret&) { secret_written(from_secret_write()); },
                 [&](const UpdateGroups&) { key_updated(from_netbird()); },
                 [&](const RevokeKey&) { key_updated(from_netbird()); },
                 [&](const DeleteKey& a) { key_deleted(from_netbird(), a.key_id); },
             },
             pending_.action);
  return effect_;
}

void Answer::failed(const base::Error& error) {
  flight_->troubles.failed(pending_.action, error, now_.mono);
  effect_.failed = error;
}

// A live read never shows less than was known when it was asked, unless the server's state was put
// back, or the server lags: lists tell which (kube/history.h). Until then it is asked ever more
// rarely.
bool Answer::behind(std::uint64_t shown, std::uint64_t known) {
  if (shown == 0 || shown >= known) return false;
  flight_->troubles.failed(pending_.action,
                           {base::ErrorCode::kMalformed, step_of(pending_.action),
                            "the answer is older than what is known"},
                           now_.mono);
  effect_.behind = true;
  return true;
}

void Answer::ask_the_list(Priority priority) {
  flight_->list_needed_since = now_.mono;
  account().want_list(now_.mono, priority);
}

void Answer::account_works() {
  effect_.reconsider_all = account().call_succeeded(now_.mono) == Account::News::kReconsiderAll;
}

// What was asked of NetBird and did not happen, or perhaps did.
void Answer::key_refused(const base::Error& error) {
  const Outcome outcome = outcome_of(error, io::Server::kNetBird);
  // 404 is a key that is gone, or a token that is: only a list tells which.
  const bool list_tells = error.code == base::ErrorCode::kNotFound;
  if (outcome == Outcome::kUnknown || list_tells) ask_the_list(Priority::kEnding);
  if (list_tells) account().inventory().denied(pending_.owner, key_of(pending_.action));
  if (outcome == Outcome::kServersTrouble || error.code == base::ErrorCode::kForbidden) {
    const bool puts = std::holds_alternative<UpdateGroups>(pending_.action) ||
                      std::holds_alternative<RevokeKey>(pending_.action);
    const bool posts = std::holds_alternative<CreateKey>(pending_.action);
    const io::Method method = puts    ? io::Method::kPut
                              : posts ? io::Method::kPost
                                      : io::Method::kDelete;
    const auto news = account().call_failed(error, pending_.sent_at, now_.mono, out_, method);
    effect_.reconsider_all = news == Account::News::kReconsiderAll;
  }
  if (error.code != base::ErrorCode::kRateLimited) return failed(error);
  flight_->troubles.limited(pending_.action, now_.mono);
}

void Answer::store_setup_key(std::string_view body) {
  const auto object = kube::parse_object(body, "read SetupKey");
  if (!object) return;
  auto resource = kube::parse_setup_key(*object, world_.options.also_refused);
  if (resource && resource->meta.uid == pending_.uid) {
    put_setup_key(world_, std::move(*resource));
  }
}

void Answer::setup_key_read(base::Result<io::HttpResponse> response) {
  if (!response) {
    if (response.error().code == base::ErrorCode::kNotFound) {
      erase_setup_key(world_, pending_.ref, "");
      flight_ = &discarded_;
    } else {
      failed(response.error());
    }
    return;
  }
  const auto object = kube::parse_object(response->body.reveal(), "read SetupKey");
  auto resource = object ? kube::parse_setup_key(*object, world_.options.also_refused)
                         : base::Result<kube::SetupKey>(object.error());
  if (!resource) {
    failed(resource.error());
    return;
  }
  if (behind(kube::version_number(resource->meta.resource_version),
             kube::version_number(pending_.version))) {
    return;
  }
  const bool replaced = resource->meta.uid != pending_.uid;
  put_setup_key(world_, std::move(*resource));
  if (replaced) {
    flight_ = &discarded_;  // it went with the object that it belonged to
    return;
  }
  flight_->needs_refresh = false;
  const kube::SetupKey* known = world_.setup_keys.find(pending_.ref);
  if (known != nullptr &&
      (!known->spec.secret_template.whole() || kube::lacks_finalizers(*known))) {
    // A server that is behind what we know would be asked without end.
    failed(
        {base::ErrorCode::kMalformed, "read SetupKey", "the answer is older than what is known"});
    return;
  }
  succeeded();
}

void Answer::setup_key_written(base::Result<io::HttpResponse> response) {
  if (response) {
    store_setup_key(response->body.reveal());
    if (status_kept()) return succeeded();
    failed({base::ErrorCode::kMalformed, step_of(pending_.action),
            "the API server keeps another status than the one that was written: the CRD in the "
            "cluster is older than this operator, or an admission webhook changes it"});
    return;
  }
  failed(response.error());
  // Stale, gone or unknown: the next step is to see what is there. What was refused changed
  // nothing.
  const Outcome outcome = outcome_of(response.error(), io::Server::kKube);
  const bool gone = response.error().code == base::ErrorCode::kNotFound;
  if (outcome == Outcome::kStale || outcome == Outcome::kUnknown || gone) {
    flight_->needs_refresh = true;
  }
}

// An older CRD leaves out fields that it does not know, a webhook may change others: what is not
// there afterwards cannot be built on, and would be written for ever.
bool Answer::status_kept() const {
  const kube::SetupKey* resource = world_.setup_keys.find(pending_.ref);
  const kube::KeyStatus* wanted = next_of(pending_.action);
  if (resource == nullptr || wanted == nullptr || pending_.version.empty()) return true;
  return kube::same_status(resource->status, *wanted);
}

void Answer::claimed(base::Result<io::HttpResponse> response, const Claim& claim) {
  setup_key_written(std::move(response));
  // Only a claim that surely is ours may be used: one with an unknown outcome is burnt.
  if (!effect_.done && !MUTATION(unknown_claim_is_ours)) return;
  flight_->claimed = claim.revision;
  flight_->claimed_ticket = claim.next.claim ? claim.next.claim->ticket : kube::TicketWord{};
}

// What became of it is known.
void Answer::landed(const CreateKey& create) {
  std::erase_if(flight_->lost, [&create](const Flight::Lost& l) {
    return l.revision == create.revision && l.ticket == create.ticket;
  });
}

void Answer::create_failed(const base::Error& error, const CreateKey& create) {
  const Outcome outcome = outcome_of(error, io::Server::kNetBird);
  if (outcome == Outcome::kUnknown && !MUTATION(unknown_post_is_refused)) {
    ask_the_list(Priority::kFirstIssue);
    failed(error);
    return;
  }
  landed(create);
  // No key was made, and this process knows it: the claim is as good as before.
  flight_->claimed = create.revision;
  flight_->claimed_ticket = create.ticket;
  if (outcome == Outcome::kRefusedForGood) account_works();
  key_refused(error);
}

void Answer::key_created(base::Result<io::HttpResponse> response, const CreateKey& create) {
  if (!response) {
    create_failed(response.error(), create);
    return;
  }
  auto created = netbird::parse_created_key(response->body.reveal());
  // A key that is not filed under its mark would be overlooked when all of the resource's go.
  const auto mark = created ? cache::parse_mark(created->key.name) : std::nullopt;
  const bool named = mark && mark->owner == pending_.owner && mark->revision == create.revision &&
                     mark->ticket == create.ticket;
  if (created && !named) {
    created = base::Error{base::ErrorCode::kMalformed, "create setup key",
                          "the answer does not name the key that was asked for"};
  }
  if (!created) {
    create_failed(created.error(), create);
    return;
  }
  account().inventory().put(created->key, now_.mono);
  const kube::SetupKey* resource = world_.setup_keys.find(pending_.ref);
  succeeded();
  landed(create);
  account_works();
  if (resource == nullptr || resource->meta.uid != pending_.uid) return;
  HeldKey held;
  held.facts = {created->key.id,
                create.revision,
                base::sha256_hex(created->plaintext.reveal()),
                pending_.settings,
                now_.wall + account().clock_offset(),
                created->key.expires,
                create.ticket};
  held.plaintext = std::move(created->plaintext);
  flight_->held = std::move(held);
}

void Answer::key_updated(base::Result<io::HttpResponse> response) {
  if (!response) {
    key_refused(response.error());
    return;
  }
  succeeded();
  account_works();
  const auto object = base::parse_json(response->body.reveal(), "update setup key");
  if (const auto key =
          object ? netbird::parse_key(*object) : base::Result<netbird::Key>(object.error())) {
    account().inventory().put(*key, now_.mono);
  } else {
    ask_the_list(Priority::kRepair);
  }
}

void Answer::key_deleted(base::Result<io::HttpResponse> response, const std::string& id) {
  flight_->proven_revision = 0;
  if (!response && !MUTATION(unknown_delete_is_done)) {
    key_refused(response.error());
    return;
  }
  succeeded();
  account_works();
  // A POST makes one key: what was asked for and not answered is found and gone.
  for (const cache::MarkedKey& key : account().inventory().keys_of(pending_.owner)) {
    if (key.key.id == id) landed({key.revision, "", key.ticket});
  }
  account().inventory().erase(pending_.owner, id, now_.mono);
  flight_->deleted_keys.push_back(id);
}

kube::ObjectRef Answer::secret_of_resource() const {
  const kube::SetupKey* resource = world_.setup_keys.find(pending_.ref);
  return resource != nullptr ? secret_ref(*resource) : pending_.ref;
}

void Answer::look_again() {
  flight_->look.reset();
  flight_->check.reset();
  world_.secrets.erase(secret_of_resource(), "");
}

void Answer::store_secret(kube::SecretMeta meta) {
  if (!meta.label_uid.empty()) {
    flight_->look.reset();
    world_.secrets.upsert(std::move(meta));
    return;
  }
  // Without the label it is not in the watch, so that what is in the cache is from before.
  world_.secrets.erase(meta.ref, "");
  const bool ours = kube::belongs_to(meta, pending_.uid);
  flight_->look = SecretLook{ours ? SecretLook::Found::kOurs : SecretLook::Found::kForeign,
                             ours ? std::optional(std::move(meta)) : std::nullopt, now_.mono};
}

void Answer::secret_looked(base::Result<io::HttpResponse> response) {
  if (!response) {
    if (response.error().code == base::ErrorCode::kNotFound) {
      succeeded();
      world_.secrets.erase(secret_of_resource(), "");
      flight_->look = SecretLook{SecretLook::Found::kAbsent, std::nullopt, now_.mono};
    } else {
      failed(response.error());
    }
    return;
  }
  const auto object = kube::parse_object(response->body.reveal(), "read Secret");
  auto meta =
      object ? kube::parse_secret_meta(*object) : base::Result<kube::SecretMeta>(object.error());
  if (!meta) {
    failed(meta.error());
    return;
  }
  if (behind(kube::version_number(meta->resource_version), pending_.secret_version)) return;
  succeeded();
  store_secret(std::move(*meta));
}

void Answer::secret_read(base::Result<io::HttpResponse> response) {
  flight_->proven_revision = 0;
  const kube::SetupKey* resource = world_.setup_keys.find(pending_.ref);
  if (!response || resource == nullptr) {
    secret_looked(std::move(response));
    return;
  }
  auto content = kube::read_secret_content(response->body.reveal(), resource->spec);
  if (!content) {
    failed(content.error());
    return;
  }
  if (behind(kube::version_number(content->meta.resource_version), pending_.secret_version)) return;
  succeeded();
  const kube::KeyStatus& s = resource->status;
  const kube::SecretMeta& meta = content->meta;
  const bool in_use = s.revision != 0 && (meta.revision == 0 || meta.revision == s.revision);
  const std::string& expected = in_use ? s.key_digest : meta.digest;
  const bool right = !expected.empty() && content->digest == expected;
  const bool same = s.revision != 0 && content->digest == s.key_digest;
  flight_->check =
      SecretCheck{meta.uid, meta.resource_version, right || same, content->template_data_ok, same};
  // The proof is about which key's turn it is, not about whether somebody has meddled with its
  // content.
  if (s.revision != 0 && meta.revision == s.revision) flight_->proven_revision = s.revision;
  store_secret(std::move(content->meta));
}

void Answer::secret_tried(base::Result<io::HttpResponse> response) {
  // A webhook that knows no dry runs says nothing about the write itself.
  constexpr std::string_view kNoDryRuns = "does not support dry run";
  if (response || response.error().message.find(kNoDryRuns) != std::string::npos) {
    succeeded();
    flight_->troubles.worked(WriteSecret{});
    flight_->dry_run_passed = true;
    return;
  }
  flight_->dry_run_passed = false;
  if (outcome_of(response.error(), io::Server::kKube) == Outcome::kStale) look_again();
  failed(response.error());
}

void Answer::secret_written(base::Result<io::HttpResponse> response) {
  if (!response) {
    // A conflict tells that somebody was faster; an unknown outcome that the write may be there.
    // What was refused changed nothing.
    const Outcome outcome = outcome_of(response.error(), io::Server::kKube);
    const bool gone = response.error().code == base::ErrorCode::kNotFound;
    if (outcome == Outcome::kStale || outcome == Outcome::kUnknown || gone) look_again();
    flight_->dry_run_passed = false;
    failed(response.error());
    return;
  }
  const auto object = kube::parse_object(response->body.reveal(), "write Secret");
  auto meta =
      object ? kube::parse_secret_meta(*object) : base::Result<kube::SecretMeta>(object.error());
  if (!meta) {
    look_again();
    failed(meta.error());
    return;
  }
  // The next key's Secret is another matter: this one may be deleted by whoever ends the namespace.
  flight_->dry_run_passed = false;
  if (secret_kept(*meta)) {
    succeeded();
    flight_->check = SecretCheck{meta->uid, meta->resource_version, true, true};
  } else {
    failed({base::ErrorCode::kMalformed, step_of(pending_.action),
            "the API server keeps another Secret than the one that was written: an admission "
            "webhook takes its annotations away"});
  }
  store_secret(std::move(*meta));
}

// Without the annotations that name the key, it would be written for ever.
bool Answer::secret_kept(const kube::SecretMeta& meta) const {
  if (!std::holds_alternative<WriteSecret>(pending_.action) || !flight_->held) return true;
  const kube::SecretKeyFacts& facts = flight_->held->facts;
  return meta.revision == facts.revision && meta.key_id == facts.key_id;
}

}  // namespace

Effect apply_answer(const Pending& pending, io::HttpOutcome outcome, base::Now now, World& world,
                    io::Outbox& out) {
  return Answer(pending, now, world, out).take(std::move(outcome));
}

}  // namespace nbkeys::engine
