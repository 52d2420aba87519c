#pragma once
// One kubeconfig's cluster, user and context, as text and unchecked: the only reader of YAML here.

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/secret_text.h"

namespace nbkeys::shell {

struct KubeconfigCluster {
  std::string name, folder;  // relative paths start at the folder of their file
  std::string server, ca_data, ca_file, tls_server_name, proxy_url;
  bool insecure = false;
};

struct KubeconfigUser {
  std::string name, folder;
  std::string certificate_data, certificate_file, key_file, token_file;
  base::SecretText key_data, token;
  // Ways of logging in that we do not have.
  bool exec = false, auth_provider = false, password = false, impersonates = false;
};

struct KubeconfigContext {
  std::string name, cluster, user, name_space;
};

struct Kubeconfig {
  std::string current_context;
  std::vector<KubeconfigContext> contexts;
  std::vector<KubeconfigCluster> clusters;
  std::vector<KubeconfigUser> users;
};

// Adds what the file has and `into` has not yet. kInvalidInput, without any of its text, where it
// is not a kubeconfig.
base::Status add_kubeconfig_file(const std::string& path, Kubeconfig& into);

}  // namespace nbkeys::shell
