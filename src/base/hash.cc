#include "base/hash.h"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <cstdint>

#include "base/check.h"

namespace nbkeys::base {

std::string sha256_hex(std::string_view bytes) {
  // Fetched once: looking the algorithm up takes longer than most of our digests.
  static const EVP_MD* const kSha256 = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  CHECK(EVP_Digest(bytes.data(), bytes.size(), digest.data(), &size, kSha256, nullptr) == 1);
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string out;
  out.reserve(size * 2);
  for (unsigned int i = 0; i < size; ++i) {
    out += kHex[digest[i] >> 4];
    out += kHex[digest[i] & 15];
  }
  return out;
}

namespace {
constexpr std::string_view kAlphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
}  // namespace

SecretText base64_encode(std::string_view bytes) {
  SecretText out;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::size_t n = std::min<std::size_t>(3, bytes.size() - i);
    std::uint32_t block = 0;
    for (std::size_t k = 0; k < 3; ++k) {
      block = block << 8 | (k < n ? static_cast<unsigned char>(bytes[i + k]) : 0u);
    }
    std::array<char, 4> four{};
    for (std::size_t k = 0; k < 4; ++k) four[k] = kAlphabet[block >> (18 - 6 * k) & 63];
    if (n < 3) four[3] = '=';
    if (n < 2) four[2] = '=';
    out.append({four.data(), four.size()});
  }
  return out;
}

std::optional<SecretText> base64_decode(std::string_view text) {
  if (text.size() % 4 != 0) return std::nullopt;
  SecretText out;
  for (std::size_t i = 0; i < text.size(); i += 4) {
    std::uint32_t block = 0;
    std::size_t pad = 0;
    for (std::size_t k = 0; k < 4; ++k) {
      const char c = text[i + k];
      const bool last = i + 4 == text.size();
      if (c == '=' && last && k >= 2) {
        ++pad;
        block <<= 6;
        continue;
      }
      const std::size_t at = kAlphabet.find(c);
      if (at == std::string_view::npos || pad > 0) return std::nullopt;
      block = block << 6 | static_cast<std::uint32_t>(at);
    }
    std::array<char, 3> three{static_cast<char>(block >> 16), static_cast<char>(block >> 8),
                              static_cast<char>(block)};
    out.append({three.data(), 3 - pad});
  }
  return out;
}

}  // namespace nbkeys::base
