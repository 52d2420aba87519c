#include "shell/certificate_words.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/x509_vfy.h>

#include "shell/certificates.h"
#include "tls_identity.h"

namespace nbkeys::shell {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr base::WallTime kNow{std::chrono::seconds{1'800'000'000}};

CertificateRefusal refusal(int error, const CertificateWish& wish,
                           const std::string& host = "netbird.test", int depth = 0) {
  const Certificates read = certificates_in(make_identity(wish).certificate_pem);
  return refusal_of(error, read.all.front().get(), depth, host, kNow);
}

TEST(CertificateWords, AWrongNameListsTheNamesThatAreThere) {
  const auto two = refusal(X509_V_ERR_HOSTNAME_MISMATCH, {"DNS:*.a.test,IP:10.0.0.1,IP:fd00::1"});
  EXPECT_EQ(two.text, "hostname mismatch: it is for *.a.test, 10.0.0.1, fd00::1");
  EXPECT_EQ(two.fault, CertificateFault::kName);
  EXPECT_EQ(two.remedy, "") << "which address to write these into, the settings know";
}

TEST(CertificateWords, OfManyAndLongNamesAFewAreShownAndShort) {
  std::string names;
  for (int i = 0; i < 100; ++i) {
    names += (i == 0 ? "DNS:" : ",DNS:") + std::to_string(i) + std::string(200, 'x') + ".test";
  }
  const auto many = refusal(X509_V_ERR_HOSTNAME_MISMATCH, {names});
  EXPECT_THAT(many.text, HasSubstr(", 1xxx"));
  EXPECT_THAT(many.text, HasSubstr(" and 98 more"));
  EXPECT_LT(many.text.size(), 250u);
  names = "DNS:0.test";
  for (int i = 1; i < 8; ++i) names += ",DNS:" + std::to_string(i) + ".test";
  EXPECT_THAT(refusal(X509_V_ERR_HOSTNAME_MISMATCH, {names}).text,
              testing::EndsWith("4.test, 5.test and 2 more"));
}

TEST(CertificateWords, ForeignBytesAreMadeText) {
  const auto odd = refusal(X509_V_ERR_HOSTNAME_MISMATCH, {"DNS:a\x1b[31mb.test"});
  EXPECT_EQ(odd.text, "hostname mismatch: it is for a [31mb.test");
  const auto named = refusal(X509_V_ERR_HOSTNAME_MISMATCH, {"",
                                                            "a\x07"
                                                            "b"});
  EXPECT_THAT(named.text, HasSubstr("'a b'"));
}

TEST(CertificateWords, ACommonNameAloneIsSaidToCountNoLonger) {
  const auto alone = refusal(X509_V_ERR_HOSTNAME_MISMATCH, {"", "netbird.test"});
  EXPECT_EQ(alone.text,
            "hostname mismatch: it has no subject alternative name that is a host, only the common "
            "name 'netbird.test', which no longer counts");
  EXPECT_EQ(alone.remedy, "have it issued anew with the subject alternative name DNS:netbird.test");
  const auto address = refusal(X509_V_ERR_IP_ADDRESS_MISMATCH, {"URI:spiffe://x"}, "10.0.0.1");
  EXPECT_THAT(address.text, HasSubstr("IP address mismatch: it has no subject alternative name"));
  EXPECT_THAT(address.remedy, HasSubstr("IP:10.0.0.1"));
}

TEST(CertificateWords, ADateIsSaidWithTheDates) {
  const auto late = refusal(X509_V_ERR_CERT_HAS_EXPIRED, {"DNS:a.test"});
  EXPECT_THAT(late.text, testing::MatchesRegex("certificate has expired: valid until "
                                               "20..-..-..T..:..:..Z, and here it is "
                                               "2027-01-15T08:00:00Z"));
  EXPECT_EQ(late.fault, CertificateFault::kDate);
  EXPECT_THAT(late.remedy, HasSubstr("renew it"));
  const auto early = refusal(X509_V_ERR_CERT_NOT_YET_VALID, {"DNS:a.test"});
  EXPECT_THAT(early.text, HasSubstr("certificate is not yet valid: valid from 20"));
  EXPECT_THAT(early.remedy, Not(HasSubstr("renew it")));
}

TEST(CertificateWords, ACaIsNamedWhereItsDateIsTheFault) {
  const auto late = refusal(X509_V_ERR_CERT_HAS_EXPIRED, {"", "Our CA"}, "netbird.test", 1);
  EXPECT_THAT(late.text, HasSubstr("certificate has expired (its CA 'Our CA'): valid until 20"));
}

TEST(CertificateWords, AnUnknownIssuerIsAMatterOfTrust) {
  const auto unknown = refusal(X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT, {"DNS:a.test"});
  EXPECT_EQ(unknown.text, "self-signed certificate");
  EXPECT_EQ(unknown.fault, CertificateFault::kIssuer);
  EXPECT_EQ(refusal_of(X509_V_ERR_UNSPECIFIED, nullptr, 0, "x", kNow).fault,
            CertificateFault::kIssuer);
}

}  // namespace
}  // namespace nbkeys::shell
