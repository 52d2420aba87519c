#pragma once
// A file that lives in memory as long as this object, for readers that want a path.

#include <sys/mman.h>
#include <unistd.h>

#include <string>
#include <string_view>

namespace nbkeys::fuzz {

class MemoryFile {
 public:
  explicit MemoryFile(std::string_view bytes) : file_(memfd_create("fuzz", 0)) {
    const auto size = static_cast<ssize_t>(bytes.size());
    good_ = file_ >= 0 && write(file_, bytes.data(), bytes.size()) == size;
  }
  ~MemoryFile() { close(file_); }
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;

  bool good() const { return good_; }
  std::string path() const { return "/proc/self/fd/" + std::to_string(file_); }

 private:
  int file_;
  bool good_ = false;
};

}  // namespace nbkeys::fuzz
