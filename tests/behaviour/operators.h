#pragma once
// The real binary as processes, for the worlds that need it.

#include <memory>
#include <string>
#include <vector>

#include "behaviour/process.h"
#include "behaviour/world.h"

namespace nbkeys::behaviour {

class Operators {
 public:
  struct Place {
    std::string folder;  // for logs
    std::string kubeconfig;
    std::string netbird_url;
    std::string netbird_token_file;
  };
  explicit Operators(Place place) : place_(std::move(place)) {}

  int start(const OperatorSetup& setup);
  Process& at(int number) { return *processes_.at(static_cast<std::size_t>(number)); }
  void kill(int number);
  int stop(int number);
  std::string log_text() const;

 private:
  Place place_;
  std::vector<std::unique_ptr<Process>> processes_;
};

}  // namespace nbkeys::behaviour
