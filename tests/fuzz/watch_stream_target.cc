// A watch's stream: the same bytes mean the same events, however the network cuts them.

#include <algorithm>
#include <nlohmann/json.hpp>
#include <vector>

#include "base/json.h"
#include "fuzz/target.h"
#include "kube/secret.h"
#include "kube/setup_key.h"
#include "kube/watch.h"

namespace nbkeys::fuzz {
namespace {

class Told : public kube::WatchSink {
 public:
  std::vector<std::string> events;

  void list_begun() override { events.emplace_back("list begun"); }
  void listed(const nlohmann::json& object) override { add("listed ", object); }
  Ended list_ended(const std::string& version) override {
    events.push_back("list end " + version);
    return Ended::kGoesOn;
  }
  void changed(const nlohmann::json& object) override { add("changed ", object); }
  void removed(const nlohmann::json& object) override { add("removed ", object); }
  std::uint64_t newest() const override { return 0; }
  void history_went_back() override { events.emplace_back("went back"); }

 private:
  // What the engine does with each object.
  void add(const std::string& what, const nlohmann::json& object) {
    const bool resource = kube::parse_setup_key(object).ok();
    const bool secret = kube::parse_secret_meta(object).ok();
    events.push_back(what + (resource ? "SetupKey " : "") + (secret ? "Secret " : "") +
                     base::dump_json(object));
  }
};

// Everything that shows of a watch that has read the stream.
struct Outcome {
  std::vector<std::string> events;
  std::vector<std::string> requests;
  std::string problem;
  bool operator==(const Outcome&) const = default;
};

void collect(io::Outbox& out, Outcome& outcome, io::WatchId* watch, io::RequestId* list) {
  for (const io::Command& command : out.take()) {
    if (const auto* open = std::get_if<io::OpenWatch>(&command)) {
      outcome.requests.push_back("watch " + open->path);
      *watch = open->id;
    } else if (const auto* send = std::get_if<io::SendHttp>(&command)) {
      outcome.requests.push_back("list " + send->request.path);
      *list = send->id;
    } else if (std::holds_alternative<io::CloseWatch>(command)) {
      outcome.requests.emplace_back("close");
    }
  }
}

Outcome read_stream(const std::vector<std::string_view>& pieces) {
  const base::Instant begin{base::Duration{1'000}}, end{base::Duration{301'000}};
  Told told;
  Outcome outcome;
  kube::Watch watch({kube::Collection::Resource::kSetupKeys, ""}, told, 7);
  io::Outbox out;
  io::WatchId watch_id = 0;
  io::RequestId list_id = 0;
  watch.start(out);
  collect(out, outcome, &watch_id, &list_id);
  io::HttpDone listed{
      list_id, io::HttpResponse{
                   200, base::SecretText(R"({"metadata":{"resourceVersion":"5"},"items":[]})")}};
  watch.handle(listed, begin, out);
  collect(out, outcome, &watch_id, &list_id);
  watch.handle(io::WatchOpened{watch_id, 200}, begin);
  for (const std::string_view piece : pieces) {
    io::WatchBytes bytes{watch_id, {}};
    bytes.bytes.append(piece);
    watch.handle(bytes, begin, out);
  }
  watch.handle(io::WatchClosed{watch_id, 200, ""}, end, out);
  watch.tick(base::Instant{base::Duration{400'000}}, out);
  collect(out, outcome, &watch_id, &list_id);
  outcome.events = std::move(told.events);
  if (watch.problem()) outcome.problem = base::to_text(*watch.problem());
  return outcome;
}

std::vector<std::string_view> cut(std::string_view stream, std::string_view sizes) {
  std::vector<std::string_view> out;
  for (std::size_t i = 0; !stream.empty(); ++i) {
    const std::size_t size =
        sizes.empty() ? 1 : static_cast<unsigned char>(sizes[i % sizes.size()]);
    out.push_back(stream.substr(0, size + 1));
    stream.remove_prefix(out.back().size());
  }
  return out;
}

}  // namespace

// The sizes of the pieces, a line end, then the stream.
FUZZ_TARGET(watch_stream) {
  Script script(bytes);
  const std::string_view sizes = script.text_until('\n');
  const std::string_view stream = script.rest();
  const Outcome whole = read_stream({stream});
  PROMISE(read_stream(cut(stream, sizes)) == whole);
  PROMISE(read_stream(cut(stream, "\x01\x08")) == whole);
  PROMISE(whole.problem.size() < 200);
  // It always goes on: with a new watch, or with a new list.
  PROMISE(whole.requests.size() >= 3);
  for (const std::string& request : whole.requests) {
    PROMISE(
        std::all_of(request.begin(), request.end(), [](char c) { return c >= ' ' && c < 127; }));
  }
  // No event came of nothing: each has an object with a line of its own.
  const auto lines = std::count(stream.begin(), stream.end(), '\n');
  PROMISE(whole.events.size() <= static_cast<std::size_t>(lines) + 2);
}

}  // namespace nbkeys::fuzz
