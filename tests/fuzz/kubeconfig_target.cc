// Kubeconfig files, which are YAML.

#include "fuzz/memory_file.h"
#include "fuzz/target.h"
#include "shell/kubeconfig.h"

namespace nbkeys::fuzz {
namespace {

std::optional<std::string> no_variables(std::string_view) { return std::nullopt; }

void check(const base::Result<shell::KubeEndpoint>& found) {
  if (!found) {
    PROMISE(!found.error().message.empty());
    PROMISE(found.error().code == base::ErrorCode::kInvalidInput);
    return;
  }
  const shell::UpstreamSettings& upstream = found->upstream;
  PROMISE(!upstream.url.host.empty() && upstream.url.port > 0);
  PROMISE(found->origin.starts_with("context "));
  const auto token = upstream.token.current();
  PROMISE(token.ok());
  if (token.ok() && *token != nullptr) {
    PROMISE((*token)->reveal().find_first_of(" \r\n\t") == std::string_view::npos);
  }
}

}  // namespace

FUZZ_TARGET(kubeconfig) {
  // A token file may be any file of this machine; opening those is not what is tried here.
  if (bytes.find("tokenFile") != std::string_view::npos) return;
  const MemoryFile file(bytes);
  if (!file.good()) return;
  check(shell::load_kubeconfig({file.path()}, "", no_variables));
  check(shell::load_kubeconfig({file.path()}, "dev", no_variables));
}

}  // namespace nbkeys::fuzz
