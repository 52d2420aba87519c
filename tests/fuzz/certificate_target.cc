// CA files as people give them, and the certificate of a server that is refused.

#include <openssl/err.h>
#include <openssl/x509_vfy.h>

#include <algorithm>

#include "fuzz/target.h"
#include "shell/certificate_words.h"
#include "shell/certificates.h"

namespace nbkeys::fuzz {
namespace {

bool is_one_line(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](unsigned char c) { return c >= ' ' && c != 127; });
}

void refused(const X509* certificate) {
  constexpr base::WallTime kNow{std::chrono::seconds{1'800'000'000}};
  for (const int error :
       {X509_V_ERR_HOSTNAME_MISMATCH, X509_V_ERR_IP_ADDRESS_MISMATCH, X509_V_ERR_CERT_HAS_EXPIRED,
        X509_V_ERR_CERT_NOT_YET_VALID, X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT}) {
    const auto refusal = shell::refusal_of(error, certificate, 1, "netbird.test", kNow);
    PROMISE(!refusal.text.empty() && refusal.text.size() < 300 && is_one_line(refusal.text));
    PROMISE(refusal.remedy.size() < 120 && is_one_line(refusal.remedy));
    PROMISE(refusal.fault != shell::CertificateFault::kNone);
  }
}

}  // namespace

// The bytes as a file, and as what a server sends.
FUZZ_TARGET(certificate) {
  const shell::Certificates read = shell::certificates_in(bytes);
  PROMISE(!read.all.empty() || !read.problems.empty());
  PROMISE(read.problems.size() <= 4);
  for (const std::string& problem : read.problems) {
    PROMISE(problem.size() < 200 && is_one_line(problem));
  }
  for (const shell::Certificate& each : read.all) {
    PROMISE(each != nullptr);
    refused(each.get());
  }
  const auto* at = reinterpret_cast<const unsigned char*>(bytes.data());
  const shell::Certificate sent(d2i_X509(nullptr, &at, static_cast<long>(bytes.size())));
  ERR_clear_error();
  if (sent) refused(sent.get());
}

}  // namespace nbkeys::fuzz
