#pragma once
// Result<T>: a value or an Error, and nothing else. g++ 12 has no std::expected in C++20 mode.

#include <utility>
#include <variant>

#include "base/check.h"
#include "base/error.h"

namespace nbkeys::base {

template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value)
      : state_(std::in_place_index<0>, std::move(value)) {}  // NOLINT: implicit by design
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}  // NOLINT

  bool ok() const { return state_.index() == 0; }
  explicit operator bool() const { return ok(); }

  // REQUIRES: ok()
  T& operator*() & { return checked(); }
  const T& operator*() const& { return const_cast<Result*>(this)->checked(); }
  T&& operator*() && { return std::move(checked()); }
  T* operator->() { return &checked(); }
  const T* operator->() const { return &const_cast<Result*>(this)->checked(); }

  // REQUIRES: !ok()
  const Error& error() const {
    CHECK(!ok());
    return *std::get_if<1>(&state_);
  }

 private:
  T& checked() {
    CHECK(ok());
    return *std::get_if<0>(&state_);
  }

  std::variant<T, Error> state_;
};

struct Done {};
using Status = Result<Done>;

// Visits a variant with one lambda per alternative; no generic fallback, so that a new alternative
// does not compile until each place handles it.
template <typename... Fs>
struct overloaded : Fs... {
  using Fs::operator()...;
};
// Clang before 17 does not deduce the arguments of an aggregate by itself.
template <typename... Fs>
overloaded(Fs...) -> overloaded<Fs...>;

}  // namespace nbkeys::base
