#include "plugin/kube_calls.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <tuple>
#include <utility>

#include "base/percent.h"
#include "kube/requests.h"
#include "kube/responses.h"
#include "kube/secret.h"

namespace nbkeys::plugin {
namespace {

using base::Json;

// How often a list is begun for a server that is too slow for the pages that it was asked for.
constexpr int kListsMax = 4;

std::string setup_key_path(const kube::ObjectRef& ref) {
  return "/apis/keys.netbird.io/v1alpha1/namespaces/" + base::encode_component(ref.name_space) +
         "/setupkeys/" + base::encode_component(ref.name);
}

io::HttpRequest request(io::Method method, std::string path, const std::string& step) {
  io::HttpRequest out;
  out.method = method;
  out.path = std::move(path);
  out.operation = step;
  out.response_bytes_max = kube::kObjectBytesMax;
  return out;
}

base::Result<Json> json_of(base::Result<io::HttpResponse> answer, const std::string& step) {
  if (!answer) return answer.error();
  return base::parse_json(answer->body.reveal(), step);
}

base::Result<kube::SetupKey> setup_key_of(base::Result<Json> object) {
  if (!object) return object.error();
  return kube::parse_setup_key(*object);
}

base::Error missing_kind(base::Error error) {
  // For a path without an object only an unknown kind answers 404.
  if (error.code == base::ErrorCode::kNotFound) {
    error.message =
        "the cluster does not know the kind SetupKey of keys.netbird.io: install the CRD "
        "(kubectl apply -f crds/)";
  }
  return error;
}

SeenEvent read_event(const Json& item) {
  SeenEvent out;
  for (const char* field : {"lastTimestamp", "eventTime", "firstTimestamp"}) {
    if (const auto at = base::time_at(item, {field})) {
      out.at = *at;
      break;
    }
  }
  if (const auto at = base::time_at(item, {"series", "lastObservedTime"})) out.at = *at;
  out.warning = base::string_or(item, {"type"}) == "Warning";
  out.reason = base::string_or(item, {"reason"});
  out.message = base::string_or(item, {"message"});
  out.count =
      base::int_at(item, {"series", "count"}).value_or(base::int_at(item, {"count"}).value_or(1));
  return out;
}

}  // namespace

base::Result<std::string> each_listed(Link& kube, kube::Pages pages,
                                      const std::function<void()>& begun,
                                      const base::ElementVisitor& visit) {
  for (int lists = 1;; ++lists) {
    begun();
    auto next = base::Result<kube::Pages::Next>(pages.begin());
    while (next) {
      auto* asked = std::get_if<io::HttpRequest>(&*next);
      if (asked == nullptr) return std::get_if<kube::Pages::Ended>(&*next)->resource_version;
      next = pages.take(kube.call(std::move(*asked)), visit);
    }
    if (!pages.smaller_may_do() || lists == kListsMax) return next.error();
  }
}

base::Result<SetupKeys> list_setup_keys(Link& kube, const std::string& name_space,
                                        const std::string& selector) {
  SetupKeys out;
  const auto read = [&out](const Json& item) -> base::Status {
    auto one = kube::parse_setup_key(item);
    if (!one) return one.error();
    auto slim = kube::slimmed(*one);
    out.items.push_back(slim ? std::move(*slim) : std::move(*one));
    return base::Done{};
  };
  auto version = each_listed(
      kube, kube::Pages({kube::Collection::Resource::kSetupKeys, name_space}, selector),
      [&out] { out.items.clear(); }, read);
  if (!version) return missing_kind(version.error());
  out.resource_version = std::move(*version);
  return out;
}

base::Result<kube::SetupKey> get_setup_key(Link& kube, const kube::ObjectRef& ref) {
  return setup_key_of(get_json(kube, setup_key_path(ref), "read SetupKey " + kube::to_text(ref)));
}

base::Result<kube::SetupKey> patch_setup_key(Link& kube, const kube::Meta& meta, Json patch) {
  const std::string step = "change SetupKey " + kube::to_text(meta.ref);
  patch["metadata"]["uid"] = meta.uid;
  auto asked =
      request(io::Method::kPatch, setup_key_path(meta.ref) + "?fieldManager=kubectl-nbkeys", step);
  asked.content_type = "application/merge-patch+json";
  asked.body = base::SecretText(base::dump_json(patch));
  return setup_key_of(json_of(kube::accept_response(kube.call(std::move(asked)), step), step));
}

base::Result<io::HttpResponse> get(Link& kube, const std::string& path, const std::string& step) {
  return kube::accept_response(kube.call(request(io::Method::kGet, path, step)), step);
}

base::Result<Json> get_json(Link& kube, const std::string& path, const std::string& step) {
  return json_of(get(kube, path, step), step);
}

base::Result<Json> post_json(Link& kube, const std::string& path, const Json& body,
                             const std::string& step) {
  auto asked = request(io::Method::kPost, path, step);
  asked.content_type = "application/json";
  asked.body = base::SecretText(base::dump_json(body));
  return json_of(kube::accept_response(kube.call(std::move(asked)), step), step);
}

base::Result<std::vector<SeenEvent>> list_events(Link& kube, const kube::Meta& about,
                                                 std::size_t most) {
  const std::string path = "/api/v1/namespaces/" + base::encode_component(about.ref.name_space) +
                           "/events?limit=500&fieldSelector=" +
                           base::encode_component("involvedObject.uid=" + about.uid);
  auto listed = get_json(kube, path, "list Events");
  if (!listed) return listed.error();
  std::vector<std::pair<std::uint64_t, SeenEvent>> found;  // by resourceVersion, as written
  if (const Json* items = base::find(*listed, {"items"}); items != nullptr && items->is_array()) {
    for (const Json& item : *items) {
      found.emplace_back(
          kube::version_number(base::string_or(item, {"metadata", "resourceVersion"})),
          read_event(item));
    }
  }
  // Events tell whole seconds; within one the order of writing counts.
  std::stable_sort(found.begin(), found.end(), [](const auto& a, const auto& b) {
    return std::tie(a.second.at, a.first) < std::tie(b.second.at, b.first);
  });
  std::vector<SeenEvent> out;
  for (auto& [version, event] : found) out.push_back(std::move(event));
  if (out.size() > most) out.erase(out.begin(), out.end() - static_cast<std::ptrdiff_t>(most));
  return out;
}

}  // namespace nbkeys::plugin
