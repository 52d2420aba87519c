#include "base/secret_text.h"

#include <openssl/crypto.h>

#include <cstring>
#include <utility>

namespace nbkeys::base {

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
  if (size_ + more.size() > capacity_) reserve((size_ + more.size()) * 3 / 2 + 16);
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

}  // namespace nbkeys::base
