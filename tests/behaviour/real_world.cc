// A real kube-apiserver and a real NetBird, started by whoever runs the suite, and the real binary
// against them. Seen with kubectl and curl alone, so that no code of ours vouches for itself:
// $KUBECTL, $KUBECONFIG (all rights), $KUBE_URL and $KUBE_CURL_CONFIG (the same for curl),
// $KUBECONFIG_OPERATOR, $NETBIRD_URL, $NETBIRD_TOKEN_FILE.

#include <stdexcept>

#include "behaviour/process_world.h"

namespace nbkeys::behaviour {
namespace {

std::string required(const char* name) {
  const std::string value = environment(name, "");
  if (value.empty()) throw std::runtime_error(std::string("the real world needs $") + name);
  return value;
}

// The fully qualified name that kubectl wants where another group may have the same plural.
std::string qualified(const std::string& resource) {
  return resource == "setupkeys" ? "setupkeys.keys.netbird.io" : resource;
}

class RealWorld : public ProcessWorld<World> {
 public:
  RealWorld()
      : kubectl_(required("KUBECTL")),
        kubeconfig_(required("KUBECONFIG")),
        kube_url_(required("KUBE_URL")),
        kube_curl_config_(required("KUBE_CURL_CONFIG")),
        netbird_url_(required("NETBIRD_URL")),
        token_file_(required("NETBIRD_TOKEN_FILE")),
        operators_({folder_.path(), required("KUBECONFIG_OPERATOR"), netbird_url_, token_file_}) {}

  bool has_faults() const override { return false; }
  bool is_fresh() const override { return false; }

  Reply create(const Json& object) override {
    return reply(kubectl({"create", "-f", "-", "-o", "json"}, object.dump()));
  }
  Reply patch(const Ref& ref, const Json& change, bool status) override {
    std::vector<std::string> words = {"patch",        qualified(ref.resource),
                                      ref.name,       "-n",
                                      ref.name_space, "--type=merge",
                                      "-o",           "json",
                                      "-p",           change.dump()};
    if (status) words.push_back("--subresource=status");
    return reply(kubectl(words));
  }
  Reply remove(const Ref& ref) override {
    std::vector<std::string> words = {"delete", qualified(ref.resource), ref.name, "--wait=false"};
    if (!ref.name_space.empty()) words.insert(words.end(), {"-n", ref.name_space});
    const Finished done = kubectl(words);
    return {done.exit_code == 0, done.err, {}};
  }
  std::optional<Json> get(const Ref& ref) override {
    Reply got = look(path_of(ref));
    if (!got.ok) return std::nullopt;
    return std::move(got.body);
  }
  std::vector<Json> list(const std::string& resource, const std::string& name_space) override {
    return look(path_of({resource, name_space, ""})).body.at("items");
  }

  std::vector<Json> netbird_keys() override { return curl("GET", "/api/setup-keys"); }
  std::string add_group(const std::string& name) override {
    return curl("POST", "/api/groups", {{"name", name}}).at("id");
  }
  void remove_group(const std::string& id) override { curl("DELETE", "/api/groups/" + id); }
  void delete_key(const std::string& id) override { curl("DELETE", "/api/setup-keys/" + id); }
  void revoke_key(const std::string& id) override {
    const std::string path = "/api/setup-keys/" + id;
    const Json key = curl("GET", path);
    curl("PUT", path, {{"revoked", true}, {"auto_groups", key.at("auto_groups")}});
  }
  // Real peers enrol in the suite beside this one.
  bool can_enrol() const override { return false; }
  bool enrol(const std::string&) override { return false; }

  std::vector<std::string> secrets() override { return {read_file(token_file_)}; }

  void add_fault(fakes::Fault, int) override {}
  void clear_faults() override {}
  std::size_t fault_hits() override { return 0; }
  std::vector<Request> requests() override { return {}; }
  void forget_requests() override {}
  void compact_history(bool) override {}
  void break_watches() override {}
  void limit_rate(int, int) override {}

 protected:
  Operators& operators() override { return operators_; }

 private:
  Finished kubectl(const std::vector<std::string>& words, const std::string& input = "") {
    std::vector<std::string> argv = {kubectl_, "--kubeconfig=" + kubeconfig_};
    argv.insert(argv.end(), words.begin(), words.end());
    return run_program(argv, input);
  }
  // By curl: the suite looks many times a second, and kubectl takes five times as much of the
  // machine.
  Reply look(const std::string& path) {
    return reply(run_program({"curl", "-sS", "--fail-with-body", "--noproxy", "*", "--max-time",
                              "20", "-K", kube_curl_config_, kube_url_ + path}));
  }
  static Reply reply(const Finished& done) {
    Json body = Json::parse(done.out, nullptr, false);
    if (body.is_discarded()) body = nullptr;
    return {done.exit_code == 0, done.err, std::move(body)};
  }
  // The token goes in by standard input, so that no process list shows it.
  Json curl(const std::string& method, const std::string& path, const Json& body = nullptr) {
    std::vector<std::string> argv = {
        "curl", "-sS",  "--fail-with-body", "--noproxy", "*", "-K", "-",
        "-X",   method, netbird_url_ + path};
    if (!body.is_null()) {
      argv.insert(argv.end(), {"-H", "Content-Type: application/json", "-d", body.dump()});
    }
    std::string token = read_file(token_file_);
    while (!token.empty() && token.back() == '\n') token.pop_back();
    const Finished done = run_program(argv, "header = \"Authorization: Token " + token + "\"\n");
    if (done.exit_code != 0) {
      throw std::runtime_error("NetBird refused " + method + " " + path + ": " + done.out);
    }
    return Json::parse(done.out);
  }

  TemporaryFolder folder_;
  std::string kubectl_;
  std::string kubeconfig_;
  std::string kube_url_;
  std::string kube_curl_config_;
  std::string netbird_url_;
  std::string token_file_;
  Operators operators_;
};

}  // namespace

std::unique_ptr<World> make_real_world() { return std::make_unique<RealWorld>(); }

}  // namespace nbkeys::behaviour
