// The one target of this program, as libFuzzer calls it.

#include <cstdio>
#include <cstdlib>

#include "fuzz/target.h"

namespace nbkeys::fuzz {

void broken(const char* promise, const char* file, int line) {
  std::fprintf(stderr, "broken promise at %s:%d: %s\n", file, line, promise);
  std::abort();
}

}  // namespace nbkeys::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  nbkeys::fuzz::targets()->run({reinterpret_cast<const char*>(data), size});
  return 0;
}
