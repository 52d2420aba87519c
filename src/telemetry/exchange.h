#pragma once
// What logs and metrics may know of an exchange with a server: no header, no body.

#include <string>

#include "base/time.h"
#include "io/http.h"

namespace nbkeys::telemetry {

struct Exchange {
  io::Server server = io::Server::kKube;
  io::Method method = io::Method::kGet;
  std::string operation;
  std::string path;
  std::string code;  // the HTTP status, or the error code's word
  base::Duration took{0};
};

inline std::string_view server_name(io::Server server) {
  return server == io::Server::kKube ? "kubernetes" : "netbird";
}

}  // namespace nbkeys::telemetry
