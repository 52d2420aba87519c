#include "model/objects.h"

#include "base/check.h"
#include "base/hash.h"

namespace nbkeys::model {
namespace {

int take_number(Json& object, const char* field) {
  const auto found = object.find(field);
  if (found == object.end()) return Request::kNone;
  const bool none = found->is_null() || found->get<std::string>().empty();
  const int number = none ? Request::kCleared : std::stoi(found->get<std::string>());
  object.erase(found);
  return number;
}

int take_bound(Json& object) {
  if (!object.contains("status") || !object["status"].contains("binding")) return Request::kNone;
  Json& binding = object["status"]["binding"];
  return binding.is_object() ? take_number(binding, "resourceVersion") : Request::kNone;
}

}  // namespace

int Texts::id(const std::string& text) {
  const auto [entry, fresh] = ids_.try_emplace(text, static_cast<int>(texts_.size()) + 1);
  if (fresh) texts_.push_back(text);
  return entry->second;
}

Objects& objects() {
  static Objects all;
  return all;
}

KeyVersion Objects::pack_key(Json object) {
  KeyVersion out;
  out.rv = take_number(object["metadata"], "resourceVersion");
  out.bound = std::max(0, take_bound(object));
  out.content = texts_.id(object.dump());
  return out;
}

SecretVersion Objects::pack_secret(Json object) {
  SecretVersion out;
  out.rv = take_number(object["metadata"], "resourceVersion");
  out.content = texts_.id(object.dump());
  return out;
}

Request Objects::pack_request(const io::HttpRequest& request) {
  Request out;
  std::string text = std::string(io::method_name(request.method)) + " " + request.path + "\n";
  // A read for metadata only goes to the same path as the whole one.
  if (!request.body.empty()) {
    Json body = Json::parse(request.body.reveal());
    if (body.contains("metadata")) {
      out.expected_rv = take_number(body["metadata"], "resourceVersion");
      if (out.expected_rv == Request::kCleared) out.expected_rv = Request::kNone;
    }
    out.bound = take_bound(body);
    text += body.dump();
  }
  out.text = texts_.id(text);
  return out;
}

Json Objects::key_json(const KeyVersion& version) {
  Json out = Json::parse(texts_.of(version.content));
  out["metadata"]["resourceVersion"] = std::to_string(version.rv);
  if (version.bound > 0) {
    out["status"]["binding"]["resourceVersion"] = std::to_string(version.bound);
  }
  return out;
}

Json Objects::secret_json(const SecretVersion& version) {
  Json out = Json::parse(texts_.of(version.content));
  out["metadata"]["resourceVersion"] = std::to_string(version.rv);
  return out;
}

const kube::SetupKey& Objects::key_content(int content) {
  const auto found = keys_.find(content);
  if (found != keys_.end()) return found->second;
  auto parsed = kube::parse_setup_key(key_json({content, 1, 0}));
  CHECK(parsed.ok());
  return keys_.emplace(content, std::move(*parsed)).first->second;
}

kube::SetupKey Objects::key(const KeyVersion& version) {
  kube::SetupKey out = key_content(version.content);
  out.meta.resource_version = std::to_string(version.rv);
  out.status.binding.resource_version =
      version.bound > 0 ? std::to_string(version.bound) : std::string();
  return out;
}

const kube::SecretMeta& Objects::secret_content(int content) {
  const auto found = secrets_.find(content);
  if (found != secrets_.end()) return found->second;
  auto parsed = kube::parse_secret_meta(secret_json({content, 1}));
  CHECK(parsed.ok());
  return secrets_.emplace(content, std::move(*parsed)).first->second;
}

int Objects::key_in_secret(int content) {
  if (content == 0) return 0;
  const auto found = in_secrets_.find(content);
  if (found != in_secrets_.end()) return found->second;
  const Json object = Json::parse(texts_.of(content));
  int key = 0;
  if (object.contains("data") && object["data"].contains("setup-key")) {
    const auto plain = base::base64_decode(object["data"]["setup-key"].get<std::string>());
    for (int k = 1; plain && k < 2 * kOfTheCopy; ++k) {
      if (plain->reveal() == plaintext(k)) key = k;
    }
  }
  return in_secrets_.emplace(content, key).first->second;
}

bool Objects::secret_is_ours(int content) {
  return content != 0 && kube::belongs_to(secret_content(content), kUid);
}

std::string plaintext(int key) { return "PLAIN-TEXT-OF-THE-KEY-" + std::to_string(key); }
std::string account_id(int account) { return "account" + std::to_string(account); }
std::string key_id(int key) { return "key" + std::to_string(key); }
int number_in(const std::string& id) { return id.starts_with("key") ? std::stoi(id.substr(3)) : 0; }
kube::TicketWord ticket_of(int key) {
  return kube::TicketWord::of(static_cast<std::uint64_t>(key));
}
int number_in(kube::TicketWord ticket) {
  return ticket.empty() ? 0 : static_cast<int>(ticket.number - 1);
}

}  // namespace nbkeys::model
