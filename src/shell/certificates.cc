#include "shell/certificates.h"

#include <openssl/err.h>
#include <openssl/evp.h>

#include <algorithm>
#include <cstddef>
#include <utility>

#include "base/trim.h"
#include "base/words.h"

namespace nbkeys::shell {
namespace {

constexpr std::size_t kProblemsMax = 4;
constexpr std::size_t kLabelBytesMax = 40;
constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
constexpr std::string_view kBlanks = " \t\r\v\f";

struct Block {
  std::size_t number = 0, line = 0;
  std::string label;   // "CERTIFICATE", "PRIVATE KEY"
  std::string base64;  // without line breaks
  std::string problem;

  bool is_certificate() const { return label == "CERTIFICATE" || label == "X509 CERTIFICATE"; }
};

// A line that begins a block, be it damaged: a block that is passed over unseen is worse than one
// that is told.
bool begins_block(std::string_view line) {
  return line.starts_with("--") && line.find("BEGIN ") != std::string_view::npos;
}

Block block_of(std::string_view line, std::size_t number, std::size_t line_number) {
  constexpr std::string_view kBegin = "-----BEGIN ", kDashes = "-----";
  Block out;
  out.number = number;
  out.line = line_number;
  std::string_view label = line.substr(line.find("BEGIN ") + 6);
  const std::size_t end = label.find('-');
  const std::string_view after = end == std::string_view::npos ? "" : label.substr(end);
  out.label = label.substr(0, end);
  if (after.starts_with(kDashes) && after.size() > kDashes.size()) {
    out.problem = "has more on its BEGIN line (were line breaks lost?)";
  } else if (!line.starts_with(kBegin) || after != kDashes) {
    out.problem = "has a damaged BEGIN line";
  }
  return out;
}

// Calls `take` with each block of the text.
template <typename Take>
void each_block(std::string_view pem, Take take) {
  if (pem.starts_with(kByteOrderMark)) pem.remove_prefix(kByteOrderMark.size());
  Block block;
  std::size_t number = 0, line_number = 0;
  const auto end_block = [&](std::string_view end_line) {
    if (block.number != 0 && block.problem.empty() &&
        end_line != "-----END " + block.label + "-----") {
      block.problem = end_line.empty() ? "has no END line" : "has a damaged END line";
    }
    if (block.number != 0) take(std::move(block));
    block = {};
  };
  while (!pem.empty()) {
    const std::size_t end = std::min(pem.find('\n'), pem.size());
    const std::string_view line = base::trimmed(pem.substr(0, end), kBlanks);
    pem.remove_prefix(std::min(end + 1, pem.size()));
    ++line_number;
    if (begins_block(line)) {
      end_block("");
      block = block_of(line, ++number, line_number);
    } else if (line.starts_with("--") && line.find("END ") != std::string_view::npos) {
      end_block(line);
    } else if (block.number != 0) {
      block.base64 += line;
    }
  }
  end_block("");
}

Certificate read_certificate(Block& block) {
  if (!block.problem.empty()) return nullptr;
  std::vector<unsigned char> der(block.base64.size() / 4 * 3 + 3);
  const int size =
      EVP_DecodeBlock(der.data(), reinterpret_cast<const unsigned char*>(block.base64.data()),
                      static_cast<int>(block.base64.size()));
  if (size <= 0) {
    block.problem = block.base64.empty() ? "is empty" : "has damaged base64";
    return nullptr;
  }
  const unsigned char* at = der.data();
  Certificate out(d2i_X509(nullptr, &at, size));
  if (!out) block.problem = "holds no certificate, although it says so";
  ERR_clear_error();
  return out;
}

std::string what_else(std::string_view text) {
  // Base64 of "-----BEGIN ", and the first bytes of every certificate.
  constexpr std::string_view kPacked = "LS0tLS1CRUdJTi", kDer = "\x30\x82";
  text = base::trimmed(text, kBlanks);
  if (text.find_first_not_of(" \t\r\n") == std::string_view::npos) return "it is empty";
  if (text.starts_with(kPacked)) return "it is base64 of PEM text, so it has to be decoded once";
  if (text.starts_with(kDer)) {
    return "it is in DER form; openssl x509 -inform der turns that into PEM";
  }
  return "it has no line -----BEGIN CERTIFICATE-----";
}

}  // namespace

Certificates certificates_in(std::string_view pem) {
  Certificates out;
  std::string other;
  each_block(pem, [&](Block block) {
    const std::string name =
        "block " + std::to_string(block.number) + " (line " + std::to_string(block.line) + ") ";
    if (!block.is_certificate()) {
      if (other.empty()) other = name + "is a " + base::foreign_words(block.label, kLabelBytesMax);
      return;
    }
    if (Certificate read = read_certificate(block)) {
      out.all.push_back(std::move(read));
    } else if (out.problems.size() < kProblemsMax) {
      out.problems.push_back(name + block.problem);
    }
  });
  if (out.all.empty() && out.problems.empty()) {
    out.problems.push_back(other.empty() ? what_else(pem) : other);
  }
  return out;
}

}  // namespace nbkeys::shell
