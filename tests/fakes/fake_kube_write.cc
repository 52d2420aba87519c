// The writing half of the fake API server: create, replace, patch, apply, delete.

#include <algorithm>
#include <regex>

#include "base/hash.h"
#include "fakes/fake_kube.h"
#include "fakes/yaml.h"

namespace nbkeys::fakes {
namespace {

Json read_body(const io::HttpRequest& request) {
  const std::string text(request.body.reveal());
  if (request.content_type.find("yaml") == std::string::npos) {
    Json body = Json::parse(text);
    if (!body.is_object() && !body.is_array()) throw std::invalid_argument("not an object");
    return body;
  }
  std::vector<Json> documents = parse_yaml(text);
  if (documents.size() != 1) {
    throw std::invalid_argument("the body must hold exactly one YAML document");
  }
  return std::move(documents.front());
}

bool good_name(const std::string& name) {
  static const std::regex kName("[a-z0-9]([-a-z0-9.]*[a-z0-9])?");
  return name.size() <= 253 && std::regex_match(name, kName);
}

void keep(Json& next, const Json& old, const char* field) {
  if (old.at("metadata").contains(field)) {
    next["metadata"][field] = old.at("metadata").at(field);
  } else {
    next["metadata"].erase(field);
  }
}

bool deleting(const Json& object) {
  return at_path(object, {"metadata", "deletionTimestamp"}).is_string();
}

bool has_finalizers(const Json& object) {
  const Json& finalizers = at_path(object, {"metadata", "finalizers"});
  return finalizers.is_array() && !finalizers.empty();
}

// All but metadata and status: what a change of makes a new generation.
Json desired_part(Json object) {
  object.erase("metadata");
  object.erase("status");
  return object;
}

void drop_empty_maps(Json& object) {
  for (const char* field : {"labels", "annotations", "finalizers", "ownerReferences"}) {
    const Json& found = at_path(object, {"metadata", field});
    if (found.is_null() || found.empty()) object["metadata"].erase(field);
  }
}

}  // namespace

std::optional<Refusal> FakeKube::may_create_in(const Call& call,
                                               const std::string& name_space) const {
  if (!call.type().namespaced) return std::nullopt;
  const Object scope = store_.find("namespaces", "", name_space);
  if (!scope) return not_found(namespaces_type(), name_space);
  if (deleting(*scope)) {
    return Refusal{403, "Forbidden",
                   "unable to create new content in namespace " + name_space +
                       " because it is being terminated"};
  }
  return std::nullopt;
}

std::optional<Refusal> FakeKube::complete_secret(Json& object) {
  for (const auto& [name, value] : at_path(object, {"stringData"}).items()) {
    object["data"][name] =
        std::string(base::base64_encode(value.get_ref<const std::string&>()).reveal());
  }
  object.erase("stringData");
  if (text_at(object, {"type"}).empty()) object["type"] = "Opaque";
  const Json data = at_path(object, {"data"});
  for (const auto& [name, value] : data.items()) {
    if (value.is_null()) {
      object["data"].erase(name);
    } else if (!value.is_string() || !base::base64_decode(value.get_ref<const std::string&>())) {
      return Refusal{400, "BadRequest", "illegal base64 data in the entry " + name};
    }
  }
  if (object.contains("data") && object["data"].empty()) object.erase("data");
  return std::nullopt;
}

// Defaults and validation, as after each write.
std::optional<Refusal> FakeKube::complete(const ResourceType& type, Json& object) const {
  if (admission_) admission_(type.plural, object);
  drop_empty_maps(object);
  const std::string name = text_at(object, {"metadata", "name"});
  if (type.plural == "secrets") return complete_secret(object);
  if (!type.custom) return std::nullopt;
  schema_.prune(object);
  schema_.apply_defaults(object);
  const std::vector<std::string> causes = schema_.validate(object);
  if (!causes.empty()) return invalid(type, name, causes);
  return std::nullopt;
}

FakeKube::Outcome FakeKube::create(const Call& call) {
  return create_object(call, read_body(call.request));
}

FakeKube::Outcome FakeKube::create_object(const Call& call, Json object) {
  const ResourceType& type = call.type();
  if (text_at(object, {"kind"}) != type.kind ||
      text_at(object, {"apiVersion"}) != type.api_version()) {
    return Refusal{400, "BadRequest",
                   "the API version in the data does not match the expected API version (" +
                       type.api_version() + ", " + type.kind + ")"};
  }
  Json& metadata = object["metadata"];
  if (!metadata.is_object()) metadata = Json::object();
  const std::string given = text_at(metadata, {"namespace"});
  if (type.namespaced && !given.empty() && given != call.target.name_space) {
    return Refusal{400, "BadRequest",
                   "the namespace of the provided object does not match the namespace sent on the "
                   "request"};
  }
  const std::string uid = new_uid();
  if (!metadata.contains("name") && metadata.contains("generateName")) {
    metadata["name"] = text_at(metadata, {"generateName"}) + uid.substr(0, 5);
  }
  const std::string name = text_at(metadata, {"name"});
  if (!good_name(name)) {
    return invalid(type, name,
                   {"metadata.name: Invalid value: \"" + name +
                    "\": a lowercase RFC "
                    "1123 subdomain is needed"});
  }
  if (const auto refusal = may_create_in(call, call.target.name_space)) return *refusal;
  if (store_.find(type.plural, call.target.name_space, name)) return already_exists(type, name);
  if (type.namespaced) metadata["namespace"] = call.target.name_space;
  for (const char* field : {"resourceVersion", "deletionTimestamp", "generation"}) {
    metadata.erase(field);
  }
  metadata["uid"] = uid;
  metadata["creationTimestamp"] = base::format_rfc3339(call.now.wall);
  if (type.custom) {
    metadata["generation"] = 1;
    object.erase("status");
  }
  if (&type == &namespaces_type()) object["status"] = {{"phase", "Active"}};
  if (const auto refusal = complete(type, object)) return *refusal;
  if (call.dry_run) return KubeAnswer{201, std::move(object)};
  return KubeAnswer{201, *store(type, std::move(object), call.now)};
}

// REQUIRES: both have the same name and namespace
std::optional<Refusal> FakeKube::check_precondition(const ResourceType& type, const Json& old,
                                                    const Json& next) {
  const std::string name = text_at(old, {"metadata", "name"});
  const std::string uid = text_at(next, {"metadata", "uid"});
  const std::string old_uid = text_at(old, {"metadata", "uid"});
  if (!uid.empty() && uid != old_uid) {
    return Refusal{409, "Conflict",
                   "Operation cannot be fulfilled on " + type.qualified() + " \"" + name +
                       "\": Precondition failed: UID in precondition: " + uid +
                       ", UID in object meta: " + old_uid};
  }
  const std::string version = text_at(next, {"metadata", "resourceVersion"});
  if (!version.empty() && version != text_at(old, {"metadata", "resourceVersion"})) {
    return modified_since(type, name);
  }
  return std::nullopt;
}

std::optional<Refusal> FakeKube::check_frozen(const ResourceType& type, const Json& old,
                                              const Json& next) {
  const std::string name = text_at(old, {"metadata", "name"});
  if (type.plural == "secrets") {
    if (text_at(old, {"type"}) != text_at(next, {"type"})) {
      return invalid(
          type, name,
          {"type: Invalid value: \"" + text_at(next, {"type"}) + "\": field is immutable"});
    }
    if (at_path(old, {"immutable"}) == true && (at_path(old, {"data"}) != at_path(next, {"data"}) ||
                                                at_path(next, {"immutable"}) != true)) {
      return invalid(type, name, {"data: Forbidden: field is immutable when `immutable` is set"});
    }
  }
  if (!deleting(old)) return std::nullopt;
  const Json before = at_path(old, {"metadata", "finalizers"});
  const Json after = at_path(next, {"metadata", "finalizers"});
  for (const Json& finalizer : after) {
    if (std::find(before.begin(), before.end(), finalizer) == before.end()) {
      return invalid(type, name,
                     {"metadata.finalizers: Forbidden: no new finalizers can be added if the "
                      "object is being deleted, found new finalizers " +
                      Json::array({finalizer}).dump()});
    }
  }
  return std::nullopt;
}

// The common end of PUT and PATCH: `next` as the client wants it, preconditions included.
FakeKube::Outcome FakeKube::update(const Call& call, const Object& old, Json next) {
  const ResourceType& type = call.type();
  const Json& before = *old;
  if (const auto refusal = check_precondition(type, before, next)) return *refusal;
  if (!call.target.subresource.empty()) {
    Json status = at_path(next, {"status"});
    next = before;
    next["status"] = std::move(status);
    if (next["status"].is_null()) next.erase("status");
  } else {
    for (const char* field : {"uid", "creationTimestamp", "deletionTimestamp", "generation", "name",
                              "namespace", "resourceVersion", "deletionGracePeriodSeconds"}) {
      keep(next, before, field);
    }
    next["kind"] = type.kind;
    next["apiVersion"] = type.api_version();
    if (type.custom || &type == &namespaces_type()) {
      next.erase("status");
      if (before.contains("status")) next["status"] = before.at("status");
    }
  }
  if (const auto refusal = complete(type, next)) return *refusal;
  if (const auto refusal = check_frozen(type, before, next)) return *refusal;
  if (type.custom && desired_part(next) != desired_part(before)) {
    next["metadata"]["generation"] = number_at(before, {"metadata", "generation"}) + 1;
  }
  // A write that changes nothing makes no new version and no event.
  if (next == before || call.dry_run) return KubeAnswer{200, std::move(next)};
  if (deleting(before) && !has_finalizers(next)) {
    Json last = next;
    erase(type, before, call.now);
    return KubeAnswer{200, std::move(last)};
  }
  return KubeAnswer{200, *store(type, std::move(next), call.now)};
}

FakeKube::Outcome FakeKube::replace(const Call& call) {
  const Target& t = call.target;
  Json next = read_body(call.request);
  if (text_at(next, {"metadata", "name"}) != t.name) {
    return Refusal{400, "BadRequest",
                   "the name of the object (" + text_at(next, {"metadata", "name"}) +
                       ") does not match the name on the URL (" + t.name + ")"};
  }
  const Object old = store_.find(t.type->plural, t.name_space, t.name);
  if (!old) return not_found(*t.type, t.name);
  if (!t.type->unconditional_update && text_at(next, {"metadata", "resourceVersion"}).empty()) {
    return invalid(*t.type, t.name,
                   {"metadata.resourceVersion: Invalid value: 0: must be specified for an update"});
  }
  return update(call, old, std::move(next));
}

FakeKube::Outcome FakeKube::patch(const Call& call) {
  const Target& t = call.target;
  const std::string& type = call.request.content_type;
  if (type.find("apply-patch") != std::string::npos) return apply(call);
  const Object old = store_.find(t.type->plural, t.name_space, t.name);
  if (!old) return not_found(*t.type, t.name);
  const Json change = read_body(call.request);
  Json next = *old;
  if (type.find("json-patch") != std::string::npos) {
    next = next.patch(change);
  } else if (type.find("merge-patch") != std::string::npos) {
    // Strategic merge differs in lists of named entries, which none of our objects need.
    next.merge_patch(change);
    if (!at_path(change, {"metadata", "resourceVersion"}).is_string()) {
      next["metadata"].erase("resourceVersion");
    }
  } else {
    return Refusal{415, "UnsupportedMediaType",
                   "the body of the request was in an unknown format - accepted media types "
                   "include: application/json-patch+json, application/merge-patch+json, "
                   "application/apply-patch+yaml"};
  }
  return update(call, old, std::move(next));
}

FakeKube::Outcome FakeKube::apply(const Call& call) {
  const Target& t = call.target;
  Json wanted = read_body(call.request);
  const Object old = store_.find(t.type->plural, t.name_space, t.name);
  if (!old) {
    if (!at_path(wanted, {"metadata"}).is_object()) wanted["metadata"] = Json::object();
    wanted["metadata"]["name"] = t.name;
    return create_object(call, std::move(wanted));
  }
  Json next = *old;
  next.merge_patch(wanted);
  return update(call, old, std::move(next));
}

FakeKube::Outcome FakeKube::remove(const Call& call) {
  const Target& t = call.target;
  const Object old = store_.find(t.type->plural, t.name_space, t.name);
  if (!old) return not_found(*t.type, t.name);
  if (!call.request.body.empty()) {
    const Json options = read_body(call.request);
    const Json wanted = {{"metadata", at_path(options, {"preconditions"})}};
    if (const auto refusal = check_precondition(*t.type, *old, wanted)) return *refusal;
  }
  if (call.dry_run) return KubeAnswer{200, *old};
  delete_object(*t.type, old, call.now);
  const Object left = store_.find(t.type->plural, t.name_space, t.name);
  if (left) return KubeAnswer{200, *left};
  return KubeAnswer{200,
                    {{"kind", "Status"},
                     {"apiVersion", "v1"},
                     {"metadata", Json::object()},
                     {"status", "Success"},
                     {"details",
                      {{"name", t.name},
                       {"kind", t.type->plural},
                       {"uid", text_at(*old, {"metadata", "uid"})}}}}};
}

void FakeKube::delete_object(const ResourceType& type, const Object& object, base::Now now) {
  const bool is_namespace = &type == &namespaces_type();
  if (!is_namespace && !has_finalizers(*object)) {
    erase(type, *object, now);
    return;
  }
  if (!deleting(*object)) {
    Json next = *object;
    next["metadata"]["deletionTimestamp"] = base::format_rfc3339(now.wall);
    next["metadata"]["deletionGracePeriodSeconds"] = 0;
    if (next["metadata"].contains("generation")) {
      next["metadata"]["generation"] = number_at(next, {"metadata", "generation"}) + 1;
    }
    if (is_namespace) next["status"]["phase"] = "Terminating";
    store_.put(type.plural, std::move(next));
  }
  if (is_namespace) drain_namespace(text_at(*object, {"metadata", "name"}), now);
}

void FakeKube::drain_namespace(const std::string& name, base::Now now) {
  for (const ResourceType& type : resource_types()) {
    if (!type.namespaced) continue;
    for (const Object& object : store_.list(type.plural, Filter{name, {}, {}})) {
      delete_object(type, object, now);
    }
  }
  finish_namespace(name);
}

// A namespace under deletion goes with the last object in it.
void FakeKube::finish_namespace(const std::string& name) {
  const Object scope = store_.find("namespaces", "", name);
  if (!scope || !deleting(*scope)) return;
  for (const ResourceType& type : resource_types()) {
    if (type.namespaced && !store_.list(type.plural, Filter{name, {}, {}}).empty()) return;
  }
  store_.erase("namespaces", "", name);
}

Object FakeKube::store(const ResourceType& type, Json object, base::Now now) {
  const Json owners = at_path(object, {"metadata", "ownerReferences"});
  Object stored = store_.put(type.plural, std::move(object));
  const bool orphan =
      !owners.empty() && std::none_of(owners.begin(), owners.end(), [this](const Json& owner) {
        return store_.knows_uid(text_at(owner, {"uid"}));
      });
  if (orphan) delete_object(type, stored, now);
  return stored;
}

void FakeKube::erase(const ResourceType& type, const Json& object, base::Now now) {
  const std::string name_space = text_at(object, {"metadata", "namespace"});
  const std::string uid = text_at(object, {"metadata", "uid"});
  store_.erase(type.plural, name_space, text_at(object, {"metadata", "name"}));
  collect_dependents(uid, now);
  if (type.namespaced) finish_namespace(name_space);
}

void FakeKube::collect_dependents(const std::string& uid, base::Now now) {
  for (const auto& [resource, object] : store_.owned_by(uid)) {
    const Json& owners = at_path(*object, {"metadata", "ownerReferences"});
    const bool another = std::any_of(owners.begin(), owners.end(), [this](const Json& owner) {
      return store_.knows_uid(text_at(owner, {"uid"}));
    });
    if (another) continue;
    for (const ResourceType& type : resource_types()) {
      if (type.plural == resource) delete_object(type, object, now);
    }
  }
}

}  // namespace nbkeys::fakes
