#pragma once
// Where the Kubernetes API server is and who we are there: from kubeconfig files, or from what a
// pod finds in its own file system.

#include <string>
#include <vector>

#include "base/result.h"
#include "shell/proxy.h"
#include "shell/upstream.h"

namespace nbkeys::shell {

struct KubeEndpoint {
  UpstreamSettings upstream;
  std::string name_space;  // of the context or the pod; may be empty
  std::string origin;      // for logs: "context dev of /home/me/.kube/config", "in-cluster"
  std::vector<std::string> warnings;  // odd but usable: for the log at start
};

// Merges the files as kubectl does: the first one that names a thing wins. Files that do not exist
// are skipped while one does. `context` empty: the current one.
base::Result<KubeEndpoint> load_kubeconfig(const std::vector<std::string>& paths,
                                           const std::string& context,
                                           const Environment& environment);

inline constexpr std::string_view kServiceAccountFolder =
    "/var/run/secrets/kubernetes.io/serviceaccount";

// REQUIRES: in_cluster(environment)
base::Result<KubeEndpoint> load_in_cluster(const Environment& environment,
                                           const std::string& folder);
bool in_cluster(const Environment& environment);

// --kubeconfig, else KUBECONFIG, else in-cluster, else ~/.kube/config.
base::Result<KubeEndpoint> find_kubernetes(const std::string& kubeconfig_flag,
                                           const std::string& context,
                                           const Environment& environment);

}  // namespace nbkeys::shell
