// The fakes and the engine in this process, on virtual time.

#include "behaviour/http_world.h"
#include "fakes/in_process.h"

namespace nbkeys::behaviour {
namespace {

class InProcessWorld : public HttpWorld {
 public:
  bool has_virtual_time() const override { return true; }
  bool has_faults() const override { return true; }
  bool is_fresh() const override { return true; }

  bool enrol(const std::string& plaintext) override {
    return inside_.netbird.enrol(plaintext, inside_.now());
  }

  int start_operator(const OperatorSetup& setup) override {
    engine::Options options;
    options.watch_namespaces = setup.watch_namespaces;
    if (setup.resync) options.resync = *setup.resync;
    options.lease.enabled = setup.leader_elect;
    options.lease.name_space = "nbkeys-system";
    options.lease.identity = "replica-" + std::to_string(++operators_);
    options.account.requests_per_minute = setup.requests_per_minute;
    return inside_.start_operator(std::move(options));
  }
  void kill_operator(int number) override { inside_.crash(number); }
  int stop_operator(int number) override {
    inside_.stop(number);
    inside_.run_until([&] { return inside_.exit(number).has_value(); }, Milliseconds{120'000});
    const auto exit = inside_.exit(number);
    return exit ? exit->code : -1;
  }
  void pause_operator(int number) override { inside_.pause(number); }
  void resume_operator(int number) override { inside_.resume(number); }
  bool operator_runs(int number) override { return inside_.running(number); }
  std::string log_text() override { return inside_.log_text(); }
  std::vector<std::string> secrets() override { return inside_.netbird.plaintexts(); }

  // The in-process world kills whoever sends the request.
  void add_fault(fakes::Fault fault, int) override { inside_.faults.add(std::move(fault)); }
  void clear_faults() override { inside_.faults.clear(); }
  std::size_t fault_hits() override { return inside_.faults.hits(); }
  std::vector<Request> requests() override {
    std::vector<Request> out;
    for (const auto& r : inside_.requests()) out.push_back({r.replica, r.line, r.status});
    return out;
  }
  void forget_requests() override { inside_.forget_requests(); }
  void compact_history(bool http_status) override {
    inside_.kube.set_gone(http_status ? fakes::FakeKube::Gone::kHttpStatus
                                      : fakes::FakeKube::Gone::kErrorEvent);
    inside_.kube.compact();
  }
  void break_watches() override { inside_.break_watches(); }
  void limit_rate(int per_minute, int burst) override {
    inside_.netbird.set_limiter(per_minute, burst);
  }

  void wait(Milliseconds duration) override { inside_.advance(duration); }
  bool until(const std::function<bool()>& predicate, Milliseconds limit) override {
    return inside_.run_until(predicate, limit, kLook);
  }
  Milliseconds patience() const override { return Milliseconds{1'800'000}; }

 protected:
  Answer call(io::Server server, io::Method method, const std::string& path, const Json& body,
              const std::string& content_type) override {
    io::HttpRequest request;
    request.server = server;
    request.method = method;
    request.path = path;
    request.content_type = content_type;
    if (!body.is_null()) request.body = base::SecretText(body.dump());
    const io::HttpResponse response = server == io::Server::kKube
                                          ? inside_.kube.handle(request, inside_.now())
                                          : inside_.netbird.handle(request, inside_.now());
    inside_.changed();
    return {response.status, Json::parse(response.body.reveal())};
  }

 private:
  // Looking after each of many events would cost more than the events.
  static constexpr Milliseconds kLook{10};

  fakes::InProcess inside_;
  int operators_ = 0;
};

}  // namespace

std::unique_ptr<World> make_in_process_world() { return std::make_unique<InProcessWorld>(); }

}  // namespace nbkeys::behaviour
