#include "shell/kubeconfig.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "base/hash.h"
#include "temp_folder.h"

namespace nbkeys::shell {
namespace {

using testing::HasSubstr;

Environment with(std::map<std::string, std::string, std::less<>> variables) {
  return [variables](std::string_view name) -> std::optional<std::string> {
    const auto found = variables.find(name);
    return found == variables.end() ? std::nullopt : std::optional(found->second);
  };
}

std::string config(const std::string& cluster, const std::string& user) {
  return "apiVersion: v1\nkind: Config\ncurrent-context: dev\n"
         "contexts:\n- name: dev\n  context: {cluster: c, user: u, namespace: team-a}\n"
         "- name: other\n  context: {cluster: c, user: nobody}\n"
         "clusters:\n- name: c\n  cluster: {" +
         cluster + "}\nusers:\n- name: u\n  user: {" + user + "}\n";
}

base::Result<KubeEndpoint> load(const std::string& text, const std::string& context = "",
                                const Environment& environment = with({})) {
  const TempFolder folder;
  return load_kubeconfig({folder.write("config", text)}, context, environment);
}

std::string problem(const std::string& cluster, const std::string& user) {
  const auto endpoint = load(config(cluster, user));
  return endpoint ? "loaded" : endpoint.error().message;
}

const std::string kServer = "server: 'https://k8s.test:6443'";

TEST(Kubeconfig, ReadsServerTokenAndNamespace) {
  const auto endpoint = load(config(kServer + ", tls-server-name: inner", "token: abc"));
  ASSERT_TRUE(endpoint.ok()) << endpoint.error().message;
  EXPECT_EQ(to_text(endpoint->upstream.url), "https://k8s.test:6443");
  EXPECT_EQ((*endpoint->upstream.token.current())->reveal(), "abc");
  EXPECT_EQ(endpoint->name_space, "team-a");
  EXPECT_EQ(endpoint->upstream.tls.server_name, "inner");
  EXPECT_TRUE(endpoint->upstream.tls.system_roots) << "without a CA of its own";
  EXPECT_THAT(endpoint->origin, HasSubstr("context dev of"));
}

TEST(Kubeconfig, DecodesCertificateData) {
  const std::string pem = "-----BEGIN CERTIFICATE-----";
  const std::string data(base::base64_encode(pem).reveal());
  const auto endpoint =
      load(config(kServer + ", certificate-authority-data: " + data,
                  "client-certificate-data: " + data + ", client-key-data: " + data));
  ASSERT_TRUE(endpoint.ok()) << endpoint.error().message;
  EXPECT_EQ(endpoint->upstream.tls.ca.text.reveal(), pem);
  EXPECT_EQ(endpoint->upstream.tls.certificate.text.reveal(), pem);
  EXPECT_EQ(endpoint->upstream.tls.key.text.reveal(), pem);
  EXPECT_FALSE(endpoint->upstream.tls.system_roots);
  EXPECT_THAT(problem(kServer + ", certificate-authority-data: '%%'", ""),
              HasSubstr("certificate-authority-data is not base64"));
}

TEST(Kubeconfig, ResolvesPathsAgainstItsOwnFolder) {
  const TempFolder folder;
  folder.write("sub/tok", "from-file\n");
  const std::string path = folder.write(
      "sub/config", config(kServer + ", certificate-authority: pki/ca.crt", "tokenFile: tok"));
  const auto endpoint = load_kubeconfig({path}, "", with({}));
  ASSERT_TRUE(endpoint.ok()) << endpoint.error().message;
  EXPECT_EQ(endpoint->upstream.tls.ca.path, folder.path() + "/sub/pki/ca.crt");
  EXPECT_EQ((*endpoint->upstream.token.current())->reveal(), "from-file");
}

TEST(Kubeconfig, RefusesLoginsItDoesNotHaveWithARemedy) {
  for (const char* user : {"exec: {command: aws}", "auth-provider: {name: gcp}",
                           "username: a, password: hunter2", "token: t, as: admin"}) {
    const std::string message = problem(kServer, user);
    EXPECT_THAT(message, HasSubstr("the kubeconfig user 'u'")) << user;
    EXPECT_THAT(message, HasSubstr("use a kubeconfig with a token")) << user;
    EXPECT_THAT(message, testing::Not(HasSubstr("hunter2"))) << user;
  }
}

TEST(Kubeconfig, NamesContextsThatAreThere) {
  const auto endpoint = load(config(kServer, "token: t"), "nope");
  ASSERT_FALSE(endpoint.ok());
  EXPECT_THAT(endpoint.error().message, HasSubstr("no context 'nope' (there are: dev, other)"));
  const auto no_user = load(config(kServer, "token: t"), "other");
  ASSERT_FALSE(no_user.ok());
  EXPECT_THAT(no_user.error().message, HasSubstr("names the user 'nobody'"));
}

TEST(Kubeconfig, NeverQuotesABrokenFile) {
  const auto endpoint = load("users:\n- name: u\n  user: {token: 'hunter2\n- [");
  ASSERT_FALSE(endpoint.ok());
  EXPECT_THAT(endpoint.error().message, HasSubstr("not valid YAML"));
  EXPECT_THAT(endpoint.error().message, testing::Not(HasSubstr("hunter2")));
  for (const char* text : {"", "[]", "just text", "contexts: {a: b}\ncurrent-context: [x]\n"}) {
    EXPECT_FALSE(load(text).ok()) << text;
  }
}

TEST(Kubeconfig, WarnsOfAnUnverifiedServer) {
  const auto endpoint = load(config(kServer + ", insecure-skip-tls-verify: true", "token: t"));
  ASSERT_TRUE(endpoint.ok());
  EXPECT_TRUE(endpoint->upstream.tls.insecure);
  ASSERT_EQ(endpoint->warnings.size(), 1U);
  EXPECT_THAT(endpoint->warnings[0], HasSubstr("not verified"));
}

TEST(Kubeconfig, TakesItsProxyFromTheClusterElseTheEnvironment) {
  const auto environment = with({{"HTTPS_PROXY", "http://env.test:1"}});
  const auto own =
      load(config(kServer + ", proxy-url: 'http://own.test:2'", "token: t"), "", environment);
  ASSERT_TRUE(own.ok() && own->upstream.proxy);
  EXPECT_EQ(own->upstream.proxy->host, "own.test");
  const auto from_environment = load(config(kServer, "token: t"), "", environment);
  ASSERT_TRUE(from_environment.ok() && from_environment->upstream.proxy);
  EXPECT_EQ(from_environment->upstream.proxy->host, "env.test");
  for (const char* proxy : {"socks5://p.test", "https://p.test"}) {
    const std::string told = problem(kServer + ", proxy-url: '" + proxy + "'", "");
    EXPECT_THAT(told, HasSubstr("proxy-url")) << proxy;
    EXPECT_THAT(told, HasSubstr("write it as http://host:port")) << proxy;
  }
}

TEST(Kubeconfig, MergesSeveralFiles) {
  const TempFolder folder;
  const std::string first = folder.write(
      "a", "current-context: x\ncontexts:\n- {name: x, context: {cluster: c, user: u}}\n");
  const std::string second = folder.write("b", config(kServer, "token: second"));
  const auto endpoint = find_kubernetes(
      "", "", with({{"KUBECONFIG", first + "::" + folder.path() + "/missing:" + second}}));
  ASSERT_TRUE(endpoint.ok()) << endpoint.error().message;
  EXPECT_EQ((*endpoint->upstream.token.current())->reveal(), "second");
  EXPECT_EQ(endpoint->name_space, "") << "context x is the first file's";
}

TEST(Kubeconfig, SaysThatThereIsNoCluster) {
  const auto endpoint = find_kubernetes("", "", with({{"HOME", "/nonexistent"}}));
  ASSERT_FALSE(endpoint.ok());
  EXPECT_THAT(endpoint.error().message, HasSubstr("--kubeconfig"));
  const auto missing = find_kubernetes("/nonexistent/config", "", with({}));
  ASSERT_FALSE(missing.ok());
  EXPECT_THAT(missing.error().message, HasSubstr("cannot read /nonexistent/config"));
}

TEST(InCluster, ReadsWhatThePodHas) {
  const TempFolder folder;
  folder.write("token", "sa-token");
  folder.write("ca.crt", "pem");
  folder.write("namespace", "nbkeys-system");
  const auto endpoint = load_in_cluster(
      with({{"KUBERNETES_SERVICE_HOST", "10.96.0.1"}, {"KUBERNETES_SERVICE_PORT", "6443"}}),
      folder.path());
  ASSERT_TRUE(endpoint.ok()) << endpoint.error().message;
  EXPECT_EQ(to_text(endpoint->upstream.url), "https://10.96.0.1:6443");
  EXPECT_EQ(endpoint->name_space, "nbkeys-system");
  EXPECT_EQ(endpoint->upstream.tls.ca.path, folder.path() + "/ca.crt");
  for (const char* written : {"fd00::1", "[fd00::1]"}) {
    const auto v6 = load_in_cluster(
        with({{"KUBERNETES_SERVICE_HOST", written}, {"KUBERNETES_SERVICE_PORT", ""}}),
        folder.path());
    ASSERT_TRUE(v6.ok()) << v6.error().message;
    EXPECT_EQ(to_text(v6->upstream.url), "https://[fd00::1]") << "no name: a pod may have no DNS";
  }
}

TEST(InCluster, SaysThatTheTokenIsNotMounted) {
  const TempFolder folder;
  const auto endpoint =
      load_in_cluster(with({{"KUBERNETES_SERVICE_HOST", "10.96.0.1"}}), folder.path());
  ASSERT_FALSE(endpoint.ok());
  EXPECT_THAT(endpoint.error().message, HasSubstr("automountServiceAccountToken"));
}

}  // namespace
}  // namespace nbkeys::shell
