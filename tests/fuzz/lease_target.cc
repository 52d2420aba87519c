// The Lease of the election, which other programs write, too.

#include <nlohmann/json.hpp>

#include "base/json.h"
#include "fuzz/target.h"
#include "kube/lease.h"

namespace nbkeys::fuzz {
namespace {

constexpr base::Duration kStep{1'000};

struct Candidate {
  kube::Lease lease{{{"nbkeys-system", "nbkeys"}, "pod-a"}, 5};
  io::Outbox out;
  base::Now now{base::Instant{base::Duration{1'000}},
                base::WallTime{base::Duration{1'800'000'000'000}}};
  std::optional<io::SendHttp> asked;

  void turn() {
    lease.tick(now, out);
    for (io::Command& command : out.take()) {
      if (auto* send = std::get_if<io::SendHttp>(&command)) asked = std::move(*send);
    }
    now = {now.mono + kStep, now.wall + kStep};
  }

  void check_written() const {
    const auto body = base::parse_json(asked->request.body.reveal(), "test");
    PROMISE(body.ok());
    if (!body) return;
    PROMISE(base::string_or(*body, {"spec", "holderIdentity"}) == "pod-a");
    PROMISE(base::int_at(*body, {"spec", "leaseDurationSeconds"}) == 15);
    PROMISE(base::time_at(*body, {"spec", "renewTime"}) == now.wall - kStep);
    PROMISE(base::int_at(*body, {"spec", "leaseTransitions"}).value_or(-1) >= 0);
  }

  void answer(int status, std::string_view body) {
    io::HttpResponse response;
    response.status = status;
    response.body.append(body);
    io::HttpDone done{asked->id, std::move(response)};
    const bool write = asked->request.method != io::Method::kGet;
    asked.reset();
    lease.handle(done, now, out);
    // Nobody leads by reading, and a refused write makes no leader.
    if (status >= 300) PROMISE(!lease.leading(now.mono) || !write || led_before);
    led_before = lease.leading(now.mono);
  }

  bool led_before = false;
};

}  // namespace

// For each request a number for its status, then the answer up to a zero byte.
FUZZ_TARGET(lease) {
  Script script(bytes);
  Candidate candidate;
  for (int turns = 0; turns < 64 && !script.empty(); ++turns) {
    candidate.turn();
    if (!candidate.asked) continue;
    if (candidate.asked->request.method != io::Method::kGet) candidate.check_written();
    const int choice = script.number() % 8;
    const int status = choice < 5 ? 200 : choice == 5 ? 404 : choice == 6 ? 409 : 500;
    candidate.answer(status, script.text_until('\0'));
  }
  // Whoever's it was, a Lease that nobody renews any more is taken over in the end.
  candidate.now.mono = candidate.now.mono + base::Duration{2'000'000'000'000};
  bool wrote = false;
  for (int turns = 0; turns < 8 && !wrote; ++turns) {
    candidate.turn();
    if (!candidate.asked) continue;
    wrote = candidate.asked->request.method != io::Method::kGet;
    if (!wrote) candidate.answer(404, "");
  }
  PROMISE(wrote);
}

}  // namespace nbkeys::fuzz
