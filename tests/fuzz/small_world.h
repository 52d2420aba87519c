#pragma once
// One SetupKey, its Secret and NetBird's keys: just enough of both servers that the engine gets
// past its first requests, and fast enough for thousands of runs a second.

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/json.h"
#include "io/http.h"

namespace nbkeys::fuzz {

class SmallWorld {
 public:
  SmallWorld();

  // As honest servers would answer; what was asked for has its effect.
  io::HttpResponse serve(const io::HttpRequest& request);
  // A line of the watch that tells the present state.
  std::string event_line(bool secret) const;

 private:
  io::HttpResponse serve_kube(const io::HttpRequest& request);
  io::HttpResponse serve_netbird(const io::HttpRequest& request);
  base::Json list_of(const base::Json& object) const;
  void merge_into(base::Json& object, base::Json patch);

  int version_ = 10;
  int keys_made_ = 0;
  base::Json setup_key_, secret_, lease_;
  std::vector<base::Json> keys_;
};

}  // namespace nbkeys::fuzz
