#pragma once
// Gives memory back to the system that this process holds and does not use.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "base/time.h"

namespace nbkeys::shell {

struct AddressRange {
  std::uintptr_t begin = 0, end = 0;
  bool operator==(const AddressRange&) const = default;
};

// Out of the text of /proc/self/smaps: the mapped files of which this process has changed nothing
// and can change nothing, so that the system can read each page anew when it is used.
std::vector<AddressRange> unchanged_mappings(std::string_view smaps);

// The free pages of the heap.
void give_back_heap();

// Pages of code and constants of the program and its libraries. What is used again comes back from
// the page cache; but much of it served the start alone (options, CA bundle, TLS), and the kernel
// maps 16 pages around each that is touched. Costs some ms with a heap of 50 MB, because the kernel
// looks at each page to tell which are unchanged.
void give_back_code();

// Says when: a while after the last thing that left much behind, so that a burst pays once, and
// what costs some ms does not come again soon.
class Thrift {
 public:
  // How long to wait from now on, unless there is a newer reason by then.
  base::Duration wait(base::Instant now) const;
  // Whether an answer of that size is a reason.
  static bool leaves_much(std::size_t answer_bytes);
  void gave_back(base::Instant now) { last_ = now; }

 private:
  std::optional<base::Instant> last_;
};

}  // namespace nbkeys::shell
