#pragma once
// Certificates made on the spot for TLS tests: self-signed, so that the certificate is its own CA,
// or issued by another one.

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <memory>
#include <string>

namespace nbkeys::shell {

struct TlsIdentity {
  std::string certificate_pem, key_pem;
};

inline std::string pem_text(BIO* bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  std::string out(data, static_cast<std::size_t>(size));
  BIO_free_all(bio);
  return out;
}

struct CertificateWish {
  std::string names;  // a subjectAltName value such as "DNS:localhost,IP:127.0.0.1"; empty: none
  std::string common_name = "test";
  long from_s = -7200, until_s = 3600;  // from now
  bool ca = false;
};

inline void add_extension(X509* certificate, int kind, const std::string& value) {
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, nullptr, kind, value.c_str());
  X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
}

// The issuer of what is signed: its name and key.
inline void sign(X509* certificate, EVP_PKEY* own_key, const TlsIdentity* issuer) {
  if (issuer == nullptr) {
    X509_set_issuer_name(certificate, X509_get_subject_name(certificate));
    X509_sign(certificate, own_key, EVP_sha256());
    return;
  }
  BIO* bio = BIO_new_mem_buf(issuer->certificate_pem.data(),
                             static_cast<int>(issuer->certificate_pem.size()));
  X509* above = PEM_read_bio_X509(bio, nullptr, nullptr, nullptr);
  BIO_free_all(bio);
  bio = BIO_new_mem_buf(issuer->key_pem.data(), static_cast<int>(issuer->key_pem.size()));
  EVP_PKEY* key = PEM_read_bio_PrivateKey(bio, nullptr, nullptr, nullptr);
  BIO_free_all(bio);
  X509_set_issuer_name(certificate, X509_get_subject_name(above));
  X509_sign(certificate, key, EVP_sha256());
  X509_free(above);
  EVP_PKEY_free(key);
}

inline TlsIdentity make_identity(const CertificateWish& wish, const TlsIdentity* issuer = nullptr) {
  EVP_PKEY* key = EVP_EC_gen("P-256");
  X509* certificate = X509_new();
  X509_set_version(certificate, 2);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
  X509_gmtime_adj(X509_getm_notBefore(certificate), wish.from_s);
  X509_gmtime_adj(X509_getm_notAfter(certificate), wish.until_s);
  X509_set_pubkey(certificate, key);
  X509_NAME* name = X509_get_subject_name(certificate);
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>(wish.common_name.c_str()), -1,
                             -1, 0);
  if (!wish.names.empty()) add_extension(certificate, NID_subject_alt_name, wish.names);
  if (wish.ca) add_extension(certificate, NID_basic_constraints, "critical,CA:TRUE");
  sign(certificate, key, issuer);
  TlsIdentity out;
  BIO* bio = BIO_new(BIO_s_mem());
  PEM_write_bio_X509(bio, certificate);
  out.certificate_pem = pem_text(bio);
  bio = BIO_new(BIO_s_mem());
  PEM_write_bio_PrivateKey(bio, key, nullptr, nullptr, 0, nullptr, nullptr);
  out.key_pem = pem_text(bio);
  X509_free(certificate);
  EVP_PKEY_free(key);
  return out;
}

inline TlsIdentity make_identity(const std::string& names, const std::string& common_name = "test",
                                 long valid_s = 3600) {
  return make_identity(CertificateWish{names, common_name, -7200, valid_s, false});
}

}  // namespace nbkeys::shell
