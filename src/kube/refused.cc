#include "kube/refused.h"

#include <algorithm>

namespace nbkeys::kube {
namespace {

constexpr unsigned kLabel = static_cast<unsigned>(Part::kLabel);
constexpr unsigned kAnnotation = static_cast<unsigned>(Part::kAnnotation);
constexpr unsigned kType = static_cast<unsigned>(Part::kType);
constexpr unsigned kName = static_cast<unsigned>(Part::kName);
constexpr unsigned kKeys = kLabel | kAnnotation;
constexpr unsigned kAll = kKeys | kType;

constexpr Refusal kRefusals[] = {
    // What was installed, and what an uninstallation therefore removes.
    {"owner=helm", kLabel, "Helm takes the Secret for a release and uninstalls what it lists"},
    {"helm.sh/", kType, "Helm takes the Secret for a release and uninstalls what it lists"},
    {"sh.helm.release.v1.", kName, "Helm takes the Secret for a release of its own"},
    {"operatorframework.io/", kType, "OLM keeps releases in Secrets of these types"},
    {"timoni.sh/", kAll, "Timoni takes the Secret for an instance and deletes what it lists"},
    {"timoni.", kName, "Timoni takes the Secret for an instance and deletes what it lists"},
    {"app.kubernetes.io/created-by=timoni", kLabel, "Timoni takes the Secret for an instance"},
    {"tfstate", kLabel, "Terraform takes the Secret for a state and destroys what it lists"},
    {"tfstateSecretSuffix", kLabel, "Terraform takes the Secret for a state of its own"},
    {"tfstateWorkspace", kLabel, "Terraform takes the Secret for a state of its own"},
    {"kluctl.io/", kKeys, "Kluctl takes the Secret for the result of a deployment"},
    // Clusters to deploy to, or to trust.
    {"argocd.argoproj.io/secret-type", kLabel,
     "Argo CD takes the Secret for a cluster or repository"},
    {"app.kubernetes.io/part-of=argocd", kLabel, "Argo CD reads credentials of its own from it"},
    {"istio/multiCluster", kLabel, "Istio trusts the cluster that the Secret names"},
    {"kiali.io/", kLabel, "Kiali trusts the cluster that the Secret names"},
    {"admiral/", kLabel, "Admiral trusts the cluster that the Secret names"},
    {"mirror.linkerd.io/", kAll, "Linkerd mirrors the cluster that the Secret names"},
    {"solo.io/", kAll, "Gloo trusts the cluster that the Secret names"},
    {"kuma.io/", kAll, "Kuma keeps certificates and tokens in Secrets of these types"},
    {"skupper.io/", kKeys, "Skupper links the site that the Secret names"},
    {"liqo.io/", kKeys, "Liqo takes the Secret for another cluster's identity"},
    {"oam.dev/", kKeys, "KubeVela takes the Secret for a cluster or for its own settings"},
    {"open-cluster-management.io/", kKeys, "Open Cluster Management takes it for a credential"},
    {"hive.openshift.io/", kKeys, "Hive takes the Secret for a cluster's credential"},
    {"cluster.x-k8s.io/", kAll, "Cluster API applies such Secrets to its clusters"},
    {"cattle.io/", kAll, "Rancher keeps credentials and plans for nodes in such Secrets"},
    {"gardener.cloud/", kKeys, "Gardener takes the Secret for a credential, or collects it"},
    {"nephio.org/", kKeys, "Nephio installs the Secret on other clusters"},
    {"crossplane.io/", kAll, "Crossplane takes the Secret for a resource's credentials"},
    // Keys, tokens and users that are believed.
    {"kubernetes.io/service-account-token", kType,
     "Kubernetes puts a ServiceAccount's token into it"},
    {"bootstrap.kubernetes.io/", kType, "Kubernetes lets new nodes in with it"},
    {"sealedsecrets.bitnami.com/", kKeys, "Sealed Secrets takes the Secret for a key to seal with"},
    {"cert-manager.io/", kKeys, "cert-manager puts its CA into webhooks"},
    {"konghq.com/", kKeys, "Kong takes the Secret for a CA or a consumer's credential"},
    {"k8s.elastic.co/", kKeys, "ECK takes the Secret for users and roles of Elasticsearch"},
    {"kubesphere.io/", kAll, "KubeSphere takes the Secret for a client of its login"},
    {"strimzi.io/", kKeys, "Strimzi takes the Secret for a CA or a user of Kafka"},
    {"jenkins.io/", kKeys, "Jenkins takes the Secret for a credential of its jobs"},
    {"tailscale.com/", kKeys, "Tailscale's operator deletes the device that the Secret names"},
    // What is loaded or run.
    {"troubleshoot.sh/", kKeys, "support-bundle runs what the Secret says"},
    {"troubleshoot.io/", kKeys, "support-bundle runs what the Secret says"},
    {"grafana_alert", kLabel, "Grafana loads the Secret's entries"},
    {"grafana_dashboard", kLabel, "Grafana loads the Secret's entries"},
    {"grafana_datasource", kLabel, "Grafana loads the Secret's entries"},
    {"grafana_notifier", kLabel, "Grafana loads the Secret's entries"},
    {"grafana_plugin", kLabel, "Grafana loads the Secret's entries"},
    {"loki_rule", kLabel, "Loki loads the Secret's entries"},
    {"kopf.zalando.org/", kKeys, "operators made with Kopf keep their state there"},
    // Who fills the Secret with something else, or copies it into other namespaces.
    {"external-secrets.io/", kKeys, "External Secrets takes the Secret for its own"},
    {"secrets.hashicorp.com/", kKeys, "Vault Secrets Operator takes the Secret for its own"},
    {"security.banzaicloud.io/", kKeys, "Bank-Vaults fills the Secret from Vault"},
    {"security.bank-vaults.io/", kKeys, "Bank-Vaults fills the Secret from Vault"},
    {"operator.1password.io/", kKeys, "1Password's operator fills the Secret"},
    {"secretgen.carvel.dev/", kKeys, "secretgen-controller fills the Secret with registry logins"},
    {"mittwald.de/", kKeys, "kubernetes-replicator copies the Secret, secret-generator fills it"},
    {"emberstack.com/", kKeys, "Reflector copies the Secret, or fills it"},
    {"kubed.appscode.com/", kKeys, "Config Syncer copies the Secret into other namespaces"},
    {"clustersecret.io/", kKeys, "ClusterSecret copies the Secret into other namespaces"},
    {"hnc.x-k8s.io/", kKeys, "the hierarchical namespace controller copies the Secret"},
    {"generate.kyverno.io/", kKeys, "Kyverno copies the Secret into other namespaces"},
};

// ".cattle.io/" in ".management.cattle.io/kind": the domain itself counts like one below it.
bool in_domain(std::string_view domain, std::string_view name) {
  if (name.starts_with(domain)) return true;
  for (std::size_t at = name.find(domain); at != std::string_view::npos;
       at = name.find(domain, at + 1)) {
    if (name[at - 1] == '.') return true;
  }
  return false;
}

}  // namespace

std::span<const Refusal> refusals() { return kRefusals; }

bool refuses(const Refusal& refusal, Part part) {
  return (refusal.parts & static_cast<unsigned>(part)) != 0;
}

bool entry_fits(std::string_view entry, std::string_view name, std::string_view value) {
  if (entry.ends_with('/')) return in_domain(entry, name);
  if (entry.ends_with('.')) return name.starts_with(entry);
  const std::size_t equals = entry.find('=');
  if (equals == std::string_view::npos) return entry == name;
  return entry.substr(0, equals) == name && entry.substr(equals + 1) == value;
}

bool is_entry(std::string_view text) {
  const std::string_view name = text.substr(0, text.find('='));
  const auto fits_a_name = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '.' || c == '/';
  };
  return text.size() <= 400 && !name.empty() && name != "/" &&
         std::all_of(name.begin(), name.end(), fits_a_name);
}

std::optional<std::string> why_refused(Part part, std::string_view name, std::string_view value,
                                       const std::vector<std::string>& also) {
  for (const Refusal& each : refusals()) {
    if (refuses(each, part) && entry_fits(each.entry, name, value)) {
      return std::string(each.entry) + ": " + std::string(each.why);
    }
  }
  for (const std::string& entry : also) {
    if (entry_fits(entry, name, value)) return entry + ": this installation refuses it";
  }
  return std::nullopt;
}

}  // namespace nbkeys::kube
