#pragma once
// Why the certificate of a server is refused, in words that a person can act on. What stands in a
// certificate comes from outside: it is shown bounded and printable.

#include <openssl/x509.h>

#include <string>

#include "base/time.h"

namespace nbkeys::shell {

// Of what kind the remedy is.
enum class CertificateFault { kNone, kIssuer, kName, kDate };

struct CertificateRefusal {
  CertificateFault fault = CertificateFault::kNone;
  std::string text;    // "hostname mismatch: it is for a.example and b.example"
  std::string remedy;  // empty: as the settings of that server say for such a fault
};

// `error` is OpenSSL's X509_V_ERR_..., met at `depth` (0: the server's own) of the chain.
CertificateRefusal refusal_of(int error, const X509* certificate, int depth,
                              const std::string& host, base::WallTime now);

}  // namespace nbkeys::shell
