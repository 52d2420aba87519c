#include "shell/kubeconfig_file.h"

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <utility>

#include "shell/files.h"

namespace nbkeys::shell {
namespace {

constexpr std::size_t kFileBytesMax = 4u << 20;

std::string text(const YAML::Node& map, const char* key) {
  if (!map.IsMap()) return "";
  const YAML::Node value = map[key];
  return value && value.IsScalar() ? value.Scalar() : "";
}

bool has(const YAML::Node& map, const char* key) {
  if (!map.IsMap()) return false;
  const YAML::Node value = map[key];
  return value && !value.IsNull();
}

bool truth(const YAML::Node& map, const char* key) {
  const std::string value = text(map, key);
  return value == "true" || value == "True" || value == "TRUE";
}

KubeconfigCluster read_cluster(const YAML::Node& node) {
  KubeconfigCluster out;
  out.server = text(node, "server");
  out.ca_data = text(node, "certificate-authority-data");
  out.ca_file = text(node, "certificate-authority");
  out.tls_server_name = text(node, "tls-server-name");
  out.proxy_url = text(node, "proxy-url");
  out.insecure = truth(node, "insecure-skip-tls-verify");
  return out;
}

KubeconfigUser read_user(const YAML::Node& node) {
  KubeconfigUser out;
  out.certificate_data = text(node, "client-certificate-data");
  out.certificate_file = text(node, "client-certificate");
  out.key_data = base::SecretText(text(node, "client-key-data"));
  out.key_file = text(node, "client-key");
  out.token = base::SecretText(text(node, "token"));
  out.token_file = text(node, "tokenFile");
  out.exec = has(node, "exec");
  out.auth_provider = has(node, "auth-provider");
  out.password = has(node, "username") || has(node, "password");
  out.impersonates = has(node, "as") || has(node, "as-uid") || has(node, "as-groups");
  return out;
}

KubeconfigContext read_context(const YAML::Node& node) {
  return {"", text(node, "cluster"), text(node, "user"), text(node, "namespace")};
}

// Each entry is {name: ..., <kind>: {...}}; one whose name is known already is passed over.
template <typename T, typename Read>
void add_named(const YAML::Node& list, const char* kind, Read read, std::vector<T>& into) {
  if (!list || !list.IsSequence()) return;
  for (const YAML::Node& entry : list) {
    const std::string name = text(entry, "name");
    const auto same = [&name](const T& known) { return known.name == name; };
    if (name.empty() || std::any_of(into.begin(), into.end(), same)) continue;
    T item = read(entry[kind]);
    item.name = name;
    into.push_back(std::move(item));
  }
}

void add(const YAML::Node& root, const std::string& folder, Kubeconfig& into) {
  if (into.current_context.empty()) into.current_context = text(root, "current-context");
  const auto in_folder = [&folder](auto item) {
    item.folder = folder;
    return item;
  };
  const auto cluster = [&](const YAML::Node& node) { return in_folder(read_cluster(node)); };
  const auto user = [&](const YAML::Node& node) { return in_folder(read_user(node)); };
  add_named(root["contexts"], "context", read_context, into.contexts);
  add_named(root["clusters"], "cluster", cluster, into.clusters);
  add_named(root["users"], "user", user, into.users);
}

}  // namespace

base::Status add_kubeconfig_file(const std::string& path, Kubeconfig& into) {
  auto bytes = read_file(path, kFileBytesMax);
  if (!bytes) return bytes.error();
  const auto bad = [&path](const std::string& cause) {
    return base::Error{base::ErrorCode::kInvalidInput, "read kubeconfig",
                       "the kubeconfig " + path + " cannot be used: " + cause};
  };
  const std::size_t slash = path.rfind('/');
  const std::string folder = slash == std::string::npos ? "." : path.substr(0, slash + 1);
  try {
    const YAML::Node root = YAML::Load(std::string(bytes->reveal()));
    if (!root.IsMap()) return bad("it is empty or not a map");
    add(root, folder, into);
  } catch (const YAML::Exception& problem) {
    // The parser's own text may quote the file, which holds credentials; the place is enough.
    return bad("it is not valid YAML (line " + std::to_string(problem.mark.line + 1) + ")");
  }
  return base::Done{};
}

}  // namespace nbkeys::shell
