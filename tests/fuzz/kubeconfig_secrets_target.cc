// Kubeconfig files hold credentials, which no message may quote, however broken the file is.

#include "fuzz/memory_file.h"
#include "fuzz/target.h"
#include "shell/kubeconfig.h"

namespace nbkeys::fuzz {
namespace {

std::optional<std::string> no_variables(std::string_view) { return std::nullopt; }

}  // namespace

// What follows the key in the fields that may hold one, a line end, then more of the file.
FUZZ_TARGET(kubeconfig_secrets) {
  const std::string key(kPlantedKey);
  Script script(bytes);
  const std::string credential = key + std::string(script.text_until('\n'));
  const std::string yaml =
      "current-context: dev\ncontexts: [{name: dev, context: {cluster: c, user: u}}]\n"
      "clusters: [{name: c, cluster: {server: 'https://127.0.0.1:6443'}}]\n"
      "users:\n- name: u\n  user:\n    token: \"" +
      credential + "\"\n    client-key-data: " + credential + "\n" + std::string(script.rest());
  if (yaml.find("tokenFile") != std::string::npos) return;
  // Where the text names the key elsewhere, quoting that proves nothing.
  if (bytes.find(key.substr(0, 4)) != std::string_view::npos) return;
  // An alias can put a credential where a name belongs.
  if (bytes.find_first_of("&*") != std::string_view::npos) return;
  const MemoryFile file(yaml);
  if (!file.good()) return;
  const auto found = shell::load_kubeconfig({file.path()}, "", no_variables);
  if (!found) PROMISE(base::to_text(found.error()).find(key) == std::string::npos);
}

}  // namespace nbkeys::fuzz
