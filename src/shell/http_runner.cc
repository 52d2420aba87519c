#include "shell/http_runner.h"

#include <cpprest/containerstream.h>
#include <cpprest/http_client.h>

#include <cstring>
#include <optional>
#include <utility>
#include <vector>

#include "base/element_filter.h"
#include "shell/body_sink.h"
#include "shell/clock.h"
#include "shell/http_date.h"
#include "shell/http_failure.h"
#include "shell/pool.h"

namespace nbkeys::shell {
namespace {

constexpr std::size_t kLocationMax = 512;

namespace http = web::http;
using BodySource = concurrency::streams::container_buffer<std::vector<std::uint8_t>>;

std::string header(const http::http_response& response, const char* name) {
  const auto found = response.headers().find(name);
  return found == response.headers().end() ? "" : found->second;
}

Failure read_failure(const std::exception_ptr& exception) {
  Failure out;
  try {
    std::rethrow_exception(exception);
  } catch (const http::http_exception& problem) {
    out.text = problem.what();
    out.code = problem.error_code().value();
  } catch (const std::exception& problem) {
    out.text = problem.what();
  } catch (...) {
    out.text = "unknown exception";
  }
  return out;
}

}  // namespace

struct HttpRunner::Exchange {
  io::RequestId id = 0;
  Upstream* upstream = nullptr;
  telemetry::Exchange facts;
  FailedRequest limits;
  base::Instant begun;
  Connection connection;
  bool pooled = false;
  BodySource source;  // a copy of the request's body, wiped at the end
  base::SecretText body;
  std::optional<base::ElementFilter> filter;
  pplx::cancellation_token_source cancel;
  Timer total;
  bool timed_out = false;
  bool too_large = false;
  http::http_response response;

  void receive(std::string_view bytes);
};

void HttpRunner::Exchange::receive(std::string_view bytes) {
  const std::size_t bytes_max = limits.response_bytes_max;
  // Unfiltered, a piece is never taken in beyond the bound.
  too_large = !filter && body.size() + bytes.size() > bytes_max;
  if (!too_large && filter) {
    filter->feed(bytes, body);
    too_large = body.size() > bytes_max;
  } else if (!too_large) {
    body.append(bytes);
  }
  if (too_large) cancel.cancel();
}

HttpRunner::HttpRunner(Upstream& kube, Upstream& netbird, Hooks hooks)
    : kube_(kube), netbird_(netbird), hooks_(std::move(hooks)) {}

void HttpRunner::send(io::SendHttp command) {
  io::HttpRequest& request = command.request;
  auto exchange = std::make_shared<Exchange>();
  exchange->id = command.id;
  exchange->upstream = request.server == io::Server::kKube ? &kube_ : &netbird_;
  exchange->facts = {request.server, request.method, request.operation, request.path, "", {}};
  exchange->limits = {request.method != io::Method::kGet, false, 0, request.timeout,
                      request.response_bytes_max};
  if (!request.element_members.empty()) exchange->filter.emplace(request.element_members);
  exchange->begun = mono_now();
  const auto refuse = [this, &exchange](base::Error error) {
    post([this, exchange, error = std::move(error)]() mutable {
      finish(exchange, std::move(error));
    });
  };
  auto connection =
      request.once ? exchange->upstream->fresh(request.timeout) : exchange->upstream->pooled();
  if (!connection) return refuse(connection.error());
  exchange->connection = std::move(*connection);
  exchange->pooled = !request.once;
  exchange->limits.reused = exchange->connection.reused;
  exchange->limits.handshakes_before = exchange->connection.trace->completed;
  exchange->connection.trace->alert.clear();
  try {
    begin(exchange, request);
  } catch (const std::exception& problem) {
    // What the library throws here concerns the address or the headers, before anything is sent.
    refuse({base::ErrorCode::kInvalidInput, request.operation, problem.what()});
  }
}

void HttpRunner::begin(const std::shared_ptr<Exchange>& exchange, io::HttpRequest& request) {
  auto authorization = exchange->upstream->authorization();
  if (!authorization) {
    return post([this, exchange, error = authorization.error()]() { finish(exchange, error); });
  }
  http::http_request out{std::string(io::method_name(request.method))};
  out.set_request_uri(web::uri(request.path));
  out.headers().add("User-Agent", "nbkeys/" NBKEYS_VERSION);
  if (!exchange->connection.host.empty()) out.headers().add("Host", exchange->connection.host);
  if (!request.accept.empty()) out.headers().add("Accept", request.accept);
  if (request.fresh) out.headers().add("Cache-Control", "no-cache");
  if (!authorization->empty()) {
    out.headers().add("Authorization", std::string(authorization->reveal()));
  }
  if (!request.body.empty()) {
    const std::string_view bytes = request.body.reveal();
    exchange->source = BodySource({bytes.begin(), bytes.end()}, std::ios_base::in);
    out.set_body(exchange->source.create_istream(), request.body.size(), request.content_type);
  }
  Exchange* raw = exchange.get();
  const auto sink = std::make_shared<BodySink>(
      [raw, weak = std::weak_ptr<Exchange>(exchange)](std::string_view bytes) {
        const auto alive = weak.lock();
        if (alive && !raw->too_large) raw->receive(bytes);
      });
  out.set_response_stream(concurrency::streams::basic_ostream<std::uint8_t>(
      concurrency::streams::streambuf<std::uint8_t>(sink)));
  exchange->total.set(request.timeout, [raw]() {
    raw->timed_out = true;
    raw->cancel.cancel();
  });
  exchange->connection.client->request(out, exchange->cancel.get_token())
      .then([exchange](http::http_response response) {
        exchange->response = response;
        return response.content_ready();
      })
      .then([this, exchange](const pplx::task<http::http_response>& task) {
        try {
          task.get();
        } catch (...) {
          Failure failure = read_failure(std::current_exception());
          failure.timed_out = exchange->timed_out;
          failure.too_large = exchange->too_large;
          return finish(exchange,
                        to_error(failure, exchange->limits, exchange->upstream->settings(),
                                 *exchange->connection.trace));
        }
        io::HttpResponse answer;
        answer.status = exchange->response.status_code();
        answer.body = std::move(exchange->body);
        answer.date = parse_http_date(header(exchange->response, "Date"));
        answer.location = header(exchange->response, "Location").substr(0, kLocationMax);
        answer.age = parse_age(header(exchange->response, "Age"));
        answer.retry_after =
            parse_retry_after(header(exchange->response, "Retry-After"), answer.date, wall_now());
        finish(exchange, std::move(answer));
      });
}

void HttpRunner::finish(const std::shared_ptr<Exchange>& exchange, io::HttpOutcome outcome) {
  exchange->total.cancel();
  // Overwritten in place and not emptied: the library may still hold the buffer.
  if (auto& bytes = exchange->source.collection(); !bytes.empty()) {
    explicit_bzero(bytes.data(), bytes.size());
  }
  const base::Instant now = mono_now();
  exchange->facts.took = now - exchange->begun;
  if (outcome) {
    if (exchange->pooled) exchange->upstream->answered(now);
    // What went wrong before this success explains nothing that comes after it.
    exchange->connection.trace->refusal = {};
    exchange->facts.code = std::to_string(outcome->status);
    if (outcome->status == 401) hooks_.refused(exchange->facts.server);
  } else {
    base::Error error = outcome.error();
    error.step = exchange->facts.operation;
    exchange->facts.code = base::code_name(error.code);
    outcome = std::move(error);
  }
  hooks_.finished(exchange->facts);
  hooks_.done({exchange->id, std::move(outcome)});
}

}  // namespace nbkeys::shell
