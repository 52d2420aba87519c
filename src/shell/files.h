#pragma once
// Reading small files that others replace while we run: tokens, CA bundles, kubeconfig files.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "base/result.h"
#include "base/secret_text.h"

namespace nbkeys::shell {

// The whole file; kInvalidInput, with the path and the cause in words, where it cannot be read or
// is longer than `bytes_max`.
base::Result<base::SecretText> read_file(const std::string& path, std::size_t bytes_max);

bool file_exists(const std::string& path);

// Tells that a file is another one than before. Follows symbolic links, because the kubelet swaps a
// link to a folder when a mounted Secret changes.
class FileWatch {
 public:
  explicit FileWatch(std::string path);

  // True once for each change, including that the file came or went.
  bool changed();
  const std::string& path() const { return path_; }

 private:
  struct Stamp {
    std::uint64_t device = 0, inode = 0;
    std::int64_t size = -1, modified_ns = 0, status_changed_ns = 0;
    bool operator==(const Stamp&) const = default;
  };
  static Stamp stamp(const std::string& path);

  std::string path_;
  Stamp last_;
};

}  // namespace nbkeys::shell
