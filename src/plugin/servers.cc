#include "plugin/servers.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "base/hash.h"
#include "base/json.h"
#include "base/percent.h"
#include "plugin/kube_calls.h"
#include "shell/kubeconfig.h"
#include "shell/proxy.h"

namespace nbkeys::plugin {
namespace {

base::Error missing(std::string message) {
  return {base::ErrorCode::kInvalidInput, "reach NetBird", std::move(message)};
}

constexpr const char* kOrFlags = "; give --netbird-url and --netbird-token-file instead";

base::Result<shell::UpstreamSettings> settings_for(const std::string& address, bool insecure_http,
                                                   const std::string& ca_file) {
  auto url = shell::parse_netbird_url(address);
  if (!url) return missing("the address of NetBird (--netbird-url): " + url.error().message);
  if (!url->https && !insecure_http && !shell::is_loopback(url->host)) {
    return missing("plain http would show the access token to everyone on the way to " + url->host +
                   "; use https://, or --netbird-insecure-http if you accept that");
  }
  shell::UpstreamSettings out;
  out.name = "NetBird";
  out.url = std::move(*url);
  out.auth_scheme = "Token";
  out.tls.system_roots = true;
  out.tls.ca.path = ca_file;
  out.trust_help = "name its CA with --netbird-ca-file";
  out.name_help = "use one of these in --netbird-url";
  auto proxy = shell::proxy_for(out.url, shell::process_environment);
  if (!proxy) return missing(proxy.error().message);
  out.proxy = std::move(*proxy);
  return out;
}

base::Result<shell::Token> read_token_secret(Link& kube, const std::string& name_space,
                                             const OperatorSettings& found) {
  const std::string named = "Secret " + name_space + "/" + found.token_secret;
  auto answer = get(kube,
                    "/api/v1/namespaces/" + base::encode_component(name_space) + "/secrets/" +
                        base::encode_component(found.token_secret),
                    "read " + named);
  if (!answer) {
    base::Error error = missing("the token is in " + named + ", which cannot be read (" +
                                answer.error().message + ")" + kOrFlags);
    error.code = answer.error().code == base::ErrorCode::kForbidden
                     ? base::ErrorCode::kForbidden
                     : base::ErrorCode::kInvalidInput;
    return error;
  }
  auto secret = base::parse_json(answer->body.reveal(), "read Secret");
  if (!secret) return secret.error();
  const base::Json* value = base::find(*secret, {"data", found.token_entry});
  const auto* packed = value == nullptr ? nullptr : value->get_ptr<const std::string*>();
  auto token = packed == nullptr ? std::nullopt : base::base64_decode(*packed);
  if (!token) return missing(named + " has no entry " + found.token_entry + kOrFlags);
  return shell::Token::fixed(*token,
                             "the token in " + named + ", entry " + found.token_entry + ",");
}

base::Result<NetBird> open(shell::UpstreamSettings settings, std::string token_from,
                           std::string identity) {
  if (auto token = settings.token.current(); !token) return missing(token.error().message);
  auto link = Link::open(std::move(settings));
  if (!link) return missing(link.error().message);
  auto warnings = (*link)->upstream().warnings();
  return NetBird{std::move(*link), std::move(token_from), std::move(identity), std::move(warnings)};
}

}  // namespace

base::Result<Kubernetes> open_kubernetes(const Request& request) {
  auto endpoint = shell::find_kubernetes(request.access.kubeconfig, request.access.context,
                                         shell::process_environment);
  if (!endpoint) return endpoint.error();
  Kubernetes out;
  out.origin = endpoint->origin;
  out.warnings = std::move(endpoint->warnings);
  if (!request.all_namespaces) {
    out.name_space = !request.name_space.empty()     ? request.name_space
                     : !endpoint->name_space.empty() ? endpoint->name_space
                                                     : "default";
  }
  auto link = Link::open(std::move(endpoint->upstream));
  if (!link) return link.error();
  out.link = std::move(*link);
  for (std::string& warning : out.link->upstream().warnings()) {
    out.warnings.push_back(std::move(warning));
  }
  return out;
}

base::Result<std::optional<OperatorSettings>> read_operator(Link& kube,
                                                            const std::string& name_space) {
  auto list = get_json(
      kube,
      "/apis/apps/v1/namespaces/" + base::encode_component(name_space) + "/deployments?limit=100",
      "list Deployments");
  if (!list) return list.error();
  return find_operator(*list);
}

base::Result<NetBird> open_netbird(const Access& access, Link& kube) {
  if (!access.netbird_token_file.empty()) {
    const std::string usual = OperatorSettings{}.url;
    auto settings = settings_for(access.netbird_url.empty() ? usual : access.netbird_url,
                                 access.netbird_insecure_http, access.netbird_ca_file);
    if (!settings) return settings.error();
    settings->token = shell::Token::file(access.netbird_token_file, "NetBird token file");
    return open(std::move(*settings), access.netbird_token_file, access.identity);
  }
  OperatorSettings found;
  auto deployed = read_operator(kube, access.operator_namespace);
  if (deployed && *deployed) found = std::move(**deployed);
  if (found.deployment.empty() && access.netbird_url.empty()) {
    const std::string cause =
        deployed ? "there is no nbkeys Deployment in namespace " + access.operator_namespace
                 : deployed.error().message;
    base::Error error =
        missing("NetBird's address is not known: " + cause +
                "; name the operator's namespace with --operator-namespace, or give "
                "--netbird-url and --netbird-token-file");
    const bool hidden = !deployed && deployed.error().code != base::ErrorCode::kForbidden;
    error.code = hidden ? deployed.error().code : base::ErrorCode::kNotFound;
    return error;
  }
  auto settings =
      settings_for(access.netbird_url.empty() ? found.url : access.netbird_url,
                   access.netbird_insecure_http || found.insecure_http, access.netbird_ca_file);
  if (!settings) return settings.error();
  auto token = read_token_secret(kube, access.operator_namespace, found);
  if (!token) return token.error();
  settings->token = std::move(*token);
  return open(std::move(*settings),
              "Secret " + access.operator_namespace + "/" + found.token_secret,
              access.identity.empty() ? found.identity : access.identity);
}

}  // namespace nbkeys::plugin
