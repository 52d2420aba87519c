#include "shell/kubeconfig.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/hash.h"
#include "shell/kubeconfig_file.h"

namespace nbkeys::shell {
namespace {

constexpr std::string_view kName = "the Kubernetes API server";

base::Error bad(std::string message) {
  return {base::ErrorCode::kInvalidInput, "read kubeconfig", std::move(message)};
}

std::string in_folder(const std::string& folder, const std::string& path) {
  if (path.starts_with('/')) return path;
  return (folder.ends_with('/') ? folder : folder + "/") + path;
}

template <typename T>
const T* named(const std::vector<T>& list, const std::string& name) {
  const auto found =
      std::find_if(list.begin(), list.end(), [&name](const T& item) { return item.name == name; });
  return found == list.end() ? nullptr : &*found;
}

template <typename T>
std::string names_of(const std::vector<T>& list) {
  std::string out;
  for (const T& item : list) out += (out.empty() ? "" : ", ") + item.name;
  return out.empty() ? "none" : out;
}

// Data wins over the file, as in kubectl.
base::Result<Pem> pem_of(std::string_view data, const std::string& file, const std::string& folder,
                         std::string_view field) {
  Pem out;
  if (!data.empty()) {
    std::string packed(data);
    std::erase_if(packed, [](char c) { return c == '\n' || c == '\r' || c == ' '; });
    auto decoded = base::base64_decode(packed);
    base::wipe(packed);
    if (!decoded) return bad("the field " + std::string(field) + " is not base64");
    out.text = std::move(*decoded);
  } else if (!file.empty()) {
    out.path = in_folder(folder, file);
  }
  return out;
}

base::Status check_user(const KubeconfigUser& user) {
  const std::string who = "the kubeconfig user '" + user.name + "' ";
  const std::string remedy =
      "; use a kubeconfig with a token, a tokenFile or a client certificate (for instance of a "
      "ServiceAccount: kubectl create token)";
  if (user.exec) {
    return bad(who + "logs in through an exec plugin, which nbkeys does not run" + remedy);
  }
  if (user.auth_provider) {
    return bad(who + "logs in through an auth-provider, which nbkeys does not support" + remedy);
  }
  if (user.password) {
    return bad(who + "logs in with user name and password, which Kubernetes no longer takes" +
               remedy);
  }
  if (user.impersonates) {
    return bad(who + "impersonates another user, which nbkeys does not support" + remedy);
  }
  return base::Done{};
}

base::Status read_user(const KubeconfigUser& user, UpstreamSettings& out) {
  if (base::Status usable = check_user(user); !usable) return usable;
  auto certificate =
      pem_of(user.certificate_data, user.certificate_file, user.folder, "client-certificate-data");
  if (!certificate) return certificate.error();
  auto key = pem_of(user.key_data.reveal(), user.key_file, user.folder, "client-key-data");
  if (!key) return key.error();
  out.tls.certificate = std::move(*certificate);
  out.tls.key = std::move(*key);
  if (!user.token_file.empty()) {
    out.token = Token::file(in_folder(user.folder, user.token_file), "kubeconfig's token file");
  } else if (!user.token.empty()) {
    auto token = Token::fixed(user.token, "the token of the kubeconfig user '" + user.name + "'");
    if (!token) return token.error();
    out.token = std::move(*token);
  }
  return base::Done{};
}

base::Status read_proxy(const KubeconfigCluster& cluster, const Environment& environment,
                        UpstreamSettings& out) {
  if (cluster.proxy_url.empty()) {
    auto proxy = proxy_for(out.url, environment);
    if (!proxy) return proxy.error();
    out.proxy = std::move(*proxy);
    return base::Done{};
  }
  auto proxy = parse_proxy(cluster.proxy_url);
  if (!proxy) {
    return bad("the proxy-url of the kubeconfig cluster '" + cluster.name +
               "' cannot be used: " + proxy.error().message);
  }
  out.proxy = std::move(*proxy);
  return base::Done{};
}

base::Status read_cluster(const KubeconfigCluster& cluster, const Environment& environment,
                          UpstreamSettings& out) {
  if (cluster.server.empty()) {
    return bad("the kubeconfig cluster '" + cluster.name + "' names no server");
  }
  const std::string server =
      cluster.server.find("://") == std::string::npos ? "http://" + cluster.server : cluster.server;
  auto url = parse_url(server);
  if (!url) {
    return bad("the server of the kubeconfig cluster '" + cluster.name +
               "' cannot be used: " + url.error().message);
  }
  out.name = kName;
  out.url = std::move(*url);
  out.trust_help = "set certificate-authority or certificate-authority-data of the cluster '" +
                   cluster.name + "' in the kubeconfig";
  out.name_help = "use one of these as the server, or as tls-server-name, of the cluster '" +
                  cluster.name + "' in the kubeconfig";
  auto ca = pem_of(cluster.ca_data, cluster.ca_file, cluster.folder, "certificate-authority-data");
  if (!ca) return ca.error();
  out.tls.ca = std::move(*ca);
  out.tls.insecure = cluster.insecure;
  out.tls.server_name = cluster.tls_server_name;
  // Without a CA of its own the server is trusted through the machine's, as kubectl does.
  out.tls.system_roots = !out.tls.ca.given();
  return read_proxy(cluster, environment, out);
}

}  // namespace

base::Result<KubeEndpoint> load_kubeconfig(const std::vector<std::string>& paths,
                                           const std::string& context,
                                           const Environment& environment) {
  Kubeconfig config;
  std::string read_from;
  for (const std::string& path : paths) {
    if (paths.size() > 1 && !file_exists(path)) continue;
    if (base::Status added = add_kubeconfig_file(path, config); !added) return added.error();
    read_from += (read_from.empty() ? "" : ":") + path;
  }
  if (read_from.empty()) return bad("none of the files that KUBECONFIG names exists");
  const std::string name = context.empty() ? config.current_context : context;
  if (name.empty()) {
    return bad("the kubeconfig " + read_from +
               " has no current-context; name one with --context (there are: " +
               names_of(config.contexts) + ")");
  }
  const auto* chosen = named(config.contexts, name);
  if (chosen == nullptr) {
    return bad("the kubeconfig " + read_from + " has no context '" + name +
               "' (there are: " + names_of(config.contexts) + ")");
  }
  const auto* cluster = named(config.clusters, chosen->cluster);
  if (cluster == nullptr) {
    return bad("the kubeconfig context '" + name + "' names the cluster '" + chosen->cluster +
               "', which is not in " + read_from);
  }
  KubeEndpoint out;
  if (base::Status read = read_cluster(*cluster, environment, out.upstream); !read) {
    return read.error();
  }
  if (!chosen->user.empty()) {
    const auto* user = named(config.users, chosen->user);
    if (user == nullptr) {
      return bad("the kubeconfig context '" + name + "' names the user '" + chosen->user +
                 "', which is not in " + read_from);
    }
    if (base::Status read = read_user(*user, out.upstream); !read) return read.error();
  }
  if (auto token = out.upstream.token.current(); !token) return token.error();
  if (out.upstream.tls.insecure && out.upstream.url.https) {
    out.warnings.push_back(
        "the certificate of the Kubernetes API server is not verified "
        "(insecure-skip-tls-verify in the kubeconfig)");
  }
  if (!out.upstream.url.https && out.upstream.token.needed() &&
      !is_loopback(out.upstream.url.host)) {
    out.warnings.push_back("the token for Kubernetes is sent over plain http");
  }
  out.name_space = chosen->name_space;
  out.origin = "context " + name + " of " + read_from;
  return out;
}

bool in_cluster(const Environment& environment) {
  const auto host = environment("KUBERNETES_SERVICE_HOST");
  return host && !host->empty();
}

base::Result<KubeEndpoint> load_in_cluster(const Environment& environment,
                                           const std::string& folder) {
  std::string host = environment("KUBERNETES_SERVICE_HOST").value_or("");
  const std::string port = environment("KUBERNETES_SERVICE_PORT").value_or("");
  if (is_ipv6_literal(host)) host = "[" + host + "]";
  auto url = parse_url("https://" + host + ":" + port);
  if (!url) {
    return bad("KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT make no address: " +
               url.error().message);
  }
  KubeEndpoint out;
  out.upstream.name = kName;
  out.upstream.url = std::move(*url);
  out.upstream.trust_help = "the pod's CA is read from " + folder + "/ca.crt";
  out.upstream.name_help = "KUBERNETES_SERVICE_HOST must be one of these";
  out.upstream.tls.ca.path = folder + "/ca.crt";
  out.upstream.token = Token::file(folder + "/token", "ServiceAccount token");
  if (auto token = out.upstream.token.current(); !token) {
    return bad(token.error().message +
               "; the pod needs automountServiceAccountToken: true and its ServiceAccount");
  }
  auto proxy = proxy_for(out.upstream.url, environment);
  if (!proxy) return proxy.error();
  out.upstream.proxy = std::move(*proxy);
  if (auto name_space = read_file(folder + "/namespace", 1024)) {
    // One word in a file, as a token is.
    if (auto word = read_token(*name_space)) out.name_space = word->value.reveal();
  }
  out.origin = "in-cluster";
  return out;
}

base::Result<KubeEndpoint> find_kubernetes(const std::string& kubeconfig_flag,
                                           const std::string& context,
                                           const Environment& environment) {
  if (!kubeconfig_flag.empty()) return load_kubeconfig({kubeconfig_flag}, context, environment);
  const std::string list = environment("KUBECONFIG").value_or("");
  std::vector<std::string> paths;
  for (std::size_t begin = 0; begin < list.size();) {
    const std::size_t end = std::min(list.find(':', begin), list.size());
    if (end > begin) paths.push_back(list.substr(begin, end - begin));
    begin = end + 1;
  }
  if (!paths.empty()) return load_kubeconfig(paths, context, environment);
  if (in_cluster(environment) && context.empty()) {
    return load_in_cluster(environment, std::string(kServiceAccountFolder));
  }
  const std::string home = environment("HOME").value_or("");
  const std::string usual = home + "/.kube/config";
  if (!home.empty() && file_exists(usual)) return load_kubeconfig({usual}, context, environment);
  return bad(
      "no Kubernetes cluster to work with: not in a pod (KUBERNETES_SERVICE_HOST is not "
      "set), and there is no kubeconfig; give one with --kubeconfig");
}

}  // namespace nbkeys::shell
