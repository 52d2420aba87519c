#include "shell/tls.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include <array>
#include <cstdlib>
#include <utility>
#include <vector>

#include "base/hash.h"
#include "shell/certificates.h"
#include "shell/clock.h"
#include "shell/files.h"
#include "shell/url.h"

namespace nbkeys::shell {
namespace {

constexpr std::size_t kPemBytesMax = 4u << 20;
// Where distributions keep the public CAs (Debian and Alpine; Fedora; openSUSE).
constexpr std::array<const char*, 3> kSystemBundles = {"/etc/ssl/certs/ca-certificates.crt",
                                                       "/etc/pki/tls/certs/ca-bundle.crt",
                                                       "/etc/ssl/ca-bundle.pem"};

template <auto Free>
struct Deleter {
  template <typename T>
  void operator()(T* value) const {
    Free(value);
  }
};
using Bio = std::unique_ptr<BIO, Deleter<BIO_free_all>>;
using Key = std::unique_ptr<EVP_PKEY, Deleter<EVP_PKEY_free>>;
using Store = std::unique_ptr<X509_STORE, Deleter<X509_STORE_free>>;

base::Error bad(std::string message) {
  return {base::ErrorCode::kInvalidInput, "load certificates", std::move(message)};
}

base::Result<base::SecretText> bytes_of(const Pem& pem) {
  if (!pem.path.empty()) return read_file(pem.path, kPemBytesMax);
  return pem.text.copy();
}

std::string name_of(const Pem& pem, std::string_view what) {
  return "the " + std::string(what) + (pem.path.empty() ? " in the kubeconfig" : " " + pem.path);
}

base::Error none_in(const std::string& name, const Certificates& read) {
  return bad(name + " holds no certificate in PEM form: " + read.problems.front());
}

using SharedTrace = std::shared_ptr<TlsTrace>;

// Each context owns a share of its trace: connections may outlive the client that made them.
void free_trace(void*, void* value, CRYPTO_EX_DATA*, int, long, void*) {
  delete static_cast<SharedTrace*>(value);
}

int trace_index() {
  static const int index = SSL_CTX_get_ex_new_index(0, nullptr, nullptr, nullptr, free_trace);
  return index;
}

TlsTrace* trace_of(SSL_CTX* context) {
  auto* shared = static_cast<SharedTrace*>(SSL_CTX_get_ex_data(context, trace_index()));
  return shared == nullptr ? nullptr : shared->get();
}

// cpprestsdk checks the host name by a verify callback of its own, whose verdict has no words. This
// takes its place: OpenSSL's own check of chain, name and dates, with the error kept. As with
// kubectl and curl, whatever the CA file holds is trusted by itself, be it an intermediate or the
// server's own certificate, and a common name is no name.
int verify(X509_STORE_CTX* chain, void* data) {
  auto* trace = static_cast<TlsTrace*>(data);
  X509_STORE_CTX_set_verify_cb(chain, [](int ok, X509_STORE_CTX*) { return ok; });
  X509_VERIFY_PARAM* param = X509_STORE_CTX_get0_param(chain);
  X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_PARTIAL_CHAIN);
  // An empty name would be none to check.
  bool named = !trace->host.empty();
  if (is_ip_literal(trace->host)) {
    named = X509_VERIFY_PARAM_set1_ip_asc(param, trace->host.c_str()) == 1;
  } else {
    named =
        named && X509_VERIFY_PARAM_set1_host(param, trace->host.c_str(), trace->host.size()) == 1;
    X509_VERIFY_PARAM_set_hostflags(
        param, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
  }
  if (!named) {
    X509_STORE_CTX_set_error(chain, X509_V_ERR_HOSTNAME_MISMATCH);
    return 0;
  }
  const int ok = X509_verify_cert(chain);
  if (ok <= 0) {
    trace->refusal =
        refusal_of(X509_STORE_CTX_get_error(chain), X509_STORE_CTX_get_current_cert(chain),
                   X509_STORE_CTX_get_error_depth(chain), trace->host, wall_now());
  }
  return ok > 0 ? 1 : 0;
}

std::string alert_text(int alert) {
  // OpenSSL 3.0 does not know this one, with which TLS 1.3 servers ask for a client certificate.
  constexpr int kCertificateRequired = 116;
  return alert == kCertificateRequired ? "certificate required" : SSL_alert_desc_string_long(alert);
}

void on_progress(const SSL* connection, int where, int value) {
  TlsTrace* trace = trace_of(SSL_get_SSL_CTX(connection));
  if (trace == nullptr) return;
  if ((where & SSL_CB_HANDSHAKE_START) != 0 && !trace->server_name.empty()) {
    // cpprestsdk offers no way to send a server name that differs from the URL's host; the
    // handshake has not built its first message yet. (The macro for this has C casts.)
    SSL_ctrl(const_cast<SSL*>(connection), SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
             trace->server_name.data());
  }
  if ((where & SSL_CB_HANDSHAKE_DONE) != 0) ++trace->completed;
  const bool fatal = (value >> 8) == SSL3_AL_FATAL;
  if ((where & SSL_CB_READ_ALERT) == SSL_CB_READ_ALERT && fatal) {
    trace->alert = alert_text(value & 0xff);
  }
}

}  // namespace

void disable_default_roots() {
  setenv("SSL_CERT_FILE", "/nonexistent", 1);
  setenv("SSL_CERT_DIR", "/nonexistent", 1);
}

struct TlsContext::State {
  Store store;
  std::vector<Certificate> own;  // leaf first
  Key key;
};

TlsContext::TlsContext() : state_(std::make_unique<State>()) {}
TlsContext::~TlsContext() = default;

base::Status TlsContext::add_roots(const TlsSettings& settings, std::string& digests) {
  X509_STORE* store = state_->store.get();
  if (settings.system_roots) {
    for (const char* bundle : kSystemBundles) {
      if (X509_STORE_load_file(store, bundle) == 1) break;
      // One that cannot be read would make OpenSSL drop all that come after it.
      auto pem = read_file(bundle, kPemBytesMax);
      if (!pem) continue;
      const Certificates readable = certificates_in(pem->reveal());
      for (const Certificate& root : readable.all) X509_STORE_add_cert(store, root.get());
      warn(bundle, readable.problems);
      if (!readable.all.empty()) break;
    }
    ERR_clear_error();
  }
  if (!settings.ca.given()) return base::Done{};
  auto pem = bytes_of(settings.ca);
  if (!pem) return pem.error();
  const Certificates roots = certificates_in(pem->reveal());
  const std::string name = name_of(settings.ca, "CA certificate");
  if (roots.all.empty()) return none_in(name, roots);
  for (const Certificate& root : roots.all) X509_STORE_add_cert(store, root.get());
  warn(name, roots.problems);
  digests += base::sha256_hex(pem->reveal());
  return base::Done{};
}

void TlsContext::warn(const std::string& name, const std::vector<std::string>& problems) {
  for (const std::string& problem : problems) {
    warnings_.push_back(name + ": " + problem + " and is left out");
  }
}

base::Status TlsContext::add_own(const TlsSettings& settings, std::string& digests) {
  if (settings.certificate.given() != settings.key.given()) {
    return bad("a client certificate needs its key, and a client key its certificate");
  }
  if (!settings.certificate.given()) return base::Done{};
  auto pem = bytes_of(settings.certificate);
  if (!pem) return pem.error();
  auto key_pem = bytes_of(settings.key);
  if (!key_pem) return key_pem.error();
  Certificates read = certificates_in(pem->reveal());
  const std::string name = name_of(settings.certificate, "client certificate");
  if (read.all.empty()) return none_in(name, read);
  state_->own = std::move(read.all);
  warn(name, read.problems);
  const std::string_view key_text = key_pem->reveal();
  const Bio bio(BIO_new_mem_buf(key_text.data(), static_cast<int>(key_text.size())));
  // Without this an encrypted key would ask for its password on the terminal.
  const auto no_password = [](char*, int, int, void*) { return 0; };
  state_->key.reset(PEM_read_bio_PrivateKey(bio.get(), nullptr, no_password, nullptr));
  const bool fits =
      state_->key && X509_check_private_key(state_->own.front().get(), state_->key.get()) == 1;
  ERR_clear_error();
  if (!fits) {
    return bad(name_of(settings.key, "client key") +
               " is not the unencrypted key of the client certificate");
  }
  digests += base::sha256_hex(pem->reveal()) + base::sha256_hex(key_text);
  return base::Done{};
}

base::Result<std::shared_ptr<const TlsContext>> TlsContext::load(const TlsSettings& settings) {
  std::shared_ptr<TlsContext> out(new TlsContext());
  std::string digests;
  out->state_->store.reset(X509_STORE_new());
  out->insecure_ = settings.insecure;
  if (base::Status roots = out->add_roots(settings, digests); !roots) return roots.error();
  if (base::Status own = out->add_own(settings, digests); !own) return own.error();
  out->fingerprint_ = base::sha256_hex(digests);
  return std::shared_ptr<const TlsContext>(std::move(out));
}

void TlsContext::apply(SSL_CTX* context, SharedTrace trace) const {
  trace->left_out = warnings_.empty() ? "" : warnings_.front();
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  SSL_CTX_set1_cert_store(context, state_->store.get());
  if (!state_->own.empty()) {
    SSL_CTX_use_certificate(context, state_->own.front().get());
    for (std::size_t i = 1; i < state_->own.size(); ++i) {
      SSL_CTX_add1_chain_cert(context, state_->own[i].get());
    }
    SSL_CTX_use_PrivateKey(context, state_->key.get());
  }
  if (!insecure_) SSL_CTX_set_cert_verify_callback(context, verify, trace.get());
  SSL_CTX_set_info_callback(context, on_progress);
  SSL_CTX_set_ex_data(context, trace_index(), new SharedTrace(std::move(trace)));
}

}  // namespace nbkeys::shell
