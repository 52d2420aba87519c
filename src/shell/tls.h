#pragma once
// What a client needs to trust a server and to show who it is: parsed once, shared by all
// connections (a system bundle parsed per connection would cost 18 ms and 1 MB each). Records why a
// handshake failed, because cpprestsdk keeps only a number.

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/secret_text.h"
#include "shell/certificate_words.h"

using SSL_CTX = struct ssl_ctx_st;

namespace nbkeys::shell {

// Points OpenSSL's default roots at nothing, so that only the stores of this file count, and makes
// each connection cheap. Before any thread starts.
void disable_default_roots();

// PEM text, from a file where `path` is set.
struct Pem {
  std::string path;
  base::SecretText text;
  bool given() const { return !path.empty() || !text.empty(); }
};

struct TlsSettings {
  Pem ca;
  bool system_roots = false;  // trust the public CAs of this machine, too
  Pem certificate, key;       // the client's own, both or none
  bool insecure = false;      // take any certificate
  std::string server_name;    // the name in the certificate, where it is not the host of the URL
};

// What happened in the handshakes of one client. Used on the pool thread only.
struct TlsTrace {
  std::string host;         // the name or address that the certificate must carry
  std::string server_name;  // sent as SNI; empty for an address
  std::uint64_t completed = 0;
  std::string left_out;        // what could not be read of the CAs; empty: nothing
  CertificateRefusal refusal;  // of the last refused certificate
  std::string alert;           // the last fatal alert that the server sent, in words
};

class TlsContext {
 public:
  // kInvalidInput where a file cannot be read or is not PEM; names the file.
  static base::Result<std::shared_ptr<const TlsContext>> load(const TlsSettings& settings);
  ~TlsContext();
  TlsContext(const TlsContext&) = delete;
  TlsContext& operator=(const TlsContext&) = delete;

  // For cpprestsdk's callback: prepares the context of one new connection, which shares `trace`.
  void apply(SSL_CTX* context, std::shared_ptr<TlsTrace> trace) const;

  bool insecure() const { return insecure_; }
  // Changes whenever the bytes of the CA, certificate or key do.
  const std::string& fingerprint() const { return fingerprint_; }
  // What could not be read beside what could, one line each: usable, but hardly meant.
  const std::vector<std::string>& warnings() const { return warnings_; }

 private:
  TlsContext();
  struct State;
  base::Status add_roots(const TlsSettings& settings, std::string& digests);
  base::Status add_own(const TlsSettings& settings, std::string& digests);
  void warn(const std::string& name, const std::vector<std::string>& problems);

  std::unique_ptr<State> state_;
  bool insecure_ = false;
  std::string fingerprint_;
  std::vector<std::string> warnings_;
};

}  // namespace nbkeys::shell
