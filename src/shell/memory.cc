#include "shell/memory.h"

#include <malloc.h>
#include <sys/mman.h>

#include <algorithm>
#include <charconv>

#include "shell/files.h"

namespace nbkeys::shell {
namespace {

// A process with a thousand mappings has 700 KB.
constexpr std::size_t kSmapsBytesMax = 4u << 20;
// Answers beyond this are lists; they are a few KB otherwise.
constexpr std::size_t kLargeAnswer = 256u << 10;
constexpr base::Duration kQuiet{250}, kPause{10'000};

// The text up to `end`, which is taken off with it; all of it where there is no `end`.
std::string_view cut(std::string_view& text, char end) {
  const std::size_t at = text.find(end);
  const std::string_view out = text.substr(0, at);
  text.remove_prefix(at == std::string_view::npos ? text.size() : at + 1);
  return out;
}

std::optional<std::uintptr_t> hexadecimal(std::string_view text) {
  std::uintptr_t out = 0;
  const char* end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, out, 16);
  if (text.empty() || read.ec != std::errc{} || read.ptr != end) return std::nullopt;
  return out;
}

struct Mapping {
  AddressRange range;
  bool fixed_file = false;  // private, and not to be written to
  std::size_t zeros = 0;    // how many of kMustBeZero are
};

// What this process has changed of a private file is an anonymous page, or in the swap. Constants
// that the loader has written addresses into (RELRO) look like any others by their rights alone,
// and must not go. Dirty pages prove nothing: those of a new file are, until it is on the disk.
constexpr std::string_view kMustBeZero[] = {"Anonymous", "Swap"};

// "7f0c5a000000-7f0c5a021000 r-xp 00001000 08:01 131 /usr/lib/libc.so.6"; nothing for other lines.
std::optional<Mapping> head(std::string_view line) {
  std::string_view range = cut(line, ' ');
  const auto begin = hexadecimal(cut(range, '-'));
  const auto end = hexadecimal(range);
  if (!begin || !end || *end <= *begin) return std::nullopt;
  const std::string_view rights = cut(line, ' ');
  cut(line, ' ');  // offset
  cut(line, ' ');  // device
  const std::string_view inode = cut(line, ' ');
  const bool fixed = rights.size() == 4 && rights[1] == '-' && rights[3] == 'p';
  return Mapping{{*begin, *end}, fixed && !inode.empty() && inode != "0"};
}

bool is_zero(std::string_view line) {
  const std::string_view key = cut(line, ':');
  if (std::find(std::begin(kMustBeZero), std::end(kMustBeZero), key) == std::end(kMustBeZero)) {
    return false;
  }
  line.remove_prefix(std::min(line.find_first_not_of(' '), line.size()));
  return line == "0 kB";
}

}  // namespace

std::vector<AddressRange> unchanged_mappings(std::string_view smaps) {
  std::vector<AddressRange> out;
  Mapping at;
  const auto add = [&]() {
    // A kernel that leaves one of them out says nothing about it.
    if (at.fixed_file && at.zeros == std::size(kMustBeZero)) out.push_back(at.range);
  };
  while (!smaps.empty()) {
    const std::string_view line = cut(smaps, '\n');
    if (const auto next = head(line)) {
      add();
      at = *next;
    } else if (is_zero(line)) {
      ++at.zeros;
    }
  }
  add();
  return out;
}

void give_back_heap() { malloc_trim(0); }

void give_back_code() {
  const auto smaps = read_file("/proc/self/smaps", kSmapsBytesMax);
  if (!smaps) return;
  for (const AddressRange& range : unchanged_mappings(smaps->reveal())) {
    // An address of the kernel's own making; what cannot be dropped stays.
    madvise(reinterpret_cast<void*>(range.begin), range.end - range.begin,  // NOLINT
            MADV_DONTNEED);
  }
}

base::Duration Thrift::wait(base::Instant now) const {
  return last_ ? std::max(kQuiet, *last_ + kPause - now) : kQuiet;
}

bool Thrift::leaves_much(std::size_t answer_bytes) { return answer_bytes > kLargeAnswer; }

}  // namespace nbkeys::shell
