#include "bench/engine_sample.h"

#include <algorithm>
#include <cstdio>
#include <stdexcept>

#include "cache/mark.h"
#include "fakes/in_process.h"
#include "fakes/json.h"

namespace nbkeys::bench {
namespace {

using fakes::Json;

constexpr const char* kNamespace = "default";
constexpr const char* kName = "sample-key";

// The fakes have no managedFields, which are more than half of what a real server sends. These are
// such a server's for a SetupKey at rest and for its Secret.
constexpr const char* kSetupKeyFields = R"json([
{"apiVersion":"keys.netbird.io/v1alpha1","fieldsType":"FieldsV1","manager":"kubectl-create",
 "operation":"Update","time":"2026-01-01T00:00:00Z","fieldsV1":{"f:spec":{".":{},
  "f:allowExtraDnsLabels":{},"f:deletionPolicy":{},"f:ephemeral":{},"f:expiresIn":{},
  "f:revisionHistoryLimit":{},"f:revoked":{},"f:secretKey":{},"f:suspend":{},"f:type":{}}}},
{"apiVersion":"keys.netbird.io/v1alpha1","fieldsType":"FieldsV1","manager":"nbkeys",
 "operation":"Update","time":"2026-01-01T00:00:00Z","fieldsV1":{"f:metadata":{"f:finalizers":{
  ".":{},"v:\"keys.netbird.io/setup-key\"":{}}}}},
{"apiVersion":"keys.netbird.io/v1alpha1","fieldsType":"FieldsV1","manager":"nbkeys",
 "operation":"Update","subresource":"status","time":"2026-01-01T00:00:00Z",
 "fieldsV1":{"f:status":{
  "f:binding":{".":{},"f:name":{},"f:resourceVersion":{},"f:uid":{}},
  "f:conditions":{".":{},
   "k:{\"type\":\"KeyValid\"}":{".":{},"f:lastTransitionTime":{},"f:message":{},
    "f:observedGeneration":{},"f:reason":{},"f:status":{},"f:type":{}},
   "k:{\"type\":\"Ready\"}":{".":{},"f:lastTransitionTime":{},"f:message":{},
    "f:observedGeneration":{},"f:reason":{},"f:status":{},"f:type":{}}},
  "f:expiresAt":{},"f:issuedAt":{},"f:keyDigest":{},"f:keyID":{},"f:keyPrefix":{},
  "f:lastRevision":{},"f:observedGeneration":{},"f:renewalTime":{},"f:revision":{},
  "f:settingsDigest":{},"f:state":{},"f:usedTimes":{}}}}])json";
constexpr const char* kSecretFields = R"json([
{"apiVersion":"v1","fieldsType":"FieldsV1","manager":"nbkeys","operation":"Update",
 "time":"2026-01-01T00:00:00Z","fieldsV1":{
  "f:data":{".":{},"f:setup-key":{}},
  "f:metadata":{
   "f:annotations":{".":{},"f:keys.netbird.io/digest":{},"f:keys.netbird.io/expires-at":{},
    "f:keys.netbird.io/issued-at":{},"f:keys.netbird.io/key-id":{},
    "f:keys.netbird.io/revision":{},"f:keys.netbird.io/settings":{}},
   "f:labels":{".":{},"f:app.kubernetes.io/managed-by":{},"f:keys.netbird.io/setupkey-uid":{}},
   "f:ownerReferences":{".":{},"k:{\"uid\":\"fa62ade5-3332-4f02-8f18-62793babda4f\"}":{}}},
  "f:type":{}}}])json";

Json entries(std::size_t bytes, std::size_t each) {
  Json out = Json::object();
  for (; bytes > 0; bytes -= std::min(bytes, each)) {
    out["ENTRY_" + std::to_string(out.size())] = std::string(std::min(bytes, each), 'x');
  }
  return out;
}

void create_setup_key(fakes::InProcess& world, std::size_t template_bytes) {
  // A name of its own: by default the settings, and so their digest, would differ from copy to
  // copy.
  Json spec = {{"name", "Fleet"}};
  if (template_bytes > 0) {
    spec["secretTemplate"] = {{"data", entries(template_bytes, 8192)},
                              {"annotations", entries(template_bytes / 4, 2048)}};
  }
  io::HttpRequest request;
  request.method = io::Method::kPost;
  request.path =
      std::string("/apis/keys.netbird.io/v1alpha1/namespaces/") + kNamespace + "/setupkeys";
  request.content_type = "application/json";
  request.body = base::SecretText(Json{{"apiVersion", "keys.netbird.io/v1alpha1"},
                                       {"kind", "SetupKey"},
                                       {"metadata", {{"name", kName}}},
                                       {"spec", std::move(spec)}}.dump());
  const io::HttpResponse made = world.kube.handle(request, world.now());
  if (made.status != 201) throw std::runtime_error("the sample SetupKey was refused");
  world.changed();
}

std::string with_fields(Json object, const char* fields) {
  object["metadata"]["managedFields"] = Json::parse(fields);
  object["metadata"]["resourceVersion"] = Form::kVersion;
  return object.dump();
}

}  // namespace

Copy::Copy(std::size_t number) {
  char text[64];
  std::snprintf(text, sizeof text, "fleet-%06zu", number);
  name = text;
  std::snprintf(text, sizeof text, "5e7f0d2a-93b1-4c3e-8f64-%012zu", number);
  uid = text;
  owner = cache::owner_of(uid);
  std::snprintf(text, sizeof text, "d4k7ephc2mis73%06zu", number);
  key_id = text;
}

Form::Form(std::string_view text, const std::vector<std::pair<std::string, Field>>& values) {
  pieces_.emplace_back();
  while (!text.empty()) {
    const auto starts = [&text](const auto& value) { return text.starts_with(value.first); };
    const auto place = std::find_if(values.begin(), values.end(), starts);
    if (place != values.end()) {
      pieces_.back().field = place->second;
      text.remove_prefix(place->first.size());
      pieces_.emplace_back();
    } else if (text.starts_with(kVersion)) {
      pieces_.back().version = true;
      text.remove_prefix(kVersion.size());
      pieces_.emplace_back();
    } else {
      pieces_.back().text += text.front();
      text.remove_prefix(1);
    }
  }
}

std::string Form::fill(const Copy& copy, std::string_view version) const {
  std::string out;
  out.reserve(4096);
  for (const Piece& piece : pieces_) {
    out += piece.text;
    if (piece.field != nullptr) out += copy.*piece.field;
    if (piece.version) out += version;
  }
  return out;
}

Sample make_sample(std::size_t template_bytes) {
  fakes::InProcess world;
  create_setup_key(world, template_bytes);
  world.start_operator({});
  const auto settled = [&world] {
    const fakes::Object found = world.kube.store().find("setupkeys", kNamespace, kName);
    return fakes::number_at(*found, {"status", "revision"}) == 1 && world.requests_under_way() == 0;
  };
  if (!world.run_until(settled, base::Duration{60'000})) {
    throw std::runtime_error("the sample SetupKey got no key");
  }
  world.advance(base::Duration{1'000});

  Json setup_key = *world.kube.store().find("setupkeys", kNamespace, kName);
  const Json secret = *world.kube.store().find("secrets", kNamespace, kName);
  const Json key = world.netbird.keys(world.now()).front();
  setup_key["status"]["binding"]["resourceVersion"] = Form::kVersion;
  const std::string uid = setup_key["metadata"]["uid"].get<std::string>();
  const std::vector<std::pair<std::string, Form::Field>> values = {
      {kName, &Copy::name},
      {uid, &Copy::uid},
      {cache::owner_of(uid), &Copy::owner},
      {key["id"].get<std::string>(), &Copy::key_id}};
  return {Form(with_fields(setup_key, kSetupKeyFields), values),
          Form(with_fields(fakes::metadata_view(secret), kSecretFields), values),
          Form(with_fields(secret, kSecretFields), values), Form(key.dump(), values), world.now()};
}

}  // namespace nbkeys::bench
