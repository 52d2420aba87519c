#pragma once
// SecretText: key material, tokens and the bodies that carry them. Moves only, wipes its memory
// when it dies, and has no printer and no JSON conversion, so that a slip does not compile.
// reveal() is the one way in: grep for it to see every place where plaintext is read.

#include <cstddef>
#include <string>
#include <string_view>

namespace nbkeys::base {

class SecretText {
 public:
  SecretText() = default;
  explicit SecretText(std::string text);  // takes the bytes over; the caller's string is wiped
  SecretText(SecretText&& other) noexcept;
  SecretText& operator=(SecretText&& other) noexcept;
  SecretText(const SecretText&) = delete;
  SecretText& operator=(const SecretText&) = delete;
  ~SecretText();

  // Valid until this object changes or dies. Never log it, never keep a copy in a plain string.
  std::string_view reveal() const { return {bytes_, size_}; }
  bool empty() const { return size_ == 0; }
  std::size_t size() const { return size_; }

  // Appends, growing without leaving unwiped copies behind.
  void append(std::string_view more);
  SecretText copy() const;

 private:
  void wipe();
  void reserve(std::size_t capacity);

  char* bytes_ = nullptr;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
};

// Overwrites the string's bytes in a way that the compiler may not remove, then empties it.
void wipe(std::string& text);

// A server's words may quote what it refuses, as an admission webhook does: whatever looks like a
// setup key, in plain text or in base64, is taken out. To be called before a text is cut short.
std::string without_keys(std::string_view text);

}  // namespace nbkeys::base
