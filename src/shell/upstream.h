#pragma once
// One server that we talk to: its address, certificates, token and proxy, and the clients made from
// them. Used on the pool thread only.

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "shell/credentials.h"
#include "shell/files.h"
#include "shell/tls.h"
#include "shell/url.h"

namespace web::http::client {
class http_client;
}

namespace nbkeys::shell {

struct UpstreamSettings {
  std::string name;  // for messages: "NetBird", "the Kubernetes API server"
  Url url;
  TlsSettings tls;
  std::string trust_help;  // what to set where the server's certificate is not trusted
  std::string name_help;   // what to set where it is for other names
  std::optional<Url> proxy;
  Token token;
  std::string auth_scheme = "Bearer";
};

struct Connection {
  std::shared_ptr<web::http::client::http_client> client;
  std::shared_ptr<TlsTrace> trace;
  std::string host;     // of the Host header; empty where the library makes it right by itself
  bool reused = false;  // may go over a connection that served before
};

class Upstream {
 public:
  static base::Result<std::unique_ptr<Upstream>> create(UpstreamSettings settings);

  const UpstreamSettings& settings() const { return settings_; }
  // Odd but usable, in certificates and token as they were last read: for the log.
  std::vector<std::string> warnings() const;

  // The shared client with its kept-alive connections.
  base::Result<Connection> pooled();
  // A client of its own, whose connection has served nothing before. `inactivity_max` bounds each
  // step of the exchange.
  base::Result<Connection> fresh(base::Duration inactivity_max) const;
  // An answer has come over the pooled client, so that a connection may now be idle.
  void answered(base::Instant now) { answered_at_ = now; }

  // The value of the Authorization header, nothing where no token is needed.
  base::Result<base::SecretText> authorization() const;

  // Picks up files that changed. True where the token is another one than before.
  bool refresh_token() { return settings_.token.refresh(); }
  bool reread_token() { return settings_.token.reread(); }
  bool has_token() const { return settings_.token.current().ok(); }
  // Certificates: a change makes a new pooled client; a file that is broken now leaves the old one.
  // True where they are others than before.
  base::Result<bool> refresh_tls();

 private:
  Upstream(UpstreamSettings settings, std::shared_ptr<const TlsContext> tls);

  UpstreamSettings settings_;
  std::shared_ptr<const TlsContext> tls_;
  std::vector<FileWatch> tls_files_;
  std::optional<Connection> pooled_;
  std::optional<base::Instant> answered_at_;
};

}  // namespace nbkeys::shell
