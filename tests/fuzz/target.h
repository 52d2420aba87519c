#pragma once
// A target is a function over foreign bytes that must hold its promises whatever the bytes are. The
// same source runs under libFuzzer, which looks for bytes, and under gtest, which replays those
// that were worth keeping.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace nbkeys::fuzz {

using Run = void (*)(std::string_view bytes);

struct Target {
  const char* name;
  Run run;
  const Target* next;
};

// All targets that are linked in.
const Target*& targets();

struct Registration {
  Target target;
  Registration(const char* name, Run run) : target{name, run, targets()} { targets() = &target; }
};

// A promise was broken: ends the process under libFuzzer, fails the test under gtest.
void broken(const char* promise, const char* file, int line);

// Takes numbers off the front of the bytes, so that the fuzzer decides more than text; 0 where
// nothing is left.
class Script {
 public:
  explicit Script(std::string_view bytes) : rest_(bytes) {}

  std::uint8_t number() {
    if (rest_.empty()) return 0;
    const auto value = static_cast<std::uint8_t>(rest_.front());
    rest_.remove_prefix(1);
    return value;
  }
  std::string_view text(std::size_t length) {
    const std::string_view out = rest_.substr(0, length);
    rest_.remove_prefix(out.size());
    return out;
  }
  // Up to the mark, which is dropped; everything where there is none.
  std::string_view text_until(char mark) {
    const std::string_view out = rest_.substr(0, rest_.find(mark));
    rest_.remove_prefix(out.size());
    if (!rest_.empty()) rest_.remove_prefix(1);
    return out;
  }
  std::string_view rest() const { return rest_; }
  bool empty() const { return rest_.empty(); }

 private:
  std::string_view rest_;
};

// Looks like a setup key and is none. Planted where a real one may stand, and searched for where
// none may.
inline constexpr std::string_view kPlantedKey = "0A1B2C3D-4E5F-6071-8293-A4B5C6D7E8F9";

}  // namespace nbkeys::fuzz

#define FUZZ_TARGET(name)                                                            \
  static void run_##name(std::string_view bytes);                                    \
  static const ::nbkeys::fuzz::Registration kRegistration_##name{#name, run_##name}; \
  static void run_##name(std::string_view bytes)

#define PROMISE(condition) \
  ((condition) ? static_cast<void>(0) : ::nbkeys::fuzz::broken(#condition, __FILE__, __LINE__))
