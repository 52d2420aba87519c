#include "bench/engine_rig.h"

#include <malloc.h>
#include <time.h>

#include <stdexcept>

#include "fakes/json.h"

namespace nbkeys::bench {
namespace {

using fakes::Json;

constexpr const char* kCollection = "/apis/keys.netbird.io/v1alpha1/namespaces/default/setupkeys";
// Older than anything that the fake server makes, as it counts from 1000.
constexpr std::uint64_t kListed = 900;

std::int64_t cpu_now() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return now.tv_sec * 1'000'000'000LL + now.tv_nsec;
}

std::size_t bytes_in_use() {
  const auto info = mallinfo2();
  return info.uordblks + info.hblkhd;
}

io::HttpResponse ok(std::string body) {
  io::HttpResponse out;
  out.status = 200;
  out.body = base::SecretText(std::move(body));
  return out;
}

}  // namespace

Rig::Rig(const Sample& sample, std::size_t count)
    : sample_(sample), count_(count), now_(sample.now), version_(kListed) {
  engine::Options options;
  options.seed = 1;
  engine_ = std::make_unique<engine::Engine>(options);
}

void Rig::feed(io::Input input, const std::string& kind, std::size_t events) {
  Cost& cost = costs_[kind];
  now_.mono = now_.mono + base::Duration{1};
  now_.wall = now_.wall + base::Duration{1};
  const std::int64_t began = cpu_now();
  std::vector<io::Command> commands = engine_->handle(std::move(input), now_);
  cost.nanoseconds += cpu_now() - began;
  cost.events += events;
  take(std::move(commands));
}

void Rig::take(std::vector<io::Command> commands) {
  for (io::Command& command : commands) {
    if (auto* send = std::get_if<io::SendHttp>(&command)) {
      if (send->request.method != io::Method::kGet) written_ = send->request.operation;
      asked_.push_back({send->id, std::move(send->request)});
    } else if (const auto* open = std::get_if<io::OpenWatch>(&command)) {
      const bool secrets = open->path.find("/secrets") != std::string::npos;
      const auto start = kube_.open_watch(open->path, open->accept, now_);
      if (!start.id) throw std::runtime_error("the fake server refused a watch: " + start.body);
      (secrets ? secrets_ : setup_keys_) = {open->id, *start.id};
      // The state change of opening is no event that anybody waits for.
      take(engine_->handle(io::WatchOpened{open->id, 200}, now_));
    } else if (const auto* timer = std::get_if<io::SetTimer>(&command)) {
      timer_ = timer->at;
    } else if (const auto* exit = std::get_if<io::Exit>(&command)) {
      throw std::runtime_error("the engine ended: " + exit->line);
    }
  }
}

// Answers whatever is asked, and whatever that leads to.
void Rig::answer_all(const std::string& kind) {
  while (!asked_.empty()) {
    Asked asked = std::move(asked_.front());
    asked_.pop_front();
    if (answer_list(asked)) continue;
    io::HttpResponse response = serve(asked.request);
    if (response.status >= 400 && response.status != 404) {
      throw std::runtime_error(asked.request.operation +
                               " was refused: " + std::string(response.body.reveal()));
    }
    feed(io::HttpDone{asked.id, std::move(response)}, kind, 0);
    deliver_new(kind);
  }
}

// Lists are events of their own kind, one for each object in them.
bool Rig::answer_list(Asked& asked) {
  const std::string& operation = asked.request.operation;
  const bool keys = operation == "list_setupkeys";
  if (keys || operation == "list_secrets") {
    const Form& form = keys ? sample_.setup_key : sample_.secret_metadata;
    std::size_t objects = 0;
    std::string body = page(form, asked.request.path, objects);
    const char* kind = keys ? "SetupKey listed" : "Secret listed";
    if (body.size() > asked.request.response_bytes_max) {
      const base::Error too_large{base::ErrorCode::kTooLarge, "", "too long"};
      feed(io::HttpDone{asked.id, too_large}, kind, 0);
    } else {
      feed(io::HttpDone{asked.id, ok(std::move(body))}, kind, objects);
    }
    return true;
  }
  if (operation != "list_keys") return false;
  feed(io::HttpDone{asked.id, ok(all_keys())}, "key in a resync", count_ + created_);
  return true;
}

std::string Rig::page(const Form& form, const std::string& path, std::size_t& objects) {
  const auto number_after = [&path](std::string_view word) {
    const auto at = path.find(word);
    if (at == std::string::npos) return std::size_t{0};
    return std::size_t{std::strtoull(path.c_str() + at + word.size(), nullptr, 10)};
  };
  const std::size_t first = number_after("&continue=");
  const std::size_t end = std::min<std::size_t>(count_, first + number_after("limit="));
  objects = end - first;
  std::string body = R"({"kind":"List","apiVersion":"v1","metadata":{"resourceVersion":")" +
                     std::to_string(kube_.store().version()) + '"';
  if (end < count_) body += R"(,"continue":")" + std::to_string(end) + '"';
  body += R"(},"items":[)";
  for (std::size_t number = first; number < end; ++number) {
    if (number > first) body += ',';
    body += form.fill(Copy(number), std::to_string(kListed));
  }
  return body + "]}";
}

std::string Rig::all_keys() const {
  std::string body = "[";
  for (std::size_t number = 0; number < count_; ++number) {
    if (number > 0) body += ',';
    body += sample_.netbird_key.fill(Copy(number), "");
  }
  for (const Json& key : netbird_.keys(now_)) body += "," + key.dump();
  return body + "]";
}

io::HttpResponse Rig::serve(const io::HttpRequest& request) {
  if (request.server == io::Server::kNetBird) return netbird_.handle(request, now_);
  // Of what is at rest only Secrets are ever read.
  const auto fleet = request.path.rfind("/fleet-");
  if (request.operation == "get_secret" && fleet != std::string::npos) {
    const std::size_t number = std::strtoull(request.path.c_str() + fleet + 7, nullptr, 10);
    return ok(sample_.secret.fill(Copy(number), std::to_string(versions_[number])));
  }
  return kube_.handle(request, now_);
}

void Rig::start() {
  const std::size_t before = bytes_in_use();
  take(engine_->start(now_));
  answer_all("other");
  expect_no_write("at the start");
  const engine::Health health = engine_->health();
  if (!health.leading || health.setup_keys != count_ || health.netbird_keys != count_) {
    throw std::runtime_error("the engine does not know all");
  }
  bytes_held_ = bytes_in_use() - before;
}

void Rig::expect_no_write(const char* when) const {
  if (!written_.empty()) throw std::runtime_error(written_ + " was asked for " + when);
}

// A stride that meets objects far from each other, as events of a real cluster do.
std::size_t Rig::spread() {
  at_ = (at_ + 7919) % count_;
  return at_;
}

void Rig::line(const std::string& type, const std::string& object, bool secrets,
               const std::string& kind) {
  std::string text = R"({"type":")" + type + R"(","object":)" + object + "}\n";
  const io::WatchId id = secrets ? secrets_.id : setup_keys_.id;
  feed(io::WatchBytes{id, base::SecretText(std::move(text))}, kind, 1);
  answer_all(kind);
}

void Rig::modified(std::size_t events) {
  for (std::size_t i = 0; i < events; ++i) {
    // The version is also that of the Secret that status names; a changed one is not read again,
    // because its content has been seen at the version that the watch shows.
    const Copy copy(spread());
    std::string object = sample_.setup_key.fill(copy, std::to_string(kListed));
    const std::string old = R"("resourceVersion":")" + std::to_string(kListed) + '"';
    const std::string fresh = R"("resourceVersion":")" + std::to_string(++version_) + '"';
    object.replace(object.find(old), old.size(), fresh);
    line("MODIFIED", object, false, "SetupKey changed");
  }
  expect_no_write("for a changed SetupKey");
}

void Rig::secret_changed(std::size_t events) {
  for (std::size_t i = 0; i < events; ++i) {
    const std::size_t number = spread();
    versions_[number] = ++version_;
    line("MODIFIED", sample_.secret_metadata.fill(Copy(number), std::to_string(version_)), true,
         "Secret changed and read");
  }
  expect_no_write("for a changed Secret");
}

void Rig::bookmarks(std::size_t events) {
  for (std::size_t i = 0; i < events; ++i) {
    const std::string object = R"({"kind":"SetupKey","apiVersion":"keys.netbird.io/v1alpha1",)"
                               R"("metadata":{"resourceVersion":")" +
                               std::to_string(++version_) + R"("}})";
    line("BOOKMARK", object, false, "bookmark");
  }
}

void Rig::resync() {
  const base::Duration ahead = std::max(base::Duration{0}, timer_ - now_.mono);
  now_.mono = now_.mono + ahead;
  now_.wall = now_.wall + ahead;
  const std::size_t before = costs_["key in a resync"].events;
  feed(io::TimerFired{}, "other", 1);
  answer_all("other");
  if (costs_["key in a resync"].events == before) {
    throw std::runtime_error("no resync was due");
  }
}

void Rig::issue(std::size_t keys) {
  const std::string kind = "key issued";
  for (std::size_t i = 0; i < keys; ++i) {
    io::HttpRequest request;
    request.method = io::Method::kPost;
    request.path = kCollection;
    request.content_type = "application/json";
    request.body = base::SecretText(Json{
        {"apiVersion", "keys.netbird.io/v1alpha1"},
        {"kind", "SetupKey"},
        {"metadata", {{"name", "new-" + std::to_string(i)}}},
        {"spec", Json::object()}}.dump());
    kube_.handle(request, now_);
    deliver_new(kind);
    answer_all(kind);
  }
  written_.clear();
  created_ += keys;
  costs_[kind].events = keys;
  if (engine_->health().netbird_keys != count_ + created_) {
    throw std::runtime_error("not every new SetupKey has a key");
  }
}

void Rig::deliver_new(const std::string& kind) {
  for (const Stream& stream : {setup_keys_, secrets_}) {
    std::string lines = kube_.store().take_lines(stream.server_id, now_.mono);
    if (lines.empty()) continue;
    feed(io::WatchBytes{stream.id, base::SecretText(std::move(lines))}, kind, 0);
  }
}

}  // namespace nbkeys::bench
