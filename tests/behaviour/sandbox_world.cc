// The fakes behind HTTP in a process of their own, and the real binary against them.

#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <stdexcept>

#include "behaviour/http_world.h"
#include "behaviour/process_world.h"

namespace nbkeys::behaviour {
namespace {

namespace beast = boost::beast;
namespace http = boost::beast::http;
using Tcp = boost::asio::ip::tcp;

struct HttpCall {
  unsigned short port = 0;
  std::string method;
  std::string path;
  std::string authorization;
  std::string content_type;
  std::string body;
};

http::response<http::string_body> send(const HttpCall& call) {
  boost::asio::io_context context;
  beast::tcp_stream stream(context);
  stream.connect(Tcp::endpoint(boost::asio::ip::address_v4::loopback(), call.port));
  http::request<http::string_body> request(http::string_to_verb(call.method), call.path, 11);
  request.set(http::field::host, "127.0.0.1");
  request.set(http::field::authorization, call.authorization);
  request.set(http::field::content_type, call.content_type);
  request.keep_alive(false);
  request.body() = call.body;
  request.prepare_payload();
  http::write(stream, request);
  beast::flat_buffer buffer;
  http::response_parser<http::string_body> parser;
  parser.body_limit(256u << 20);
  http::read(stream, buffer, parser);
  return parser.release();
}

class SandboxWorld : public ProcessWorld<HttpWorld> {
 public:
  SandboxWorld()
      : sandbox_({environment("NBKEYS_SANDBOX", NBKEYS_DEFAULT_SANDBOX),
                  "--state-dir=" + folder_.path()},
                 folder_.path() + "/sandbox.log"),
        state_(await_state()),
        operators_({folder_.path(), state_.at("kubeconfig_operator").get<std::string>(),
                    state_.at("netbird_url").get<std::string>(),
                    state_.at("netbird_token_file").get<std::string>()}) {}

  bool has_faults() const override { return true; }
  bool is_fresh() const override { return true; }

  bool enrol(const std::string& plaintext) override {
    return turn("POST", "enrol", {{"key", plaintext}}).at("enrolled");
  }
  std::vector<std::string> secrets() override {
    return {token("netbird_token_file"), token("netbird_admin_token_file"),
            token("kube_admin_token_file")};
  }

  void add_fault(fakes::Fault fault, int number) override {
    const bool kills =
        fault.kind == fakes::FaultKind::kKillBefore || fault.kind == fakes::FaultKind::kKillAfter;
    if (kills) fault.kill_pid = operators_.at(number).pid();
    turn("POST", "faults", fakes::fault_to_json(fault));
  }
  void clear_faults() override { turn("DELETE", "faults"); }
  std::size_t fault_hits() override { return turn("GET", "faults").at("hits"); }
  std::vector<Request> requests() override {
    std::vector<Request> out;
    for (const Json& r : turn("GET", "requests")) {
      out.push_back({0, r.at("line"), r.at("status")});
    }
    return out;
  }
  void forget_requests() override { turn("DELETE", "requests"); }
  void compact_history(bool http_status) override {
    turn("POST", "compact", {{"status", http_status}});
  }
  void break_watches() override { turn("POST", "break-watches"); }
  void limit_rate(int per_minute, int burst) override {
    turn("POST", "limiter", {{"per_minute", per_minute}, {"burst", burst}});
  }

 protected:
  Operators& operators() override { return operators_; }

  Answer call(io::Server server, io::Method method, const std::string& path, const Json& body,
              const std::string& content_type) override {
    const bool kube = server == io::Server::kKube;
    const auto response =
        send({port(kube ? "kube_port" : "netbird_port"), std::string(io::method_name(method)), path,
              kube ? "Bearer " + token("kube_admin_token_file")
                   : "Token " + token("netbird_admin_token_file"),
              content_type, body.is_null() ? "" : body.dump()});
    return {static_cast<int>(response.result_int()), Json::parse(response.body())};
  }

 private:
  Json await_state() {
    const std::string file = folder_.path() + "/sandbox.json";
    Json state;
    const bool ready = until(
        [&] {
          state = Json::parse(read_file(file), nullptr, false);
          return state.is_object() || !sandbox_.running();
        },
        Milliseconds{10'000});
    if (!ready || !state.is_object()) {
      throw std::runtime_error("the sandbox does not start: " +
                               read_file(folder_.path() + "/sandbox.log"));
    }
    return state;
  }

  unsigned short port(const char* name) const { return state_.at(name).get<unsigned short>(); }
  std::string token(const char* file) const {
    return read_file(state_.at(file).get<std::string>());
  }
  Json turn(const std::string& method, const std::string& name, const Json& body = nullptr) {
    const auto response = send({port("netbird_port"), method, "/sandbox/" + name, "",
                                "application/json", body.is_null() ? "" : body.dump()});
    if (response.result_int() != 200) {
      throw std::runtime_error("the sandbox refuses " + name + ": " + response.body());
    }
    return Json::parse(response.body());
  }

  TemporaryFolder folder_;
  Process sandbox_;
  Json state_;
  Operators operators_;
};

}  // namespace

std::unique_ptr<World> make_sandbox_world() { return std::make_unique<SandboxWorld>(); }

}  // namespace nbkeys::behaviour
