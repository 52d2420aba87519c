#pragma once
// What list, strays and audit all begin with: the SetupKeys, and NetBird's keys where they can be
// had.

#include <memory>
#include <optional>
#include <string>

#include "plugin/account.h"
#include "plugin/join.h"
#include "plugin/kube_calls.h"
#include "plugin/servers.h"

namespace nbkeys::plugin {

struct Overview {
  Kubernetes kubernetes;
  std::optional<NetBird> netbird;
  std::string netbird_problem;  // in one line, where there is no account
  std::optional<Account> account;
  SetupKeys setup_keys;
  std::string identity;   // of the installation; see cache/mark.h
  bool complete = false;  // every SetupKey of the cluster is there
  base::WallTime now;

  const Account* account_or_null() const { return account ? &*account : nullptr; }
};

base::Result<Overview> look(const Request& request);

}  // namespace nbkeys::plugin
