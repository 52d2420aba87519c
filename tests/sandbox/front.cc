#include "sandbox/front.h"

#include <chrono>

#include "fakes/url.h"

namespace nbkeys::sandbox {
namespace {

// A burst of a thousand keys makes about five thousand.
constexpr std::size_t kRecordsMax = 50'000;

io::HttpResponse answer(int status, const Json& body) {
  io::HttpResponse out;
  out.status = status;
  out.body = base::SecretText(body.dump());
  return out;
}

io::HttpResponse done() { return answer(200, {{"done", true}}); }

}  // namespace

Front::Front(Tokens tokens)
    : tokens_(std::move(tokens)),
      netbird_(
          static_cast<std::uint64_t>(std::chrono::system_clock::now().time_since_epoch().count())) {
}

base::Now Front::now() const {
  using std::chrono::duration_cast;
  return {{duration_cast<base::Duration>(std::chrono::steady_clock::now().time_since_epoch())},
          {duration_cast<base::Duration>(std::chrono::system_clock::now().time_since_epoch())}};
}

Front::Caller Front::caller(io::Server server, std::string_view authorization) const {
  const bool kube = server == io::Server::kKube;
  const std::string scheme = kube ? "Bearer " : "Token ";
  if (authorization == scheme + (kube ? tokens_.kube_operator : tokens_.netbird_operator)) {
    return Caller::kOperator;
  }
  if (authorization == scheme + (kube ? tokens_.kube_admin : tokens_.netbird_admin)) {
    return Caller::kAdmin;
  }
  return Caller::kNobody;
}

io::HttpResponse Front::unauthorized(io::Server server) const {
  if (server == io::Server::kKube) {
    return answer(401, fakes::status_body({401, "Unauthorized", "Unauthorized"}, nullptr, ""));
  }
  return answer(401, {{"message", "token invalid"}, {"code", 401}});
}

std::optional<fakes::Fault> Front::strike(const io::HttpRequest& request) {
  return faults_.strike(request);
}

io::HttpResponse Front::serve(const io::HttpRequest& request) {
  if (request.server == io::Server::kNetBird) return netbird_.handle(request, now());
  io::HttpResponse out = kube_.handle(request, now());
  listener_(false);
  return out;
}

void Front::record(const io::HttpRequest& request, int status) {
  if (records_.size() >= kRecordsMax) records_.pop_front();
  records_.push_back(
      {request.server, std::string(io::method_name(request.method)) + " " + request.path, status});
}

Json Front::requests_json() const {
  Json out = Json::array();
  for (const Record& r : records_) {
    out.push_back({{"server", r.server == io::Server::kKube ? "kube" : "netbird"},
                   {"line", r.line},
                   {"status", r.status}});
  }
  return out;
}

bool Front::is_switch(const io::HttpRequest& request) {
  return request.server == io::Server::kNetBird && request.path.starts_with("/sandbox/");
}

io::HttpResponse Front::turn_switch(const io::HttpRequest& request) {
  const fakes::Url url = fakes::parse_url(request.path);
  const std::string name = url.segments.size() == 2 ? url.segments[1] : "";
  if (name == "health" && request.method == io::Method::kGet) {
    return answer(200, {{"ready", true}, {"watches", kube_.store().open_watches()}});
  }
  try {
    if (name == "faults") return switch_faults(request);
    if (name == "requests") return switch_requests(request);
    if (request.method == io::Method::kPost) {
      const std::string text(request.body.reveal());
      return post_switch(name, text.empty() ? Json::object() : Json::parse(text));
    }
  } catch (const Json::exception&) {
    return answer(400, {{"message", "the body is not the JSON that this switch takes"}});
  } catch (const std::regex_error&) {
    return answer(400, {{"message", "the pattern is not a regular expression"}});
  }
  return answer(404, {{"message", "no such switch"}});
}

// POST one fault or a list of them; GET how many requests were hit; DELETE ends them all.
io::HttpResponse Front::switch_faults(const io::HttpRequest& request) {
  if (request.method == io::Method::kDelete) {
    faults_.clear();
    return done();
  }
  if (request.method == io::Method::kPost) {
    const Json body = Json::parse(request.body.reveal());
    for (const Json& entry : body.is_array() ? body : Json::array({body})) {
      const auto fault = fakes::fault_from_json(entry);
      if (!fault) return answer(400, {{"message", "a fault needs a known kind and a pattern"}});
      faults_.add(*fault);
    }
  }
  return answer(200, {{"hits", faults_.hits()}});
}

io::HttpResponse Front::switch_requests(const io::HttpRequest& request) {
  if (request.method == io::Method::kDelete) {
    records_.clear();
    return done();
  }
  return answer(200, requests_json());
}

io::HttpResponse Front::post_switch(const std::string& name, const Json& body) {
  if (name == "enrol") {
    return answer(200, {{"enrolled", netbird_.enrol(body.value("key", ""), now())}});
  }
  if (name == "compact") {
    kube_.set_gone(body.value("status", false) ? fakes::FakeKube::Gone::kHttpStatus
                                               : fakes::FakeKube::Gone::kErrorEvent);
    kube_.compact();
    return done();
  }
  if (name == "break-watches") {
    listener_(true);
    return done();
  }
  if (name == "limiter") {
    netbird_.set_limiter(body.value("per_minute", 0), body.value("burst", 0));
    return done();
  }
  if (name == "token") {
    tokens_.netbird_operator = body.at("token").get<std::string>();
    return done();
  }
  return answer(404, {{"message", "no such switch"}});
}

}  // namespace nbkeys::sandbox
