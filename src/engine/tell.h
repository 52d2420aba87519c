#pragma once
// What is told about a SetupKey outside of its status: which name an event has in the log, and
// which events are worth an object at the API server.

#include <cstdint>
#include <deque>
#include <map>
#include <set>
#include <string>
#include <string_view>

#include "base/time.h"
#include "io/outbox.h"
#include "kube/requests.h"

namespace nbkeys::engine {

// The log event of an event's reason, such as "key_rotated" for Rotated.
const char* log_event_of(std::string_view reason);

// Lets each cause pass once per SetupKey for as long as it is met again and again, and then once an
// hour; and a cause that is the account's only for the first few of its SetupKeys: their conditions
// tell it to the others.
class EventGate {
 public:
  bool admit(std::string_view uid, const kube::Event& event, base::Instant now);

 private:
  struct Known {
    std::uint32_t times = 0;  // how often it was let
    base::Instant told, met;  // the first time of these, and the last time that it came
  };
  void forget(base::Instant now);

  std::deque<std::pair<base::Instant, std::string>> passed_;  // oldest first, by when they were let
  std::map<std::string, Known> known_;
};

// Sends events when nobody waits for anything that matters more: in a burst of new SetupKeys the
// API server's time goes to their keys first. Events are a courtesy; none is sent twice.
class Teller {
 public:
  // False where the cause is known already.
  bool tell(const kube::Meta& about, const kube::Event& event, base::Now now);
  // `others_wait`: SetupKeys that want a turn.
  void send(bool others_wait, io::Outbox& out);
  // Whether this was the answer to an event; what it says does not matter.
  bool answered(io::RequestId id) { return in_flight_.erase(id) > 0; }

 private:
  EventGate gate_;
  std::deque<io::HttpRequest> waiting_;
  std::set<io::RequestId> in_flight_;
};

}  // namespace nbkeys::engine
