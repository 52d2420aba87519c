#pragma once
// Values as a few bytes while nobody looks at them: an object of a thousand bytes with thirty
// strings becomes one block of some hundred. For this process's own memory only: nothing packed is
// ever stored, sent or taken from outside.

#include <chrono>
#include <concepts>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/time.h"

namespace nbkeys::base {

// The members of a struct in their order, as a tuple of references. A specialisation names them by
// a structured binding, so that a struct which grows does not compile until its new member is
// there:
//   template <> struct Members<Thing> {
//     static auto of(auto& thing) { auto& [a, b] = thing; return std::tie(a, b); }
//   };
template <typename T>
struct Members;

template <>
struct Members<Instant> {
  static auto of(auto& value) { return std::tie(value.since_start); }
};
template <>
struct Members<WallTime> {
  static auto of(auto& value) { return std::tie(value.since_epoch); }
};

class Packer {
 public:
  // Room for most values, and a block that the allocator still counts as small.
  Packer() { bytes_.reserve(960); }

  template <typename T>
  requires std::integral<T> || std::is_enum_v<T>
  void put(T value) {
    // Zigzag, so that small negative numbers stay short; seven bits to a byte.
    const auto number = static_cast<std::int64_t>(value);
    auto rest = static_cast<std::uint64_t>(number) << 1 ^ static_cast<std::uint64_t>(number >> 63);
    for (; rest >= 0x80; rest >>= 7) bytes_ += static_cast<char>(rest | 0x80);
    bytes_ += static_cast<char>(rest);
  }
  void put(Duration value) { put(value.count()); }
  void put(const std::string& value) {
    put(value.size());
    bytes_ += value;
  }
  template <typename T>
  void put(const std::optional<T>& value) {
    put(value.has_value());
    if (value) put(*value);
  }
  template <typename T>
  void put(const std::vector<T>& values) {
    put(values.size());
    for (const T& value : values) put(value);
  }
  template <typename K, typename V>
  void put(const std::map<K, V>& values) {
    put(values.size());
    for (const auto& [key, value] : values) {
      put(key);
      put(value);
    }
  }
  template <typename T>
  requires requires(const T& value) { Members<T>::of(value); }
  void put(const T& value) {
    std::apply([this](const auto&... member) { (this->put(member), ...); }, Members<T>::of(value));
  }
  const std::string& bytes() const { return bytes_; }

 private:
  std::string bytes_;
};

class Unpacker {
 public:
  explicit Unpacker(std::string_view bytes) : bytes_(bytes) {}

  template <typename T>
  requires std::integral<T> || std::is_enum_v<T>
  void get(T& out) {
    std::uint64_t zigzag = 0;
    for (int shift = 0;; shift += 7) {
      CHECK(!bytes_.empty() && shift < 64);
      const auto byte = static_cast<unsigned char>(bytes_.front());
      bytes_.remove_prefix(1);
      zigzag |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
      if (byte < 0x80) break;
    }
    out = static_cast<T>(static_cast<std::int64_t>(zigzag >> 1 ^ (~(zigzag & 1) + 1)));
  }
  void get(Duration& out) {
    Duration::rep count = 0;
    get(count);
    out = Duration{count};
  }
  void get(std::string& out) {
    const std::size_t size = count();
    CHECK(size <= bytes_.size());
    out.assign(bytes_.substr(0, size));
    bytes_.remove_prefix(size);
  }
  template <typename T>
  void get(std::optional<T>& out) {
    out.reset();
    bool there = false;
    get(there);
    if (there) get(out.emplace());
  }
  template <typename T>
  void get(std::vector<T>& out) {
    out.clear();
    out.resize(count());
    for (T& value : out) get(value);
  }
  template <typename K, typename V>
  void get(std::map<K, V>& out) {
    out.clear();
    for (std::size_t left = count(); left > 0; --left) {
      K key;
      get(key);
      get(out[std::move(key)]);
    }
  }
  template <typename T>
  requires requires(T& value) { Members<T>::of(value); }
  void get(T& out) {
    std::apply([this](auto&... member) { (this->get(member), ...); }, Members<T>::of(out));
  }
  bool at_end() const { return bytes_.empty(); }

 private:
  std::size_t count() {
    std::size_t out = 0;
    get(out);
    return out;
  }

  std::string_view bytes_;
};

// One value, packed. Never empty: a value that was moved from must not be opened.
template <typename T>
class Packed {
 public:
  explicit Packed(const T& value) {
    Packer packer;
    packer.put(value);
    bytes_ = packer.bytes();  // a copy, so that the block has its exact size
  }
  T open() const {
    T out{};
    Unpacker unpacker(bytes_);
    unpacker.get(out);
    CHECK(unpacker.at_end());
    return out;
  }

 private:
  std::string bytes_;
};

}  // namespace nbkeys::base
