#pragma once
// Everything that can happen to the engine, as data.

#include <string>
#include <variant>

#include "io/http.h"

namespace nbkeys::io {

using WatchId = std::uint64_t;

struct HttpDone {  // the answer to one SendHttp, exactly once each
  RequestId id = 0;
  HttpOutcome outcome;
};
struct WatchOpened {  // the status line of one OpenWatch; bytes follow if it is 200
  WatchId id = 0;
  int status = 0;
};
struct WatchBytes {  // a piece of the stream, not aligned to lines
  WatchId id = 0;
  base::SecretText bytes;
};
struct WatchClosed {  // exactly once for each OpenWatch, also after CloseWatch
  WatchId id = 0;
  int status = 0;     // 0 where there was no answer at all
  std::string cause;  // the transport's words; for an answer other than 200 its body, up to 4 KB
  std::optional<base::Duration> retry_after = std::nullopt;
};
struct TimerFired {};  // the time of the last SetTimer has come
struct TokenChanged {  // the NetBird token file holds another token than before
  bool present = true;
};
struct Stop {};  // SIGTERM: finish what is in flight, release the lease

using Input =
    std::variant<HttpDone, WatchOpened, WatchBytes, WatchClosed, TimerFired, TokenChanged, Stop>;

}  // namespace nbkeys::io
