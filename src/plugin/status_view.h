#pragma once
// One SetupKey on one screen, as text and as JSON. Pure; never holds the key itself.

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "kube/secret.h"
#include "kube/setup_key.h"
#include "plugin/kube_calls.h"
#include "plugin/style.h"

namespace nbkeys::plugin {

struct StatusView {
  kube::SetupKey resource;
  std::optional<kube::SecretMeta> secret;
  std::string secret_problem;  // why it is not known; empty where it is, or does not exist
  std::vector<SeenEvent> events;
  std::string events_problem;
  base::WallTime now;
};

std::string status_text(const StatusView& view, const Style& style);
nlohmann::json status_json(const StatusView& view);

}  // namespace nbkeys::plugin
