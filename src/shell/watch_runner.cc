#include "shell/watch_runner.h"

#include <cpprest/http_client.h>

#include <algorithm>
#include <utility>

#include "shell/body_sink.h"
#include "shell/clock.h"
#include "shell/http_date.h"
#include "shell/http_failure.h"
#include "shell/pool.h"

namespace nbkeys::shell {
namespace {

namespace http = web::http;

constexpr std::size_t kRefusalBytesMax = 4096;
// What may arrive before the status is known: one chunk of the library at most, but a server could
// send anything.
constexpr std::size_t kHeldBytesMax = 8u << 20;

}  // namespace

struct WatchRunner::Stream {
  io::WatchId id = 0;
  telemetry::Exchange facts;
  FailedRequest limits;
  base::Instant begun;
  Connection connection;
  pplx::cancellation_token_source cancel;
  int status = 0;
  base::SecretText held;  // before the status is known, and the body of a refusal
  std::optional<base::Duration> retry_after;
  bool closing = false;
};

WatchRunner::WatchRunner(Upstream& kube, Hooks hooks) : kube_(kube), hooks_(std::move(hooks)) {}

void WatchRunner::open(io::OpenWatch command) {
  auto stream = std::make_shared<Stream>();
  stream->id = command.id;
  stream->facts = {io::Server::kKube, io::Method::kGet, "watch", command.path, "", {}};
  stream->limits = {false, false, 0, command.inactivity_max, 0};
  stream->begun = mono_now();
  streams_[command.id] = stream;
  const auto refuse = [this, &stream](std::string cause) {
    post([this, stream, cause = std::move(cause)]() { ended(stream, cause); });
  };
  auto connection = kube_.fresh(command.inactivity_max);
  if (!connection) return refuse(connection.error().message);
  stream->connection = std::move(*connection);
  try {
    begin(stream, command);
  } catch (const std::exception& problem) {
    refuse(problem.what());
  }
}

void WatchRunner::begin(const std::shared_ptr<Stream>& stream, const io::OpenWatch& command) {
  auto authorization = kube_.authorization();
  if (!authorization) {
    return post([this, stream, cause = authorization.error().message]() { ended(stream, cause); });
  }
  http::http_request out{"GET"};
  out.set_request_uri(web::uri(command.path));
  out.headers().add("User-Agent", "nbkeys/" NBKEYS_VERSION);
  if (!stream->connection.host.empty()) out.headers().add("Host", stream->connection.host);
  out.headers().add("Accept", command.accept.empty() ? "application/json" : command.accept);
  if (!authorization->empty()) {
    out.headers().add("Authorization", std::string(authorization->reveal()));
  }
  const auto sink = std::make_shared<BodySink>(
      [this, weak = std::weak_ptr<Stream>(stream)](std::string_view bytes) {
        if (const auto alive = weak.lock()) piece(*alive, bytes);
      });
  out.set_response_stream(concurrency::streams::basic_ostream<std::uint8_t>(
      concurrency::streams::streambuf<std::uint8_t>(sink)));
  stream->connection.client->request(out, stream->cancel.get_token())
      .then([this, stream](http::http_response response) {
        stream->status = response.status_code();
        const auto retry = response.headers().find("Retry-After");
        if (retry != response.headers().end()) {
          stream->retry_after = parse_retry_after(retry->second, std::nullopt, wall_now());
        }
        opened(stream);
        return response.content_ready();
      })
      .then([this, stream](const pplx::task<http::http_response>& task) {
        Failure failure;
        try {
          task.get();
          return ended(stream, "");
        } catch (const http::http_exception& problem) {
          failure.text = problem.what();
          failure.code = problem.error_code().value();
        } catch (const std::exception& problem) {
          failure.text = problem.what();
        }
        ended(stream, stream->closing ? "closed by us"
                                      : to_error(failure, stream->limits, kube_.settings(),
                                                 *stream->connection.trace)
                                            .message);
      });
}

void WatchRunner::close(io::WatchId id) {
  const auto found = streams_.find(id);
  if (found == streams_.end()) return;
  found->second->closing = true;
  // Cancelling runs continuations of the library; not inside our caller.
  post([stream = found->second]() { stream->cancel.cancel(); });
}

void WatchRunner::opened(const std::shared_ptr<Stream>& stream) {
  hooks_.input(io::WatchOpened{stream->id, stream->status});
  if (stream->status != 200) return;
  base::SecretText held = std::exchange(stream->held, {});
  if (!held.empty()) hooks_.input(io::WatchBytes{stream->id, std::move(held)});
}

void WatchRunner::piece(Stream& stream, std::string_view bytes) {
  if (stream.closing) return;
  if (stream.status == 200) {
    base::SecretText copy;
    copy.append(bytes);
    return hooks_.input(io::WatchBytes{stream.id, std::move(copy)});
  }
  if (stream.status == 0) {
    // Nothing of a stream may be dropped, so one that is too long at this point is ended.
    if (stream.held.size() + bytes.size() > kHeldBytesMax) return stream.cancel.cancel();
    return stream.held.append(bytes);
  }
  if (stream.held.size() >= kRefusalBytesMax) return;
  stream.held.append(bytes.substr(0, kRefusalBytesMax - stream.held.size()));
}

void WatchRunner::ended(const std::shared_ptr<Stream>& stream, const std::string& cause) {
  if (streams_.erase(stream->id) == 0) return;
  io::WatchClosed closed{stream->id, stream->status, cause, stream->retry_after};
  if (stream->status != 0 && stream->status != 200) {
    closed.cause = stream->held.reveal().substr(0, kRefusalBytesMax);
  }
  if (stream->status == 401) hooks_.refused(io::Server::kKube);
  stream->facts.took = mono_now() - stream->begun;
  stream->facts.code = stream->status == 0 ? "unreachable" : std::to_string(stream->status);
  hooks_.finished(stream->facts);
  hooks_.input(std::move(closed));
}

}  // namespace nbkeys::shell
