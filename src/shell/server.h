#pragma once
// A small HTTP server on a thread of its own, for probes and scrapes: GET only, one request per
// connection, bounded in connections, request size, time and bytes to send, so that nobody who
// reaches the port can make the process grow or hang. Nor can they keep others out: a new
// connection takes the place of the oldest unfinished one.

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"

namespace nbkeys::shell {

struct Page {
  int status = 200;
  std::string content_type = "text/plain; charset=utf-8";
  std::string body;
};

struct ServerBounds {
  std::size_t connections_max = 64;
  // From being taken up until the head of the request is there; a probe sends it at once.
  base::Duration head{2'000};
  // From then on until the last byte is sent.
  base::Duration answer{10'000};
  // Of answers that are still to be sent; the newest one is never refused for it.
  std::size_t answer_bytes_max = 16u << 20;
};

class Server {
 public:
  // Called on the server's thread for the path of each GET, without its query.
  using Pages = std::function<Page(std::string_view path)>;

  // Listens on "host:port" or ":port" (every address) and serves until destroyed.
  static base::Result<std::unique_ptr<Server>> listen(const std::string& address, Pages pages,
                                                      ServerBounds bounds = {});
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  std::uint16_t port() const;

 private:
  struct State;
  explicit Server(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

struct ListenAddress {
  std::string host;  // empty: every address
  std::string port;
};
// ":8080", "127.0.0.1:8080", "[::1]:8080", "localhost:8080"; kInvalidInput for anything else.
base::Result<ListenAddress> parse_listen_address(std::string_view text);

}  // namespace nbkeys::shell
