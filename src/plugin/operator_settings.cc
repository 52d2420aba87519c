#include "plugin/operator_settings.h"

#include <nlohmann/json.hpp>

#include "base/json.h"

namespace nbkeys::plugin {
namespace {

using base::Json;

const Json& list_at(const Json& value, std::initializer_list<std::string_view> path) {
  static const Json kNone = Json::array();
  const Json* found = base::find(value, path);
  return found != nullptr && found->is_array() ? *found : kNone;
}

std::string twin_of(std::string_view flag) {
  std::string out = "NBKEYS_";
  for (const char c : flag) {
    out += c == '-' ? '_' : (c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c);
  }
  return out;
}

// The value of a flag in args or command, else of its environment twin. A switch counts as "true".
std::optional<std::string> flag_of(const Json& container, const std::string& flag) {
  const std::string whole = "--" + flag;
  for (const char* field : {"command", "args"}) {
    const Json& words = list_at(container, {field});
    for (std::size_t i = 0; i < words.size(); ++i) {
      const auto* word = words[i].get_ptr<const std::string*>();
      if (word == nullptr) continue;
      if (word->starts_with(whole + "=")) return word->substr(whole.size() + 1);
      if (*word != whole) continue;
      const auto* next =
          i + 1 < words.size() ? words[i + 1].get_ptr<const std::string*>() : nullptr;
      return next != nullptr && !next->starts_with("--") ? *next : "true";
    }
  }
  for (const Json& entry : list_at(container, {"env"})) {
    if (base::string_or(entry, {"name"}) == twin_of(flag)) return base::string_at(entry, {"value"});
  }
  return std::nullopt;
}

bool runs_operator(const Json& container) {
  for (const Json& word : list_at(container, {"args"})) {
    if (word.is_string() && word == "run")
      return flag_of(container, "netbird-token-file").has_value();
  }
  return false;
}

// The Secret behind a file: the volume that is mounted above it, and the entry it shows there.
void find_token(const Json& pod, const Json& container, const std::string& file,
                OperatorSettings& out) {
  for (const Json& mount : list_at(container, {"volumeMounts"})) {
    std::string folder = base::string_or(mount, {"mountPath"});
    if (!folder.ends_with('/')) folder += '/';
    if (!file.starts_with(folder)) continue;
    const std::string inside = file.substr(folder.size());
    for (const Json& volume : list_at(pod, {"volumes"})) {
      if (base::string_or(volume, {"name"}) != base::string_or(mount, {"name"})) continue;
      const auto secret = base::string_at(volume, {"secret", "secretName"});
      if (!secret) continue;
      out.token_secret = *secret;
      out.token_entry = inside;
      for (const Json& item : list_at(volume, {"secret", "items"})) {
        if (base::string_or(item, {"path"}) == inside) {
          out.token_entry = base::string_or(item, {"key"}, inside);
        }
      }
    }
  }
}

OperatorSettings read(const Json& deployment, const Json& pod, const Json& container) {
  OperatorSettings out;
  out.deployment = base::string_or(deployment, {"metadata", "name"});
  out.replicas = base::int_at(deployment, {"spec", "replicas"}).value_or(1);
  out.ready_replicas = base::int_at(deployment, {"status", "readyReplicas"}).value_or(0);
  out.image = base::string_or(container, {"image"});
  out.account = base::string_or(pod, {"serviceAccountName"}, "default");
  const std::string scope = flag_of(container, "watch-namespace").value_or("");
  out.watch_namespace = scope.substr(0, scope.find(','));
  out.identity = flag_of(container, "identity").value_or("");
  out.url = flag_of(container, "netbird-url").value_or(out.url);
  out.insecure_http = flag_of(container, "netbird-insecure-http").value_or("false") == "true";
  out.ca_file = flag_of(container, "netbird-ca-file").value_or("");
  find_token(pod, container, flag_of(container, "netbird-token-file").value_or(""), out);
  return out;
}

}  // namespace

std::optional<OperatorSettings> find_operator(const Json& list) {
  static const Json kNone = Json::object();
  for (const Json& deployment : list_at(list, {"items"})) {
    const Json* found = base::find(deployment, {"spec", "template", "spec"});
    const Json& pod = found != nullptr ? *found : kNone;
    for (const Json& container : list_at(pod, {"containers"})) {
      if (runs_operator(container)) return read(deployment, pod, container);
    }
  }
  return std::nullopt;
}

}  // namespace nbkeys::plugin
