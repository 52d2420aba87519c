#include "sandbox/state_dir.h"

#include <filesystem>
#include <fstream>
#include <random>
#include <stdexcept>

namespace nbkeys::sandbox {
namespace {

std::string random_token(const std::string& prefix) {
  constexpr std::string_view kDigits = "0123456789abcdefghijklmnopqrstuvwxyz";
  std::random_device device;
  std::string out = prefix;
  for (int i = 0; i < 36; ++i) out += kDigits[device() % kDigits.size()];
  return out;
}

// Tokens are for their owner alone, and a reader never sees half a file.
void write_file(const std::filesystem::path& path, const std::string& text) {
  namespace fs = std::filesystem;
  const fs::path fresh = path.string() + ".new";
  {
    std::ofstream out(fresh, std::ios::trunc);
    fs::permissions(fresh, fs::perms::owner_read | fs::perms::owner_write);
    out << text;
    if (!out.flush()) throw std::runtime_error("cannot write " + path.string());
  }
  fs::rename(fresh, path);
}

std::string kubeconfig(const std::string& url, const std::string& user, const std::string& token) {
  return "apiVersion: v1\nkind: Config\ncurrent-context: sandbox\n"
         "clusters:\n- name: sandbox\n  cluster: {server: \"" +
         url +
         "\"}\n"
         "contexts:\n- name: sandbox\n  context: {cluster: sandbox, user: " +
         user +
         "}\n"
         "users:\n- name: " +
         user + "\n  user: {token: \"" + token + "\"}\n";
}

}  // namespace

Tokens make_tokens() {
  return {random_token("kube-operator-"), random_token("kube-admin-"), random_token("nbp_"),
          random_token("nbp_admin")};
}

Json write_state(const std::string& folder, const Addresses& addresses, const Tokens& tokens) {
  const std::filesystem::path path = std::filesystem::absolute(folder);
  std::filesystem::create_directories(path);
  const std::string kube_url = "http://127.0.0.1:" + std::to_string(addresses.kube_port);
  const std::string netbird_url = "http://127.0.0.1:" + std::to_string(addresses.netbird_port);
  write_file(path / "kubeconfig", kubeconfig(kube_url, "admin", tokens.kube_admin));
  write_file(path / "kubeconfig-operator", kubeconfig(kube_url, "nbkeys", tokens.kube_operator));
  write_file(path / "kube-admin-token", tokens.kube_admin);
  write_file(path / "netbird-token", tokens.netbird_operator);
  write_file(path / "netbird-admin-token", tokens.netbird_admin);
  const Json state = {{"kube_url", kube_url},
                      {"netbird_url", netbird_url},
                      {"kube_port", addresses.kube_port},
                      {"netbird_port", addresses.netbird_port},
                      {"state_dir", path.string()},
                      {"kubeconfig", (path / "kubeconfig").string()},
                      {"kubeconfig_operator", (path / "kubeconfig-operator").string()},
                      {"kube_admin_token_file", (path / "kube-admin-token").string()},
                      {"netbird_token_file", (path / "netbird-token").string()},
                      {"netbird_admin_token_file", (path / "netbird-admin-token").string()}};
  write_file(path / "sandbox.json", state.dump(2) + "\n");
  return state;
}

}  // namespace nbkeys::sandbox
