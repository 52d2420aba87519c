#include "shell/certificates.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/hash.h"
#include "tls_identity.h"

namespace nbkeys::shell {
namespace {

using testing::ElementsAre;

std::string certificate() { return make_identity("DNS:a.test").certificate_pem; }

std::string replaced(std::string text, const std::string& what, const std::string& by) {
  const std::size_t at = text.find(what);
  EXPECT_NE(at, std::string::npos);
  return text.replace(at, what.size(), by);
}

std::vector<std::string> problems(const std::string& pem) { return certificates_in(pem).problems; }

TEST(Certificates, AreReadWhateverStandsAroundThem) {
  const std::string one = certificate();
  EXPECT_EQ(certificates_in(one).all.size(), 1u);
  std::string windows = "\xef\xbb\xbf" + one;
  for (std::size_t at = 0; (at = windows.find('\n', at)) != std::string::npos; at += 2) {
    windows.insert(at, "\r");
  }
  std::string indented = "ca: |\n" + one;
  for (std::size_t at = 0; (at = indented.find('\n', at)) != std::string::npos; ++at) {
    indented.insert(at + 1, "    ");
  }
  const auto all = certificates_in(windows + "Subject: CN=next\n" + one + indented);
  EXPECT_EQ(all.all.size(), 3u);
  EXPECT_THAT(all.problems, ElementsAre());
}

TEST(Certificates, ABadBlockIsNamedByItsNumberAndTheOthersCount) {
  const std::string good = certificate();
  const std::string torn = replaced(good, "-----END CERTIFICATE-----\n", "");
  const auto lines = std::count(good.begin(), good.end(), '\n');
  const auto all = certificates_in(good + torn + good);
  EXPECT_EQ(all.all.size(), 2u);
  EXPECT_THAT(all.problems,
              ElementsAre("block 2 (line " + std::to_string(lines + 1) + ") has no END line"));
}

TEST(Certificates, EachDamageHasItsWords) {
  const std::string good = certificate();
  EXPECT_THAT(problems(replaced(good, "\nMII", "\nM?I")),
              ElementsAre("block 1 (line 1) has damaged base64"));
  EXPECT_THAT(problems(replaced(good, "\nMII", "\nMIJ")),
              ElementsAre("block 1 (line 1) holds no certificate, although it says so"));
  EXPECT_THAT(problems(replaced(good, "-----BEGIN", "---BEGIN")),
              ElementsAre("block 1 (line 1) has a damaged BEGIN line"));
  EXPECT_THAT(problems(replaced(good, "-----END", "-----END MY")),
              ElementsAre("block 1 (line 1) has a damaged END line"));
  EXPECT_THAT(problems(replaced(good, "-----\n", "----- ")),
              ElementsAre("block 1 (line 1) has more on its BEGIN line (were line breaks lost?)"));
  EXPECT_THAT(problems("-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n"),
              ElementsAre("block 1 (line 1) is empty"));
}

TEST(Certificates, ATextWithoutAnySaysWhatItIsInstead) {
  const TlsIdentity identity = make_identity("DNS:a.test");
  EXPECT_THAT(problems(" \n"), ElementsAre("it is empty"));
  EXPECT_THAT(problems("nothing of use"),
              ElementsAre("it has no line -----BEGIN CERTIFICATE-----"));
  EXPECT_THAT(problems(identity.key_pem), ElementsAre("block 1 (line 1) is a PRIVATE KEY"));
  EXPECT_THAT(problems(std::string(base::base64_encode(identity.certificate_pem).reveal())),
              ElementsAre("it is base64 of PEM text, so it has to be decoded once"));
  EXPECT_THAT(problems("\x30\x82\x01\x10 and so on"),
              ElementsAre("it is in DER form; openssl x509 -inform der turns that into PEM"));
}

TEST(Certificates, OfManyBadBlocksAFewAreNamed) {
  std::string many;
  for (int i = 0; i < 1'000; ++i) many += "-----BEGIN CERTIFICATE-----\n!\n";
  EXPECT_EQ(problems(many).size(), 4u);
}

TEST(Certificates, WhatBelongsToOthersIsPassedOver) {
  const TlsIdentity identity = make_identity("DNS:a.test");
  const auto all = certificates_in(identity.key_pem + identity.certificate_pem);
  EXPECT_EQ(all.all.size(), 1u);
  EXPECT_THAT(all.problems, ElementsAre());
}

}  // namespace
}  // namespace nbkeys::shell
