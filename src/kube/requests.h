#pragma once
// Requests to the Kubernetes API as values. Each write has a fixed name and a precondition, so a
// resend by the HTTP library shows as a conflict, which means: look again.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "io/http.h"
#include "kube/meta.h"
#include "kube/secret.h"
#include "kube/setup_key.h"

namespace nbkeys::kube {

inline constexpr std::string_view kMetadataOnly =
    "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1";
inline constexpr std::string_view kMetadataOnlyList =
    "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1";

// Of an answer with one object, of one page of a list and of one line of a watch. etcd takes 1.5
// MiB for an object; as JSON, with what JSON escapes and with managedFields, it is at most a few
// times as long, so that one always fits.
inline constexpr std::size_t kObjectBytesMax = 8u << 20;

// What one watch covers: a resource in one namespace, or in all where name_space is empty.
struct Collection {
  enum class Resource { kSetupKeys, kSecrets } resource = Resource::kSetupKeys;
  std::string name_space;
};

io::HttpRequest list_request(const Collection& collection, int limit,
                             std::string_view continue_token);
std::string watch_path(const Collection& collection, const std::string& resource_version,
                       int timeout_s);
std::string_view collection_accept(const Collection& collection);

io::HttpRequest get_setup_key(const ObjectRef& ref);
// REQUIRES: `finalizers` is the whole list wanted
io::HttpRequest patch_finalizers(const Meta& meta, const std::vector<std::string>& finalizers);
// A merge patch of .status under the resourceVersion precondition.
io::HttpRequest patch_status(const Meta& meta, const nlohmann::json& status_patch);

io::HttpRequest get_secret_meta(const ObjectRef& ref);
io::HttpRequest get_secret(const ObjectRef& ref);
// A dry run is judged like the write itself, and nothing is kept.
io::HttpRequest create_secret(const ObjectRef& ref, base::SecretText body, bool dry_run);
io::HttpRequest patch_secret(const ObjectRef& ref, base::SecretText body, bool dry_run);

io::HttpRequest get_lease(const ObjectRef& ref);
io::HttpRequest create_lease(const ObjectRef& ref, const nlohmann::json& body);
io::HttpRequest replace_lease(const ObjectRef& ref, const nlohmann::json& body);

struct Event {
  bool warning = false;
  std::string reason;
  std::string message;
};
// `name_suffix` makes the object's name: the same one twice is refused as a conflict, which is what
// we want.
io::HttpRequest create_event(const Meta& involved, const Event& event, base::WallTime at,
                             std::string_view name_suffix);

}  // namespace nbkeys::kube
