// nbkeys_sandbox: the fake API server and the fake NetBird behind HTTP on loopback, in one process
// and one thread. Prints one line of JSON when it is ready and ends with SIGTERM or SIGINT.

#include <CLI/CLI.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <iostream>

#include "sandbox/session.h"
#include "sandbox/state_dir.h"

namespace nbkeys::sandbox {
namespace {

// Bookmarks and the ends of watches need a look at the clock.
constexpr std::chrono::milliseconds kTick{500};

class Listener {
 public:
  Listener(asio::io_context& context, unsigned short port, io::Server server, Front& front,
           Streams& streams)
      : acceptor_(context, Tcp::endpoint(asio::ip::address_v4::loopback(), port)),
        server_(server),
        front_(front),
        streams_(streams) {
    accept();
  }
  unsigned short port() const { return acceptor_.local_endpoint().port(); }

 private:
  void accept() {
    acceptor_.async_accept([this](beast::error_code error, Tcp::socket socket) {
      if (error == asio::error::operation_aborted) return;
      if (!error) {
        socket.set_option(Tcp::no_delay(true), error);
        std::make_shared<Session>(std::move(socket), server_, front_, streams_)->read();
      }
      accept();
    });
  }

  Tcp::acceptor acceptor_;
  const io::Server server_;
  Front& front_;
  Streams& streams_;
};

class Ticker {
 public:
  Ticker(asio::io_context& context, Streams& streams) : timer_(context), streams_(streams) {
    wait();
  }

 private:
  void wait() {
    timer_.expires_after(kTick);
    timer_.async_wait([this](beast::error_code error) {
      if (error) return;
      streams_.pump();
      wait();
    });
  }

  asio::steady_timer timer_;
  Streams& streams_;
};

int run(int argc, char** argv) {
  CLI::App app{"A kube-apiserver and a NetBird server that are enough for nbkeys, on loopback."};
  std::string state_dir;
  unsigned short kube_port = 0;
  unsigned short netbird_port = 0;
  app.add_option("--state-dir", state_dir, "folder for kubeconfigs, tokens and sandbox.json")
      ->required();
  app.add_option("--kube-port", kube_port, "0: a free one");
  app.add_option("--netbird-port", netbird_port, "0: a free one");
  CLI11_PARSE(app, argc, argv);

  asio::io_context context{1};
  asio::signal_set signals(context, SIGTERM, SIGINT);
  signals.async_wait([&context](beast::error_code, int) { context.stop(); });

  const Tokens tokens = make_tokens();
  Front front(tokens);
  Streams streams;
  front.set_watch_listener([&streams](bool broken) {
    if (broken) {
      streams.break_off();
    } else {
      streams.pump();
    }
  });
  const Listener kube(context, kube_port, io::Server::kKube, front, streams);
  const Listener netbird(context, netbird_port, io::Server::kNetBird, front, streams);
  const Ticker ticker(context, streams);
  std::cout << write_state(state_dir, {kube.port(), netbird.port()}, tokens).dump() << std::endl;
  context.run();
  streams.break_off();
  return 0;
}

}  // namespace
}  // namespace nbkeys::sandbox

int main(int argc, char** argv) {
  try {
    return nbkeys::sandbox::run(argc, argv);
  } catch (const std::exception& error) {
    std::cerr << "nbkeys_sandbox: " << error.what() << "\n";
    return 1;
  }
}
