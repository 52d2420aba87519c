#pragma once
// One connection to the sandbox: reads requests, asks the front, answers; a watch keeps the
// connection and streams. Lives as long as its operations do.

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <memory>
#include <set>

#include "sandbox/front.h"

namespace nbkeys::sandbox {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using Tcp = asio::ip::tcp;

class Session;

// The connections that stream a watch, so that a change can be told to them.
class Streams {
 public:
  void add(const std::shared_ptr<Session>& session) { sessions_.insert(session); }
  void remove(const std::shared_ptr<Session>& session) { sessions_.erase(session); }
  void pump();
  void break_off();

 private:
  std::set<std::shared_ptr<Session>> sessions_;
};

class Session : public std::enable_shared_from_this<Session> {
 public:
  Session(Tcp::socket socket, io::Server server, Front& front, Streams& streams);

  void read();
  // Writes what the watch has to tell.
  void pump();
  void close();

 private:
  void dispatch();
  void admitted(std::shared_ptr<io::HttpRequest> request, bool counted);
  void struck(const std::shared_ptr<io::HttpRequest>& request, const fakes::Fault& fault);
  void serve(const io::HttpRequest& request, bool counted);
  void start_watch(const io::HttpRequest& request, bool counted);
  void watch_for_end_of_client();
  void write(const io::HttpResponse& response);
  void write_chunk(const std::string& bytes, bool last);

  Tcp::socket socket_;
  asio::steady_timer timer_;
  const io::Server server_;
  Front& front_;
  Streams& streams_;
  beast::flat_buffer buffer_;
  std::unique_ptr<http::request_parser<http::string_body>> parser_;
  http::response<http::string_body> response_;
  std::optional<fakes::KubeWatchId> watch_;
  std::string chunk_;
  char probe_ = 0;
  bool writing_ = false;
  bool last_written_ = false;
};

}  // namespace nbkeys::sandbox
