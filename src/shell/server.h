#pragma once
// A small HTTP server on a thread of its own, for probes and scrapes: GET only, one request per
// connection, bounded in connections, request size and time, so that nobody who reaches the port
// can make the process grow or hang.

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

namespace nbkeys::shell {

struct Page {
  int status = 200;
  std::string content_type = "text/plain; charset=utf-8";
  std::string body;
};

class Server {
 public:
  // Called on the server's thread for the path of each GET, without its query.
  using Pages = std::function<Page(std::string_view path)>;

  // Listens on "host:port" or ":port" (every address) and serves until destroyed.
  static base::Result<std::unique_ptr<Server>> listen(const std::string& address, Pages pages);
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
