#include "shell/certificate_words.h"

#include <arpa/inet.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <array>
#include <ctime>
#include <memory>
#include <string_view>
#include <vector>

#include "base/words.h"
#include "shell/url.h"

namespace nbkeys::shell {
namespace {

constexpr std::size_t kNamesMax = 6, kNameBytesMax = 64, kListBytesMax = 160;

struct FreeNames {
  void operator()(GENERAL_NAMES* names) const { GENERAL_NAMES_free(names); }
};

std::string_view bytes_of(const ASN1_STRING* text) {
  return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)),
          static_cast<std::size_t>(ASN1_STRING_length(text))};
}

std::string shown(std::string_view foreign) { return base::foreign_words(foreign, kNameBytesMax); }

std::string address_text(std::string_view bytes) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  const int family = bytes.size() == 4 ? AF_INET : AF_INET6;
  if (bytes.size() != 4 && bytes.size() != 16) return "";
  return inet_ntop(family, bytes.data(), text.data(), text.size()) == nullptr ? "" : text.data();
}

// DNS names and addresses, in the certificate's order.
std::vector<std::string> names_in(const X509* certificate) {
  const std::unique_ptr<GENERAL_NAMES, FreeNames> names(static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
  std::vector<std::string> out;
  for (int i = 0; i < sk_GENERAL_NAME_num(names.get()); ++i) {
    int type = 0;
    const void* value = GENERAL_NAME_get0_value(sk_GENERAL_NAME_value(names.get(), i), &type);
    if (type != GEN_DNS && type != GEN_IPADD) continue;
    const std::string_view bytes = bytes_of(static_cast<const ASN1_STRING*>(value));
    out.push_back(type == GEN_DNS ? shown(bytes) : address_text(bytes));
    if (out.back().empty()) out.pop_back();
  }
  return out;
}

std::string common_name(const X509* certificate) {
  const X509_NAME* subject = X509_get_subject_name(certificate);
  const int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
  if (at < 0) return "";
  return shown(bytes_of(X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at))));
}

std::string list_of(const std::vector<std::string>& names) {
  std::string out = names.front();
  std::size_t count = 1;
  while (count < std::min(names.size(), kNamesMax) &&
         out.size() + names[count].size() < kListBytesMax) {
    out += ", " + names[count++];
  }
  if (count < names.size()) out += " and " + std::to_string(names.size() - count) + " more";
  return out;
}

std::string time_text(const ASN1_TIME* time) {
  std::tm parts{};
  if (ASN1_TIME_to_tm(time, &parts) != 1) return "an unreadable time";
  const std::chrono::seconds since_epoch{timegm(&parts)};
  return base::format_rfc3339({since_epoch});
}

CertificateRefusal name_refusal(std::string text, const X509* certificate,
                                const std::string& host) {
  const std::vector<std::string> names = names_in(certificate);
  if (!names.empty()) {
    return {CertificateFault::kName, std::move(text) + ": it is for " + list_of(names), ""};
  }
  const std::string common = common_name(certificate);
  text += ": it has no subject alternative name that is a host";
  if (!common.empty()) text += ", only the common name '" + common + "', which no longer counts";
  return {CertificateFault::kName, std::move(text),
          "have it issued anew with the subject alternative name " +
              std::string(is_ip_literal(host) ? "IP:" : "DNS:") + host};
}

}  // namespace

CertificateRefusal refusal_of(int error, const X509* certificate, int depth,
                              const std::string& host, base::WallTime now) {
  std::string text = X509_verify_cert_error_string(error);
  if (certificate == nullptr) return {CertificateFault::kIssuer, std::move(text), ""};
  if (error == X509_V_ERR_HOSTNAME_MISMATCH || error == X509_V_ERR_IP_ADDRESS_MISMATCH) {
    return name_refusal(std::move(text), certificate, host);
  }
  const bool late = error == X509_V_ERR_CERT_HAS_EXPIRED;
  if (!late && error != X509_V_ERR_CERT_NOT_YET_VALID) {
    return {CertificateFault::kIssuer, std::move(text), ""};
  }
  if (depth > 0) text += " (its CA '" + common_name(certificate) + "')";
  text += late ? ": valid until " + time_text(X509_get0_notAfter(certificate))
               : ": valid from " + time_text(X509_get0_notBefore(certificate));
  return {CertificateFault::kDate,
          std::move(text) + ", and here it is " + base::format_rfc3339(now),
          late ? "renew it, or set this machine's clock right"
               : "wait, or set this machine's clock right"};
}

}  // namespace nbkeys::shell
