// The second half of act: what an answer means for caches and flight.

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/hash.h"
#include "base/json.h"
#include "base/mutation.h"
#include "cache/mark.h"
#include "engine/act.h"
#include "kube/responses.h"
#include "netbird/requests.h"

namespace nbkeys::engine {
namespace {

constexpr base::Duration kRetryMin{1'000}, kRetryMax{300'000};

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
  void claimed(base::Result<io::HttpResponse> response, std::uint32_t revision);
  void key_created(base::Result<io::HttpResponse> response, std::uint32_t revision);
  void key_updated(base::Result<io::HttpResponse> response);
  void key_deleted(base::Result<io::HttpResponse> response, const std::string& id);
  void secret_looked(base::Result<io::HttpResponse> response);
  void secret_read(base::Result<io::HttpResponse> response);
  void secret_tried(base::Result<io::HttpResponse> response);
  void secret_written(base::Result<io::HttpResponse> response);

  void store_setup_key(std::string_view body);
  void store_secret(kube::SecretMeta meta);
  kube::ObjectRef secret_of_resource() const;
  void look_again();
  void back_off(Backoff& backoff, const base::Error& error);
  void account_failed(const base::Error& error);
  void ask_the_list(const base::Error& error);
  void account_works();
  void succeeded(Backoff& backoff) {
    effect_.done = true;
    backoff = Backoff{};
  }

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
  auto from_kube = [&] { return kube::accept_response(std::move(outcome), step); };
  auto from_netbird = [&] { return netbird::accept_response(std::move(outcome), step); };
  std::visit(base::overloaded{
                 [](const Rest&) {},
                 [&](const ReadSetupKey&) { setup_key_read(from_kube()); },
                 [&](const AddFinalizer&) { setup_key_written(from_kube()); },
                 [&](const RemoveFinalizer&) { setup_key_written(from_kube()); },
                 [&](const WriteStatus&) { setup_key_written(from_kube()); },
                 [&](const Claim& a) { claimed(from_kube(), a.revision); },
                 [&](const CreateKey& a) { key_created(from_netbird(), a.revision); },
                 [&](const LookForSecret&) { secret_looked(from_kube()); },
                 [&](const ReadSecret&) { secret_read(from_kube()); },
                 [&](const TryWritingSecret&) { secret_tried(from_kube()); },
                 [&](const WriteSecret&) { secret_written(from_kube()); },
                 [&](const RepairSecret&) { secret_written(from_kube()); },
                 [&](const UpdateGroups&) { key_updated(from_netbird()); },
                 [&](const RevokeKey&) { key_updated(from_netbird()); },
                 [&](const DeleteKey& a) { key_deleted(from_netbird(), a.key_id); },
             },
             pending_.action);
  return effect_;
}

void Answer::back_off(Backoff& backoff, const base::Error& error) {
  const int shift = std::min(backoff.failures++, 9);
  base::Duration wait = std::min(kRetryMax, kRetryMin * (1 << shift));
  if (error.retry_after) wait = std::max(wait, std::min(*error.retry_after, kRetryMax));
  backoff.until = now_.mono + wait;
  out_.note(io::Severity::kWarn, "call_failed", base::to_text(error),
            {{"namespace", pending_.ref.name_space},
             {"name", pending_.ref.name},
             {"code", std::string(base::code_name(error.code))}});
}

void Answer::account_failed(const base::Error& error) {
  effect_.reconsider_all =
      world_.account.call_failed(error, now_.mono, out_) == Account::News::kReconsiderAll;
}

// NetBird answers 404 for a key that is gone, and also for a token that is: only a list tells
// which.
void Answer::ask_the_list(const base::Error& error) {
  back_off(flight_->key_backoff, error);
  flight_->list_needed_since = now_.mono;
  world_.account.want_list(now_.mono);
}

void Answer::account_works() {
  effect_.reconsider_all =
      world_.account.call_succeeded(now_.mono) == Account::News::kReconsiderAll;
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
      back_off(flight_->object_backoff, response.error());
    }
    return;
  }
  const auto object = kube::parse_object(response->body.reveal(), "read SetupKey");
  auto resource = object ? kube::parse_setup_key(*object, world_.options.also_refused)
                         : base::Result<kube::SetupKey>(object.error());
  if (!resource) {
    back_off(flight_->object_backoff, resource.error());
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
    back_off(flight_->object_backoff, {base::ErrorCode::kConflict, "read SetupKey",
                                       "the answer is older than what is known"});
    return;
  }
  succeeded(flight_->object_backoff);
}

void Answer::setup_key_written(base::Result<io::HttpResponse> response) {
  if (response) {
    succeeded(flight_->object_backoff);
    store_setup_key(response->body.reveal());
    return;
  }
  // Stale, unknown or refused: in every case the next step is to see what is there.
  flight_->needs_refresh = true;
  if (response.error().code != base::ErrorCode::kConflict)
    back_off(flight_->object_backoff, response.error());
}

void Answer::claimed(base::Result<io::HttpResponse> response, std::uint32_t revision) {
  const bool ok = response.ok();
  setup_key_written(std::move(response));
  // Only a claim that surely is ours may be used: one with an unknown outcome is burnt.
  if (!ok && !MUTATION(unknown_claim_is_ours)) return;
  flight_->claimed = revision;
  flight_->refused_revision = 0;
  flight_->refusal.reset();
}

void Answer::key_created(base::Result<io::HttpResponse> response, std::uint32_t revision) {
  if (!response) {
    const base::Error& error = response.error();
    const bool refused = MUTATION(unknown_post_is_refused) ||
                         error.code == base::ErrorCode::kUnprocessable ||
                         error.code == base::ErrorCode::kConflict;
    if (refused) {
      flight_->refused_revision = revision;
      flight_->refusal = error;
      account_works();
      return;
    }
    const bool certain =
        error.code == base::ErrorCode::kUnauthorized || error.code == base::ErrorCode::kForbidden ||
        error.code == base::ErrorCode::kNotFound || error.code == base::ErrorCode::kRateLimited ||
        error.code == base::ErrorCode::kInvalidInput;
    if (!certain) flight_->list_needed_since = now_.mono;
    account_failed(error);
    return;
  }
  auto created = netbird::parse_created_key(response->body.reveal());
  // A key that is not filed under its mark would be overlooked when all of the resource's go.
  const auto mark = created ? cache::parse_mark(created->key.name) : std::nullopt;
  const bool named = mark && mark->owner == pending_.owner && mark->revision == revision;
  if (created && !named) {
    created = base::Error{base::ErrorCode::kMalformed, "create setup key",
                          "the answer does not name the key that was asked for"};
  }
  if (!created) {
    flight_->list_needed_since = now_.mono;
    account_failed(created.error());
    return;
  }
  world_.account.inventory().put(created->key, now_.mono);
  const kube::SetupKey* resource = world_.setup_keys.find(pending_.ref);
  effect_.done = true;
  account_works();
  if (resource == nullptr || resource->meta.uid != pending_.uid) return;
  HeldKey held;
  held.facts = {created->key.id,   revision,  base::sha256_hex(created->plaintext.reveal()),
                pending_.settings, now_.wall, created->key.expires};
  held.plaintext = std::move(created->plaintext);
  flight_->held = std::move(held);
}

void Answer::key_updated(base::Result<io::HttpResponse> response) {
  if (!response) {
    const base::Error& error = response.error();
    if (error.code == base::ErrorCode::kNotFound) {
      ask_the_list(error);
    } else if (error.code == base::ErrorCode::kUnprocessable) {
      flight_->refusal = error;
      back_off(flight_->key_backoff, error);
      account_works();
    } else {
      flight_->list_needed_since = now_.mono;
      account_failed(error);
    }
    return;
  }
  succeeded(flight_->key_backoff);
  account_works();
  flight_->refusal.reset();
  const auto object = base::parse_json(response->body.reveal(), "update setup key");
  if (const auto key =
          object ? netbird::parse_key(*object) : base::Result<netbird::Key>(object.error())) {
    world_.account.inventory().put(*key, now_.mono);
  } else {
    flight_->list_needed_since = now_.mono;
    world_.account.want_list(now_.mono);
  }
}

void Answer::key_deleted(base::Result<io::HttpResponse> response, const std::string& id) {
  flight_->proven_revision = 0;
  if (!response && !MUTATION(unknown_delete_is_done)) {
    const base::Error& error = response.error();
    if (error.code == base::ErrorCode::kNotFound) {
      ask_the_list(error);
    } else if (error.code == base::ErrorCode::kUnprocessable) {
      back_off(flight_->key_backoff, error);
    } else {
      flight_->list_needed_since = now_.mono;
      account_failed(error);
    }
    return;
  }
  succeeded(flight_->key_backoff);
  account_works();
  world_.account.inventory().erase(pending_.owner, id, now_.mono);
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
      succeeded(flight_->secret_backoff);
      world_.secrets.erase(secret_of_resource(), "");
      flight_->look = SecretLook{SecretLook::Found::kAbsent, std::nullopt, now_.mono};
    } else {
      back_off(flight_->secret_backoff, response.error());
    }
    return;
  }
  const auto object = kube::parse_object(response->body.reveal(), "read Secret");
  auto meta =
      object ? kube::parse_secret_meta(*object) : base::Result<kube::SecretMeta>(object.error());
  if (!meta) {
    back_off(flight_->secret_backoff, meta.error());
    return;
  }
  succeeded(flight_->secret_backoff);
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
    back_off(flight_->secret_backoff, content.error());
    return;
  }
  succeeded(flight_->secret_backoff);
  const kube::KeyStatus& s = resource->status;
  const kube::SecretMeta& meta = content->meta;
  const bool in_use = s.revision != 0 && (meta.revision == 0 || meta.revision == s.revision);
  const std::string& expected = in_use ? s.key_digest : meta.digest;
  const bool right = !expected.empty() && content->digest == expected;
  flight_->check = SecretCheck{meta.uid, meta.resource_version, right, content->template_data_ok};
  // The proof is about which key's turn it is, not about whether somebody has meddled with its
  // content.
  if (s.revision != 0 && meta.revision == s.revision) flight_->proven_revision = s.revision;
  store_secret(std::move(content->meta));
}

void Answer::secret_tried(base::Result<io::HttpResponse> response) {
  if (response) {
    succeeded(flight_->secret_backoff);
    flight_->dry_run_passed = true;
  } else if (response.error().code == base::ErrorCode::kConflict) {
    look_again();
  } else {
    flight_->secret_refusal = response.error();
    back_off(flight_->secret_backoff, response.error());
  }
}

void Answer::secret_written(base::Result<io::HttpResponse> response) {
  if (!response) {
    const base::Error error = response.error();
    look_again();
    // A conflict tells that somebody was faster; an unknown outcome that the write may be there.
    // Anything else is a refusal, which is told and tried again later.
    if (error.code == base::ErrorCode::kConflict) return;
    if (error.code == base::ErrorCode::kForbidden ||
        error.code == base::ErrorCode::kUnprocessable) {
      flight_->secret_refusal = error;
      flight_->dry_run_passed = false;
    }
    back_off(flight_->secret_backoff, error);
    return;
  }
  const auto object = kube::parse_object(response->body.reveal(), "write Secret");
  auto meta =
      object ? kube::parse_secret_meta(*object) : base::Result<kube::SecretMeta>(object.error());
  if (!meta) {
    look_again();
    back_off(flight_->secret_backoff, meta.error());
    return;
  }
  succeeded(flight_->secret_backoff);
  flight_->secret_refusal.reset();
  flight_->check = SecretCheck{meta->uid, meta->resource_version, true, true};
  store_secret(std::move(*meta));
}

}  // namespace

Effect apply_answer(const Pending& pending, io::HttpOutcome outcome, base::Now now, World& world,
                    io::Outbox& out) {
  return Answer(pending, now, world, out).take(std::move(outcome));
}

}  // namespace nbkeys::engine
