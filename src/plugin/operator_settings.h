#pragma once
// How the operator reaches NetBird, read from its Deployment: so a person who may read it and the
// token's Secret needs no flags.

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>

namespace nbkeys::plugin {

struct OperatorSettings {
  std::string deployment;  // its name; empty where none was found
  std::string url = "https://api.netbird.io";
  bool insecure_http = false;
  std::string ca_file;  // in the operator's pod
  std::string token_secret = "netbird-token";
  std::string token_entry = "NB_API_KEY";
  std::int64_t replicas = 0, ready_replicas = 0;
  std::string image;
  std::string account = "default";  // its ServiceAccount
  std::string identity;             // see cache/mark.h
  std::string watch_namespace;      // the first one that it is bound to; empty: all
};

// `list` is the DeploymentList of the operator's namespace; nothing where no container of it is
// ours.
std::optional<OperatorSettings> find_operator(const nlohmann::json& list);

}  // namespace nbkeys::plugin
