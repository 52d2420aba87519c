#include "sandbox/session.h"

#include <signal.h>

#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <cstdio>

namespace nbkeys::sandbox {
namespace {

constexpr std::uint64_t kBodyMax = 4u << 20;
constexpr std::uint32_t kHeaderMax = 64u << 10;

std::optional<io::Method> method_of(http::verb verb) {
  switch (verb) {
    case http::verb::get: return io::Method::kGet;
    case http::verb::post: return io::Method::kPost;
    case http::verb::put: return io::Method::kPut;
    case http::verb::patch: return io::Method::kPatch;
    case http::verb::delete_: return io::Method::kDelete;
    default: return std::nullopt;
  }
}

std::string text(beast::string_view view) { return {view.data(), view.size()}; }

}  // namespace

void Streams::pump() {
  const auto sessions = sessions_;
  for (const auto& session : sessions) session->pump();
}

void Streams::break_off() {
  const auto sessions = sessions_;
  for (const auto& session : sessions) session->close();
}

Session::Session(Tcp::socket socket, io::Server server, Front& front, Streams& streams)
    : socket_(std::move(socket)),
      timer_(socket_.get_executor()),
      server_(server),
      front_(front),
      streams_(streams) {}

void Session::read() {
  parser_ = std::make_unique<http::request_parser<http::string_body>>();
  parser_->body_limit(kBodyMax);
  parser_->header_limit(kHeaderMax);
  http::async_read(socket_, buffer_, *parser_,
                   [self = shared_from_this()](beast::error_code error, std::size_t) {
                     if (error) {
                       self->close();
                     } else {
                       self->dispatch();
                     }
                   });
}

void Session::dispatch() {
  auto& message = parser_->get();
  const auto method = method_of(message.method());
  if (!method) {
    io::HttpResponse refusal;
    refusal.status = 405;
    write(refusal);
    return;
  }
  auto request = std::make_shared<io::HttpRequest>();
  request->server = server_;
  request->method = *method;
  request->path = text(message.target());
  request->content_type = text(message[http::field::content_type]);
  request->accept = text(message[http::field::accept]);
  request->body = base::SecretText(std::move(message.body()));
  if (Front::is_switch(*request)) {
    write(front_.turn_switch(*request));
    return;
  }
  const auto authorization = text(message[http::field::authorization]);
  const Front::Caller caller = front_.caller(server_, authorization);
  if (caller == Front::Caller::kNobody) {
    front_.record(*request, 401);
    write(front_.unauthorized(server_));
    return;
  }
  admitted(std::move(request), caller == Front::Caller::kOperator);
}

void Session::admitted(std::shared_ptr<io::HttpRequest> request, bool counted) {
  if (counted) {
    if (const auto fault = front_.strike(*request)) {
      struck(request, *fault);
      return;
    }
  }
  serve(*request, counted);
}

void Session::struck(const std::shared_ptr<io::HttpRequest>& request, const fakes::Fault& fault) {
  using fakes::FaultKind;
  switch (fault.kind) {
    case FaultKind::kAnswer: {
      front_.record(*request, fault.status);
      io::HttpResponse response;
      response.status = fault.status;
      response.body = base::SecretText(std::string(fault.body));
      response.retry_after = fault.retry_after;
      write(response);
      return;
    }
    case FaultKind::kDelay:
      timer_.expires_after(fault.delay);
      timer_.async_wait([self = shared_from_this(), request](beast::error_code error) {
        if (!error) self->serve(*request, true);
      });
      return;
    case FaultKind::kKillAfter:
    case FaultKind::kDropAnswer: front_.record(*request, front_.serve(*request).status); break;
    case FaultKind::kKillBefore:
    case FaultKind::kDropRequest:
    case FaultKind::kUnreachable: front_.record(*request, 0); break;
  }
  const bool kills = fault.kind == FaultKind::kKillAfter || fault.kind == FaultKind::kKillBefore;
  if (kills && fault.kill_pid > 1) ::kill(fault.kill_pid, SIGKILL);
  close();
}

void Session::serve(const io::HttpRequest& request, bool counted) {
  if (server_ == io::Server::kKube && fakes::FakeKube::is_watch(request)) {
    start_watch(request, counted);
    return;
  }
  const io::HttpResponse response = front_.serve(request);
  if (counted) front_.record(request, response.status);
  write(response);
}

void Session::write(const io::HttpResponse& response) {
  response_ = {};
  response_.version(11);
  response_.result(static_cast<unsigned>(response.status));
  response_.set(http::field::content_type, "application/json");
  if (response.retry_after) {
    response_.set(http::field::retry_after, std::to_string(response.retry_after->count() / 1000));
  }
  response_.body() = std::string(response.body.reveal());
  response_.keep_alive(parser_->get().keep_alive());
  response_.prepare_payload();
  http::async_write(socket_, response_,
                    [self = shared_from_this()](beast::error_code error, std::size_t) {
                      if (error || !self->response_.keep_alive()) {
                        self->close();
                      } else {
                        self->read();
                      }
                    });
}

void Session::start_watch(const io::HttpRequest& request, bool counted) {
  const auto start = front_.kube().open_watch(request.path, request.accept, front_.now());
  if (counted) front_.record(request, start.status);
  if (start.status != 200) {
    io::HttpResponse refusal;
    refusal.status = start.status;
    refusal.body = base::SecretText(std::string(start.body));
    write(refusal);
    return;
  }
  watch_ = start.id;
  last_written_ = !watch_;
  chunk_ =
      "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n";
  streams_.add(shared_from_this());
  watch_for_end_of_client();
  write_chunk(start.body, last_written_);
}

// A client that goes away in mid-stream shows only as an end of its sending side.
void Session::watch_for_end_of_client() {
  asio::async_read(socket_, asio::buffer(&probe_, 1),
                   [self = shared_from_this()](beast::error_code, std::size_t) { self->close(); });
}

void Session::pump() {
  if (writing_ || !watch_) return;
  const base::Now now = front_.now();
  const std::string lines = front_.kube().store().take_lines(*watch_, now.mono);
  const bool ended = front_.kube().store().ended(*watch_, now.mono);
  if (!lines.empty() || ended) write_chunk(lines, ended);
}

// Each stream ends with its connection: whoever watches again connects again.
void Session::write_chunk(const std::string& bytes, bool last) {
  if (!bytes.empty()) {
    char size[24];
    std::snprintf(size, sizeof size, "%zx\r\n", bytes.size());
    chunk_ += size + bytes + "\r\n";
  }
  if (last) chunk_ += "0\r\n\r\n";
  last_written_ = last;
  writing_ = true;
  asio::async_write(socket_, asio::buffer(chunk_),
                    [self = shared_from_this()](beast::error_code error, std::size_t) {
                      self->writing_ = false;
                      self->chunk_.clear();
                      if (error || self->last_written_) {
                        self->close();
                      } else {
                        self->pump();
                      }
                    });
}

void Session::close() {
  if (watch_) front_.kube().store().close_watch(*watch_);
  watch_.reset();
  streams_.remove(shared_from_this());
  beast::error_code ignored;
  timer_.cancel(ignored);
  socket_.shutdown(Tcp::socket::shutdown_both, ignored);
  socket_.close(ignored);
}

}  // namespace nbkeys::sandbox
