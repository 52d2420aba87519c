#include "shell/server.h"

#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/time.h"
#include "shell/clock.h"

namespace nbkeys::shell {
namespace {

constexpr std::size_t kRequestBytesMax = 8192;
// Where the system has no file for one more connection, so that asking again would not end.
constexpr base::Duration kAcceptPause{100};

base::Error cannot_listen(const std::string& address, const std::string& cause) {
  return {base::ErrorCode::kInvalidInput, "listen", "cannot listen on " + address + ": " + cause};
}

std::string_view status_text(int status) {
  switch (status) {
    case 200: return "OK";
    case 400: return "Bad Request";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 431: return "Request Header Fields Too Large";
    case 503: return "Service Unavailable";
    default: return "Internal Server Error";
  }
}

std::string render(Page page, bool with_body) {
  std::string out = "HTTP/1.1 " + std::to_string(page.status) + " ";
  out.append(status_text(page.status));
  out += "\r\nContent-Type: " + page.content_type;
  out += "\r\nContent-Length: " + std::to_string(page.body.size());
  out +=
      "\r\nCache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\nConnection: close\r\n\r\n";
  if (!with_body) return out;
  // A scrape's body may be megabytes with room to spare, so the head goes into it and not it after
  // the head.
  page.body.insert(0, out);
  return std::move(page.body);
}

// A socket that listens, or -1 with errno set.
int listen_on(const addrinfo& info) {
  const int file = socket(info.ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (file < 0) return -1;
  const int on = 1, off = 0;
  setsockopt(file, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  // One socket for IPv4 and IPv6 where the address is the wildcard.
  if (info.ai_family == AF_INET6) setsockopt(file, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
  // A full queue of the system costs a probe a second, after which its SYN is sent again.
  if (bind(file, info.ai_addr, info.ai_addrlen) == 0 && ::listen(file, SOMAXCONN) == 0) return file;
  const int error = errno;
  close(file);
  errno = error;
  return -1;
}

struct Client {
  int file = -1;  // -1: it is over
  base::Instant until;
  std::string request;
  std::string answer;  // once there is one, nothing more is read
  std::size_t sent = 0;
};

void end(Client& client) {
  close(client.file);
  client = {};
}

Page page_for(std::string_view request, const Server::Pages& pages, bool& with_body) {
  const std::string_view line = request.substr(0, request.find("\r\n"));
  const std::size_t space = line.find(' ');
  const std::size_t end = line.find(' ', space + 1);
  if (space == std::string_view::npos || end == std::string_view::npos ||
      !line.substr(end + 1).starts_with("HTTP/1.")) {
    return {400, "text/plain", "not an HTTP/1.1 request\n"};
  }
  const std::string_view method = line.substr(0, space);
  if (method != "GET" && method != "HEAD") return {405, "text/plain", "only GET is served\n"};
  with_body = method == "GET";
  const std::string_view target = line.substr(space + 1, end - space - 1);
  return pages(target.substr(0, target.find('?')));
}

// False where the connection is done.
bool serve(Client& client, const Server::Pages& pages, base::Duration answer_time) {
  if (client.answer.empty()) {
    std::array<char, 2048> piece{};
    const ssize_t got = recv(client.file, piece.data(), piece.size(), 0);
    if (got < 0) return errno == EAGAIN || errno == EINTR;
    if (got == 0) return false;
    client.request.append(piece.data(), static_cast<std::size_t>(got));
    bool with_body = true;
    if (client.request.find("\r\n\r\n") != std::string::npos) {
      Page page = page_for(client.request, pages, with_body);
      client.answer = render(std::move(page), with_body);
    } else if (client.request.size() > kRequestBytesMax) {
      client.answer = render({431, "text/plain", "the request is too long\n"}, true);
    } else {
      return true;
    }
    client.until = mono_now() + answer_time;
  }
  const ssize_t put = send(client.file, client.answer.data() + client.sent,
                           client.answer.size() - client.sent, MSG_NOSIGNAL);
  if (put < 0) return errno == EAGAIN || errno == EINTR;
  client.sent += static_cast<std::size_t>(put);
  return client.sent < client.answer.size();
}

}  // namespace

struct Server::State {
  int listener = -1;
  int wake = -1;  // eventfd: readable when the server should end
  std::uint16_t port = 0;
  Pages pages;
  ServerBounds bounds;
  std::vector<Client> clients;  // the oldest first
  std::optional<base::Instant> accepts_at;
  std::thread thread;

  void run();
  int wait_ms(base::Instant now) const;
  void serve_all(const std::vector<pollfd>& waits);
  void bound_answers();
  void accept_some();
  void make_room();
  void sweep() {
    std::erase_if(clients, [](const Client& client) { return client.file < 0; });
  }
};

void Server::State::serve_all(const std::vector<pollfd>& waits) {
  const base::Instant now = mono_now();
  for (std::size_t i = 0; i < clients.size(); ++i) {
    Client& client = clients[i];
    if (client.file < 0) continue;
    const bool keep = waits[i + 2].revents == 0 || serve(client, pages, bounds.answer);
    if (!keep || now >= client.until) {
      end(client);
    } else if (waits[i + 2].revents != 0) {
      bound_answers();
    }
  }
  sweep();
}

// Whoever asks for big pages and does not read them loses the oldest; one is always kept.
void Server::State::bound_answers() {
  std::size_t bytes = 0, answers = 0;
  for (const Client& client : clients) {
    bytes += client.answer.size();
    if (!client.answer.empty()) ++answers;
  }
  for (Client& client : clients) {
    if (bytes <= bounds.answer_bytes_max || answers <= 1) return;
    if (client.answer.empty()) continue;
    bytes -= client.answer.size();
    --answers;
    end(client);
  }
}

// The oldest one without a whole request goes. Where all have one, the oldest of those: its reader
// has had the longest time.
void Server::State::make_room() {
  const auto unasked = std::find_if(clients.begin(), clients.end(),
                                    [](const Client& client) { return client.answer.empty(); });
  end(unasked != clients.end() ? *unasked : clients.front());
  sweep();
}

// No more at once than there are places, so that each one is looked at before it has to go.
void Server::State::accept_some() {
  for (std::size_t i = 0; i < bounds.connections_max; ++i) {
    Client client;
    client.file = accept4(listener, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (client.file < 0) {
      const bool no_file = errno == EMFILE || errno == ENFILE || errno == ENOBUFS;
      if (!no_file) return;
      accepts_at = mono_now() + kAcceptPause;
      if (!clients.empty()) make_room();
      return;
    }
    client.until = mono_now() + bounds.head;
    // A probe's request is mostly there already, and then it needs no place.
    if (!serve(client, pages, bounds.answer)) {
      end(client);
      continue;
    }
    if (clients.size() >= bounds.connections_max) make_room();
    clients.push_back(std::move(client));
    bound_answers();
    sweep();
  }
}

int Server::State::wait_ms(base::Instant now) const {
  std::optional<base::Instant> until = accepts_at;
  for (const Client& client : clients) {
    if (!until || client.until < *until) until = client.until;
  }
  if (!until) return -1;
  return static_cast<int>(std::clamp<std::int64_t>((*until - now).count() + 1, 0, 60'000));
}

void Server::State::run() {
  std::vector<pollfd> waits;
  while (true) {
    const base::Instant now = mono_now();
    if (accepts_at && *accepts_at <= now) accepts_at.reset();
    waits.assign({pollfd{wake, POLLIN, 0}});
    const short accepts = accepts_at ? 0 : POLLIN;
    waits.push_back({listener, accepts, 0});
    for (const Client& client : clients) {
      waits.push_back(
          {client.file, static_cast<short>(client.answer.empty() ? POLLIN : POLLOUT), 0});
    }
    poll(waits.data(), waits.size(), wait_ms(now));
    if (waits[0].revents != 0) return;
    serve_all(waits);
    if (waits[1].revents != 0) accept_some();
  }
}

base::Result<ListenAddress> parse_listen_address(std::string_view text) {
  const auto bad = [text]() {
    std::string message = "'";
    message.append(text).append(
        "' is not an address to listen on, such as :8080 or 127.0.0.1:8080");
    return base::Error{base::ErrorCode::kInvalidInput, "listen", std::move(message)};
  };
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return bad();
  ListenAddress out{std::string(text.substr(0, colon)), std::string(text.substr(colon + 1))};
  if (out.host.size() > 2 && out.host.starts_with('[') && out.host.ends_with(']')) {
    out.host.pop_back();
    out.host.erase(0, 1);
  } else if (out.host.find(':') != std::string::npos) {
    return bad();
  }
  int port = -1;
  const char* end = out.port.data() + out.port.size();
  const auto read = std::from_chars(out.port.data(), end, port);
  if (read.ec != std::errc{} || read.ptr != end || port < 0 || port > 65'535) return bad();
  return out;
}

base::Result<std::unique_ptr<Server>> Server::listen(const std::string& address, Pages pages,
                                                     ServerBounds bounds) {
  auto parsed = parse_listen_address(address);
  if (!parsed) return parsed.error();
  addrinfo hints{};
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int problem = getaddrinfo(parsed->host.empty() ? nullptr : parsed->host.c_str(),
                                  parsed->port.c_str(), &hints, &found);
  if (problem != 0) return cannot_listen(address, gai_strerror(problem));
  auto state = std::make_unique<State>();
  // The IPv6 wildcard takes IPv4 too, so it is tried first; a machine without IPv6 has only the
  // other.
  for (const int family : {AF_INET6, AF_INET}) {
    for (const addrinfo* info = found; info != nullptr && state->listener < 0;
         info = info->ai_next) {
      if (info->ai_family == family) state->listener = listen_on(*info);
    }
  }
  const int error = errno;
  freeaddrinfo(found);
  if (state->listener < 0) return cannot_listen(address, std::strerror(error));
  sockaddr_in6 bound{};  // the port stands at the same place for both families
  socklen_t size = sizeof bound;
  getsockname(state->listener, reinterpret_cast<sockaddr*>(&bound), &size);
  state->port = ntohs(bound.sin6_port);
  state->wake = eventfd(0, EFD_CLOEXEC);
  CHECK(state->wake >= 0);
  state->pages = std::move(pages);
  state->bounds = bounds;
  State* raw = state.get();
  state->thread = std::thread([raw]() { raw->run(); });
  return std::unique_ptr<Server>(new Server(std::move(state)));
}

Server::Server(std::unique_ptr<State> state) : state_(std::move(state)) {}

Server::~Server() {
  eventfd_write(state_->wake, 1);
  state_->thread.join();
  for (const Client& client : state_->clients) close(client.file);
  close(state_->listener);
  close(state_->wake);
}

std::uint16_t Server::port() const { return state_->port; }

}  // namespace nbkeys::shell
