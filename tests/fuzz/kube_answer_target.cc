// Answers of the Kubernetes API: lists page by page, and what a metav1.Status says.

#include <nlohmann/json.hpp>

#include "base/json.h"
#include "fuzz/target.h"
#include "kube/responses.h"
#include "kube/secret.h"
#include "kube/setup_key.h"
#include "kube/watch.h"

namespace nbkeys::fuzz {
namespace {

class Count : public kube::WatchSink {
 public:
  int begun = 0, ended = 0;

  void list_begun() override { ++begun; }
  void listed(const nlohmann::json& object) override {
    PROMISE(begun > ended);
    if (const auto meta = kube::parse_meta(object)) {
      PROMISE(!meta->ref.name.empty() && !meta->uid.empty() && !meta->resource_version.empty());
    }
    (void)kube::parse_setup_key(object);
    (void)kube::parse_secret_meta(object);
  }
  Ended list_ended(const std::string& version) override {
    // A list without a version proves nothing about what is gone.
    PROMISE(!version.empty());
    ++ended;
    return Ended::kGoesOn;
  }
  void changed(const nlohmann::json&) override { PROMISE(false); }
  void removed(const nlohmann::json&) override { PROMISE(false); }
  std::uint64_t newest() const override { return 0; }
  void history_went_back() override {}
};

void list(std::string_view pages) {
  Script script(pages);
  Count count;
  kube::Watch watch({kube::Collection::Resource::kSecrets, "team-a"}, count, 3);
  io::Outbox out;
  base::Instant now;
  watch.start(out);
  while (!script.empty()) {
    io::RequestId id = 0;
    for (const io::Command& command : out.take()) {
      if (const auto* send = std::get_if<io::SendHttp>(&command)) id = send->id;
    }
    if (id == 0) {
      now = now + base::Duration{60'000};
      watch.tick(now, out);
      if (watch.synced()) break;
    }
    io::HttpResponse response;
    response.status = 200;
    response.body.append(script.text_until('\0'));
    io::HttpDone done{id, std::move(response)};
    watch.handle(done, now, out);
    PROMISE(watch.synced() == (count.ended > 0));
    PROMISE(!watch.problem() || base::to_text(*watch.problem()).size() < 600);
  }
}

void refusal(int status, std::string_view body) {
  const base::Error error = kube::status_error(status, body, "write Secret");
  PROMISE(error.message.size() <= 420);
  PROMISE(!base::code_name(error.code).empty());
  // An admission webhook may quote what it refuses.
  base::Json quoting = {{"message", std::string(body) + std::string(kPlantedKey) + " is bad"}};
  const base::Error quoted = kube::status_error(status, base::dump_json(quoting), "write Secret");
  PROMISE(quoted.message.find(kPlantedKey) == std::string::npos);
}

}  // namespace

// A number for the status of a refusal, then pages separated by zero bytes.
FUZZ_TARGET(kube_answer) {
  Script script(bytes);
  const int status = 300 + script.number();
  list(script.rest());
  refusal(status, script.rest());
}

}  // namespace nbkeys::fuzz
