#pragma once
// Everything that the engine can ask of the shell, as data.

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "io/http.h"
#include "io/input.h"

namespace nbkeys::io {

struct SendHttp {
  RequestId id = 0;
  HttpRequest request;
};
// A long-running GET at Kubernetes whose body is a stream of lines. `inactivity_max`: closed by the
// shell when nothing arrives for so long.
struct OpenWatch {
  WatchId id = 0;
  std::string path;
  std::string accept;
  base::Duration inactivity_max{300'000};
};
struct CloseWatch {
  WatchId id = 0;
};
// One timer for the whole engine; each SetTimer replaces the one before.
struct SetTimer {
  base::Instant at;
};

enum class Severity { kTrace, kDebug, kInfo, kWarn, kError };

// A fact for logs and metrics. `event` is one of the fixed names of telemetry; fields never hold
// key material.
struct Note {
  Severity severity = Severity::kInfo;
  std::string event;
  std::string message;
  std::vector<std::pair<std::string, std::string>> fields = {};
};

// The process should end: with 0 after Stop, with another code when going on is pointless. The line
// is for standard error and names cause and remedy.
struct Exit {
  int code = 0;
  std::string line;
};

using Command = std::variant<SendHttp, OpenWatch, CloseWatch, SetTimer, Note, Exit>;

}  // namespace nbkeys::io
