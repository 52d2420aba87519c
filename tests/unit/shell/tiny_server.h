#pragma once
// A scripted HTTP server on loopback, plain or TLS, one thread per connection: it does exactly what
// a test says, including all that a good server does not do.

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cstring>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "tls_identity.h"

namespace nbkeys::shell {

class TinyServer {
 public:
  // What to send for a request, and whether to cut the connection after it. Connections are cut
  // when the server dies.
  struct Reply {
    std::string bytes;
    bool cut = false;
  };
  // Called with the whole request, head and body, on the connection's thread; `send` sends more
  // before the reply.
  using Send = std::function<void(const std::string& bytes)>;
  using Script = std::function<Reply(const std::string& request, const Send& send)>;

  enum class Loopback { kIpv4, kIpv6 };

  explicit TinyServer(Script script, const TlsIdentity* identity = nullptr,
                      bool wants_client_certificate = false, Loopback loopback = Loopback::kIpv4)
      : script_(std::move(script)) {
    if (identity != nullptr) context_ = make_context(*identity, wants_client_certificate);
    loopback == Loopback::kIpv4 ? listen_on_ipv4() : listen_on_ipv6();
    acceptor_ = std::thread([this]() { accept_all(); });
  }
  ~TinyServer() {
    stopping_ = true;
    shutdown(listener_, SHUT_RDWR);
    acceptor_.join();
    {
      const std::lock_guard lock(mutex_);
      for (const int file : files_) shutdown(file, SHUT_RDWR);
    }
    for (std::thread& thread : threads_) thread.join();
    close(listener_);
    for (const int file : files_) close(file);
    SSL_CTX_free(context_);
  }

  // Not every machine has IPv6.
  static bool has_ipv6() {
    const int probe = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in6 address = ipv6_loopback();
    const bool bound = bind(probe, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
    close(probe);
    return bound;
  }

  std::uint16_t port() const { return port_; }
  int request_count() const { return static_cast<int>(requests().size()); }
  int connection_count() const {
    const std::lock_guard lock(mutex_);
    return static_cast<int>(files_.size());
  }
  std::vector<std::string> requests() const {
    const std::lock_guard lock(mutex_);
    return requests_;
  }
  std::string last_server_name() const {
    const std::lock_guard lock(mutex_);
    return server_name_;
  }

 private:
  static sockaddr_in6 ipv6_loopback() {
    sockaddr_in6 out{};
    out.sin6_family = AF_INET6;
    out.sin6_addr = in6addr_loopback;
    return out;
  }

  void listen_on_ipv4() {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    listen_on(AF_INET, address);
    port_ = ntohs(address.sin_port);
  }

  void listen_on_ipv6() {
    sockaddr_in6 address = ipv6_loopback();
    listen_on(AF_INET6, address);
    port_ = ntohs(address.sin6_port);
  }

  // Any free port; `address` is what it became.
  template <typename Address>
  void listen_on(int family, Address& address) {
    listener_ = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address);
    listen(listener_, 64);
    socklen_t size = sizeof address;
    getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
  }

  static SSL_CTX* make_context(const TlsIdentity& identity, bool wants_client_certificate) {
    SSL_CTX* context = SSL_CTX_new(TLS_server_method());
    BIO* bio = BIO_new_mem_buf(identity.certificate_pem.data(),
                               static_cast<int>(identity.certificate_pem.size()));
    X509* certificate = PEM_read_bio_X509(bio, nullptr, nullptr, nullptr);
    SSL_CTX_use_certificate(context, certificate);
    // What follows the server's own certificate is sent along with it.
    while (X509* issuer = PEM_read_bio_X509(bio, nullptr, nullptr, nullptr)) {
      SSL_CTX_add0_chain_cert(context, issuer);
    }
    ERR_clear_error();
    BIO_free_all(bio);
    bio = BIO_new_mem_buf(identity.key_pem.data(), static_cast<int>(identity.key_pem.size()));
    EVP_PKEY* key = PEM_read_bio_PrivateKey(bio, nullptr, nullptr, nullptr);
    BIO_free_all(bio);
    SSL_CTX_use_PrivateKey(context, key);
    if (wants_client_certificate) {
      SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
      X509_STORE_add_cert(SSL_CTX_get_cert_store(context), certificate);
    }
    X509_free(certificate);
    EVP_PKEY_free(key);
    return context;
  }

  void accept_all() {
    while (!stopping_) {
      const int file = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      if (file < 0) continue;
      const int on = 1;
      setsockopt(file, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
      const std::lock_guard lock(mutex_);
      files_.push_back(file);
      threads_.emplace_back([this, file]() { serve(file); });
    }
  }

  void serve(int file) {
    SSL* tls = nullptr;
    if (context_ != nullptr) {
      tls = SSL_new(context_);
      SSL_set_fd(tls, file);
      if (SSL_accept(tls) != 1) {
        SSL_free(tls);
        shutdown(file, SHUT_RDWR);
        return;
      }
      const char* name = SSL_get_servername(tls, TLSEXT_NAMETYPE_host_name);
      const std::lock_guard lock(mutex_);
      server_name_ = name == nullptr ? "" : name;
    }
    const Send send_all = [file, tls](const std::string& bytes) {
      if (tls != nullptr) {
        SSL_write(tls, bytes.data(), static_cast<int>(bytes.size()));
      } else {
        send(file, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      }
    };
    while (true) {
      const std::string request = read_request(file, tls);
      if (request.empty()) break;
      {
        const std::lock_guard lock(mutex_);
        requests_.push_back(request);
      }
      const Reply reply = script_(request, send_all);
      if (!reply.bytes.empty()) send_all(reply.bytes);
      if (reply.cut) break;
    }
    SSL_free(tls);
    shutdown(file, SHUT_RDWR);
  }

  static std::string read_request(int file, SSL* tls) {
    std::string request;
    std::array<char, 4096> piece{};
    while (true) {
      const std::size_t end = request.find("\r\n\r\n");
      if (end != std::string::npos && request.size() >= end + 4 + content_length(request)) {
        return request;
      }
      const long got = tls != nullptr ? SSL_read(tls, piece.data(), static_cast<int>(piece.size()))
                                      : recv(file, piece.data(), piece.size(), 0);
      if (got <= 0) return "";
      request.append(piece.data(), static_cast<std::size_t>(got));
    }
  }

  static std::size_t content_length(const std::string& request) {
    const std::size_t at = request.find("Content-Length:");
    return at == std::string::npos ? 0 : std::strtoul(request.c_str() + at + 15, nullptr, 10);
  }

  Script script_;
  SSL_CTX* context_ = nullptr;
  int listener_ = -1;
  std::uint16_t port_ = 0;
  std::atomic<bool> stopping_ = false;
  std::thread acceptor_;
  mutable std::mutex mutex_;
  std::vector<std::string> requests_;
  std::string server_name_;
  std::vector<int> files_;
  std::vector<std::thread> threads_;
};

// An answer with a Content-Length.
inline std::string answer(int status, const std::string& body, const std::string& headers = "") {
  return "HTTP/1.1 " + std::to_string(status) +
         " X\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" + headers + "\r\n" + body;
}

inline std::string chunk(const std::string& bytes) {
  std::array<char, 16> size{};
  std::snprintf(size.data(), size.size(), "%zx\r\n", bytes.size());
  return size.data() + bytes + "\r\n";
}

}  // namespace nbkeys::shell
