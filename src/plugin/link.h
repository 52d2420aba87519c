#pragma once
// One server, asked one thing at a time: the operator's HTTP client made blocking for a command
// that has nothing else to do meanwhile. REQUIRES: shell::start_pool() was called.

#include <memory>
#include <string>

#include "io/http.h"
#include "shell/upstream.h"

namespace nbkeys::plugin {

class Link {
 public:
  static base::Result<std::unique_ptr<Link>> open(shell::UpstreamSettings settings);
  ~Link();
  Link(const Link&) = delete;
  Link& operator=(const Link&) = delete;

  io::HttpOutcome call(io::HttpRequest request);
  // How long the last call took.
  base::Duration took() const { return took_; }
  std::string address() const;
  shell::Upstream& upstream() { return *upstream_; }

 private:
  explicit Link(std::unique_ptr<shell::Upstream> upstream);

  struct State;
  std::unique_ptr<shell::Upstream> upstream_;
  std::unique_ptr<State> state_;
  base::Duration took_{0};
};

}  // namespace nbkeys::plugin
