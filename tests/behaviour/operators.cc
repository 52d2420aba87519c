#include "behaviour/operators.h"

#include <signal.h>

namespace nbkeys::behaviour {
namespace {

constexpr Milliseconds kQuickResync{1500};

std::string log_file(const std::string& folder, std::size_t number) {
  return folder + "/operator-" + std::to_string(number) + ".log";
}

std::string milliseconds(Milliseconds duration) {
  return std::to_string((duration.count() + 999) / 1000) + "s";
}

}  // namespace

int Operators::start(const OperatorSetup& setup) {
  std::vector<std::string> argv = {environment("NBKEYS_BINARY", NBKEYS_DEFAULT_BINARY),
                                   "run",
                                   "--kubeconfig=" + place_.kubeconfig,
                                   "--netbird-url=" + place_.netbird_url,
                                   "--netbird-token-file=" + place_.netbird_token_file,
                                   "--metrics-address=127.0.0.1:" + std::to_string(free_port()),
                                   "--resync=" + milliseconds(setup.resync.value_or(kQuickResync)),
                                   "--log-level=trace",
                                   "--log-format=json"};
  for (const std::string& name : setup.watch_namespaces) {
    argv.push_back("--watch-namespace=" + name);
  }
  if (setup.requests_per_minute > 0) {
    argv.push_back("--netbird-requests-per-minute=" + std::to_string(setup.requests_per_minute));
  }
  if (setup.leader_elect) {
    argv.insert(argv.end(), {"--leader-elect", "--lease-namespace=nbkeys-system",
                             "--lease-duration=4s", "--renew-deadline=3s", "--retry-period=1s"});
  }
  processes_.push_back(std::make_unique<Process>(argv, log_file(place_.folder, processes_.size())));
  return static_cast<int>(processes_.size()) - 1;
}

void Operators::kill(int number) {
  at(number).signal(SIGKILL);
  at(number).wait(10);
}

int Operators::stop(int number) {
  at(number).signal(SIGTERM);
  return at(number).wait(45);
}

std::string Operators::log_text() const {
  std::string out;
  for (std::size_t i = 0; i < processes_.size(); ++i) out += read_file(log_file(place_.folder, i));
  return out;
}

}  // namespace nbkeys::behaviour
