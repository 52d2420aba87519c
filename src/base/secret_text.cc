#include "base/secret_text.h"

#include <openssl/crypto.h>

#include <algorithm>
#include <cstring>
#include <utility>

namespace nbkeys::base {
namespace {

// A key has 36 characters, its base64 48; names and UIDs at Kubernetes have no upper case.
constexpr std::size_t kKeyMin = 24;

constexpr std::size_t kStepMax = 4u << 20;

bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool in_keys(char c) {
  return is_upper(c) || is_lower(c) || is_digit(c) || c == '-' || c == '+' || c == '/' || c == '=';
}

bool may_be_key(std::string_view run) {
  if (run.size() < kKeyMin || std::none_of(run.begin(), run.end(), is_digit)) return false;
  return std::any_of(run.begin(), run.end(), is_upper) ||
         std::none_of(run.begin(), run.end(), is_lower);
}

}  // namespace

SecretText::SecretText(std::string text) {
  append(text);
  base::wipe(text);
}

SecretText::SecretText(SecretText&& other) noexcept
    : bytes_(std::exchange(other.bytes_, nullptr)),
      size_(std::exchange(other.size_, 0)),
      capacity_(std::exchange(other.capacity_, 0)) {}

SecretText& SecretText::operator=(SecretText&& other) noexcept {
  if (this != &other) {
    wipe();
    bytes_ = std::exchange(other.bytes_, nullptr);
    size_ = std::exchange(other.size_, 0);
    capacity_ = std::exchange(other.capacity_, 0);
  }
  return *this;
}

SecretText::~SecretText() { wipe(); }

void SecretText::append(std::string_view more) {
  if (more.empty()) return;
  const std::size_t needed = size_ + more.size();
  // The old bytes are there until they are copied, so that large steps would double the peak.
  if (needed > capacity_) reserve(needed + std::min(needed / 2, kStepMax) + 16);
  std::memcpy(bytes_ + size_, more.data(), more.size());
  size_ += more.size();
}

SecretText SecretText::copy() const {
  SecretText out;
  out.append(reveal());
  return out;
}

void SecretText::wipe() {
  if (bytes_ == nullptr) return;
  OPENSSL_cleanse(bytes_, capacity_);
  delete[] bytes_;
  bytes_ = nullptr;
  size_ = capacity_ = 0;
}

void SecretText::reserve(std::size_t capacity) {
  char* grown = new char[capacity];
  const std::size_t size = size_;
  if (size > 0) std::memcpy(grown, bytes_, size);
  wipe();
  bytes_ = grown;
  size_ = size;
  capacity_ = capacity;
}

void wipe(std::string& text) {
  if (text.capacity() > 0) OPENSSL_cleanse(text.data(), text.size());
  text.clear();
}

std::string without_keys(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const auto end = std::find_if_not(text.begin(), text.end(), in_keys);
    const std::string_view run = text.substr(0, static_cast<std::size_t>(end - text.begin()));
    out += may_be_key(run) ? "(hidden)" : run;
    text.remove_prefix(run.size());
    if (text.empty()) break;
    out += text.front();
    text.remove_prefix(1);
  }
  return out;
}

}  // namespace nbkeys::base
