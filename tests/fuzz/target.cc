#include "fuzz/target.h"

namespace nbkeys::fuzz {

const Target*& targets() {
  static const Target* first = nullptr;
  return first;
}

}  // namespace nbkeys::fuzz
