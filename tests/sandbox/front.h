#pragma once
// What stands between the sandbox's sockets and the fakes: tokens, faults, the record of the
// operator's requests, and the switches under /sandbox/. Real time is read here and nowhere else.
// Everything runs on the one thread of the event loop.

#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>

#include "fakes/fake_kube.h"
#include "fakes/fake_netbird.h"
#include "fakes/faults.h"

namespace nbkeys::sandbox {

using fakes::Json;

// One pair for the operator under test, one for the person or test beside it: only the operator's
// requests are counted and hit by faults.
struct Tokens {
  std::string kube_operator;
  std::string kube_admin;
  std::string netbird_operator;
  std::string netbird_admin;
};

class Front {
 public:
  explicit Front(Tokens tokens);

  enum class Caller { kNobody, kOperator, kAdmin };
  Caller caller(io::Server server, std::string_view authorization) const;

  base::Now now() const;
  io::HttpResponse unauthorized(io::Server server) const;
  std::optional<fakes::Fault> strike(const io::HttpRequest& request);
  io::HttpResponse serve(const io::HttpRequest& request);
  void record(const io::HttpRequest& request, int status);

  static bool is_switch(const io::HttpRequest& request);
  io::HttpResponse turn_switch(const io::HttpRequest& request);

  fakes::FakeKube& kube() { return kube_; }
  // Called when watches may have something to tell; with true they are to be broken off.
  void set_watch_listener(std::function<void(bool)> listener) { listener_ = std::move(listener); }

 private:
  struct Record {
    io::Server server;
    std::string line;
    int status;
  };

  Json requests_json() const;
  io::HttpResponse switch_faults(const io::HttpRequest& request);
  io::HttpResponse switch_requests(const io::HttpRequest& request);
  io::HttpResponse post_switch(const std::string& name, const Json& body);

  Tokens tokens_;
  fakes::FakeKube kube_;
  fakes::FakeNetBird netbird_;
  fakes::Faults faults_;
  std::deque<Record> records_;
  std::function<void(bool)> listener_ = [](bool) {};
};

}  // namespace nbkeys::sandbox
