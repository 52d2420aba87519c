#include <nlohmann/json.hpp>
#include <utility>

#include "base/hash.h"
#include "kube/requests.h"
#include "kube/responses.h"
#include "plugin/console.h"
#include "plugin/servers.h"
#include "plugin/status_view.h"
#include "plugin/verbs.h"
#include "shell/clock.h"

namespace nbkeys::plugin {
namespace {

using base::Json;

constexpr std::size_t kEventsShown = 10;

void look_at_secret(Link& kube, StatusView& view) {
  const kube::ObjectRef ref{view.resource.meta.ref.name_space, view.resource.spec.secret_name};
  auto answer = kube::accept_response(kube.call(kube::get_secret_meta(ref)), "read Secret");
  if (!answer) {
    if (answer.error().code != base::ErrorCode::kNotFound) {
      view.secret_problem = answer.error().message;
    }
    return;
  }
  auto object = base::parse_json(answer->body.reveal(), "read Secret");
  if (!object) return void(view.secret_problem = object.error().message);
  auto meta = kube::parse_secret_meta(*object);
  if (!meta) return void(view.secret_problem = meta.error().message);
  view.secret = std::move(*meta);
}

// The key itself, with the caller's own right to read the Secret.
base::Result<base::SecretText> read_key(Link& kube, const kube::SetupKey& resource) {
  const kube::ObjectRef ref{resource.meta.ref.name_space, resource.spec.secret_name};
  auto answer =
      kube::accept_response(kube.call(kube::get_secret(ref)), "read Secret " + kube::to_text(ref));
  if (!answer) return answer.error();
  auto object = base::parse_json(answer->body.reveal(), "read Secret");
  if (!object) return object.error();
  Json* data = object->contains("data") ? &(*object)["data"] : nullptr;
  auto* packed = data != nullptr && data->contains(resource.spec.secret_key)
                     ? (*data)[resource.spec.secret_key].get_ptr<std::string*>()
                     : nullptr;
  auto key = packed == nullptr ? std::nullopt : base::base64_decode(*packed);
  if (packed != nullptr) base::wipe(*packed);
  if (!key) {
    return base::Error{base::ErrorCode::kNotFound, "read Secret " + kube::to_text(ref),
                       "it has no entry " + resource.spec.secret_key};
  }
  return std::move(*key);
}

}  // namespace

ExitCode show_status(const Request& request) {
  auto kubernetes = open_kubernetes(request);
  if (!kubernetes) return fail(kubernetes.error());
  Link& kube = *kubernetes->link;
  auto resource = get_setup_key(kube, {kubernetes->name_space, request.names.front()});
  if (!resource) return fail(resource.error());
  StatusView view;
  view.resource = std::move(*resource);
  look_at_secret(kube, view);
  auto events = list_events(kube, view.resource.meta, kEventsShown);
  if (events) {
    view.events = std::move(*events);
  } else {
    view.events_problem = events.error().message;
  }
  view.now = shell::wall_now();
  base::SecretText key;
  if (request.show_key) {
    auto read = read_key(kube, view.resource);
    if (!read) return fail(read.error());
    key = std::move(*read);
  }
  if (request.format == Format::kTable) {
    print(status_text(view, style_for(request.color, surroundings_of_process())));
    if (request.show_key) {
      print("\nThe key        ");
      print(key.reveal());
      print("\n");
    }
  } else {
    Json shown = status_json(view);
    if (request.show_key) shown["plaintext"] = std::string(key.reveal());
    print_json(shown, request.format);
  }
  const kube::Condition* ready = condition_of(view.resource.status, "Ready");
  return ready != nullptr && ready->status ? ExitCode::kOk : ExitCode::kFindings;
}

}  // namespace nbkeys::plugin
