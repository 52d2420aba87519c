#pragma once
// Certificates in PEM text as people put it together: what can be read counts, as with kubectl, and
// what cannot is named by its number instead of ending the text without a word.

#include <openssl/x509.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace nbkeys::shell {

struct FreeCertificate {
  void operator()(X509* certificate) const { X509_free(certificate); }
};
using Certificate = std::unique_ptr<X509, FreeCertificate>;

struct Certificates {
  std::vector<Certificate> all;
  // Each names a block that should be a certificate and cannot be read, by its number among all
  // blocks and its line; of many only the first few. Where there is no block at all: what the text
  // is instead.
  std::vector<std::string> problems;
};

Certificates certificates_in(std::string_view pem);

}  // namespace nbkeys::shell
