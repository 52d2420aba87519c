#pragma once
// The two servers that a verb may talk to: Kubernetes as the caller's kubeconfig says, NetBird by
// flags or by what the operator's Deployment and token Secret say.

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "plugin/link.h"
#include "plugin/operator_settings.h"
#include "plugin/request.h"

namespace nbkeys::plugin {

struct Kubernetes {
  std::unique_ptr<Link> link;
  std::string name_space;  // the one to work in; empty: all
  std::string origin;
  std::vector<std::string> warnings;
};
base::Result<Kubernetes> open_kubernetes(const Request& request);

struct NetBird {
  std::unique_ptr<Link> link;
  std::string token_from;  // for people: where the token came from
  std::string identity;    // of the installation; see cache/mark.h
  std::vector<std::string> warnings;
};
// With one line that says what is missing: kNotFound where nobody has said where NetBird is,
// kForbidden where it is known and the caller may not read the token, else what is wrong.
base::Result<NetBird> open_netbird(const Access& access, Link& kube);

// The operator's Deployment; nothing where there is none, an Error where it cannot be read.
base::Result<std::optional<OperatorSettings>> read_operator(Link& kube,
                                                            const std::string& name_space);

}  // namespace nbkeys::plugin
