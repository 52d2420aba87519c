#include "kube/requests.h"

#include <nlohmann/json.hpp>

#include "base/json.h"
#include "base/percent.h"
#include "kube/names.h"

namespace nbkeys::kube {
namespace {

using base::Json;

constexpr std::string_view kMergePatch = "application/merge-patch+json";

std::string setup_key_path(const ObjectRef& ref) {
  return "/apis/keys.netbird.io/v1alpha1/namespaces/" + ref.name_space + "/setupkeys/" + ref.name;
}
std::string secrets_path(const std::string& name_space) {
  return "/api/v1/namespaces/" + name_space + "/secrets";
}
std::string leases_path(const std::string& name_space) {
  return "/apis/coordination.k8s.io/v1/namespaces/" + name_space + "/leases";
}

std::string collection_path(const Collection& c) {
  const std::string scope = c.name_space.empty() ? "" : "/namespaces/" + c.name_space;
  if (c.resource == Collection::Resource::kSetupKeys) {
    return "/apis/keys.netbird.io/v1alpha1" + scope + "/setupkeys?";
  }
  return "/api/v1" + scope + "/secrets?labelSelector=" + base::encode_component(kUidLabel) + "&";
}

// A DNS name again after the cut: its parts end in a letter or digit.
std::string event_name(const std::string& name, std::string_view suffix) {
  std::string out = name.substr(0, 200);
  while (!out.empty() && (out.back() == '-' || out.back() == '.')) out.pop_back();
  return out + "." + std::string(suffix);
}

io::HttpRequest request(io::Method method, std::string path, std::string operation) {
  io::HttpRequest out;
  out.server = io::Server::kKube;
  out.method = method;
  out.path = std::move(path);
  out.operation = std::move(operation);
  out.response_bytes_max = kObjectBytesMax;
  return out;
}

io::HttpRequest with_body(io::HttpRequest out, std::string_view content_type,
                          base::SecretText body) {
  out.content_type = content_type;
  out.body = std::move(body);
  return out;
}

io::HttpRequest with_json(io::HttpRequest out, std::string_view content_type, const Json& body) {
  return with_body(std::move(out), content_type, base::SecretText(base::dump_json(body)));
}

}  // namespace

io::HttpRequest list_request(const Collection& collection, int limit,
                             std::string_view continue_token) {
  std::string path = collection_path(collection) + "limit=" + std::to_string(limit);
  if (!continue_token.empty()) path += "&continue=" + base::encode_component(continue_token);
  const bool secrets = collection.resource == Collection::Resource::kSecrets;
  auto out =
      request(io::Method::kGet, std::move(path), secrets ? "list_secrets" : "list_setupkeys");
  out.accept = collection_accept(collection);
  if (secrets) out.accept = kMetadataOnlyList;
  out.timeout = base::Duration{60'000};
  return out;
}

std::string watch_path(const Collection& collection, const std::string& resource_version,
                       int timeout_s) {
  return collection_path(collection) +
         "watch=true&allowWatchBookmarks=true&timeoutSeconds=" + std::to_string(timeout_s) +
         "&resourceVersion=" + base::encode_component(resource_version);
}

std::string_view collection_accept(const Collection& collection) {
  return collection.resource == Collection::Resource::kSecrets
             ? kMetadataOnly
             : std::string_view("application/json");
}

io::HttpRequest get_setup_key(const ObjectRef& ref) {
  return request(io::Method::kGet, setup_key_path(ref), "get_setupkey");
}

io::HttpRequest patch_finalizers(const Meta& meta, const std::vector<std::string>& finalizers) {
  return with_json(request(io::Method::kPatch, setup_key_path(meta.ref), "patch_finalizers"),
                   kMergePatch,
                   {{"metadata",
                     {{"uid", meta.uid},
                      {"resourceVersion", meta.resource_version},
                      {"finalizers", finalizers}}}});
}

io::HttpRequest patch_status(const Meta& meta, const nlohmann::json& status_patch) {
  return with_json(
      request(io::Method::kPatch, setup_key_path(meta.ref) + "/status", "patch_status"),
      kMergePatch,
      {{"metadata", {{"uid", meta.uid}, {"resourceVersion", meta.resource_version}}},
       {"status", status_patch}});
}

io::HttpRequest get_secret_meta(const ObjectRef& ref) {
  auto out = request(io::Method::kGet, secrets_path(ref.name_space) + "/" + ref.name,
                     "get_secret_metadata");
  out.accept = kMetadataOnly;
  return out;
}

io::HttpRequest get_secret(const ObjectRef& ref) {
  return request(io::Method::kGet, secrets_path(ref.name_space) + "/" + ref.name, "get_secret");
}

io::HttpRequest create_secret(const ObjectRef& ref, base::SecretText body, bool dry_run) {
  auto out =
      request(io::Method::kPost, secrets_path(ref.name_space) + (dry_run ? "?dryRun=All" : ""),
              dry_run ? "dry_run_secret" : "create_secret");
  out.accept = kMetadataOnly;
  return with_body(std::move(out), "application/json", std::move(body));
}

io::HttpRequest patch_secret(const ObjectRef& ref, base::SecretText body, bool dry_run) {
  auto out = request(io::Method::kPatch,
                     secrets_path(ref.name_space) + "/" + ref.name + (dry_run ? "?dryRun=All" : ""),
                     dry_run ? "dry_run_secret" : "patch_secret");
  out.accept = kMetadataOnly;
  return with_body(std::move(out), kMergePatch, std::move(body));
}

io::HttpRequest get_lease(const ObjectRef& ref) {
  auto out = request(io::Method::kGet, leases_path(ref.name_space) + "/" + ref.name, "get_lease");
  out.timeout = base::Duration{5'000};
  return out;
}

io::HttpRequest create_lease(const ObjectRef& ref, const nlohmann::json& body) {
  auto out = request(io::Method::kPost, leases_path(ref.name_space), "create_lease");
  out.timeout = base::Duration{5'000};
  return with_json(std::move(out), "application/json", body);
}

io::HttpRequest replace_lease(const ObjectRef& ref, const nlohmann::json& body) {
  auto out =
      request(io::Method::kPut, leases_path(ref.name_space) + "/" + ref.name, "update_lease");
  out.timeout = base::Duration{5'000};
  return with_json(std::move(out), "application/json", body);
}

io::HttpRequest create_event(const Meta& involved, const Event& event, base::WallTime at,
                             std::string_view name_suffix) {
  const std::string when = base::format_rfc3339(at);
  const Json body = {{"apiVersion", "v1"},
                     {"kind", "Event"},
                     {"metadata",
                      {{"name", event_name(involved.ref.name, name_suffix)},
                       {"namespace", involved.ref.name_space}}},
                     {"involvedObject",
                      {{"apiVersion", kApiVersion},
                       {"kind", kKind},
                       {"name", involved.ref.name},
                       {"namespace", involved.ref.name_space},
                       {"uid", involved.uid},
                       {"resourceVersion", involved.resource_version}}},
                     {"type", event.warning ? "Warning" : "Normal"},
                     {"reason", event.reason},
                     {"message", event.message.substr(0, 1024)},
                     {"source", {{"component", "nbkeys"}}},
                     {"firstTimestamp", when},
                     {"lastTimestamp", when},
                     {"count", 1}};
  return with_json(
      request(io::Method::kPost, "/api/v1/namespaces/" + involved.ref.name_space + "/events",
              "create_event"),
      "application/json", body);
}

}  // namespace nbkeys::kube
