#include "shell/files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

namespace nbkeys::shell {
namespace {

// A file that another user may read is the usual mistake where a pod mounts it.
std::string cause_of(int error) {
  std::string out = std::strerror(error);
  if (error == EACCES || error == EPERM) {
    out += " (for user " + std::to_string(geteuid()) + ", group " + std::to_string(getegid()) + ")";
  }
  return out;
}

base::Error unreadable(const std::string& path, const std::string& cause) {
  return {base::ErrorCode::kInvalidInput, "read file", "cannot read " + path + ": " + cause};
}

std::int64_t nanoseconds(const timespec& t) {
  return static_cast<std::int64_t>(t.tv_sec) * 1'000'000'000 + t.tv_nsec;
}

}  // namespace

base::Result<base::SecretText> read_file(const std::string& path, std::size_t bytes_max) {
  // Without O_NONBLOCK a named pipe would hold the event loop until somebody writes to it.
  const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (file < 0) return unreadable(path, cause_of(errno));
  struct ::stat info {};
  if (fstat(file, &info) == 0 && !S_ISREG(info.st_mode)) {
    close(file);
    return unreadable(path, S_ISDIR(info.st_mode) ? "it is a folder; name a file in it"
                                                  : "it is not a regular file");
  }
  base::SecretText content;
  std::array<char, 4096> piece{};
  ssize_t got = 0;
  while ((got = read(file, piece.data(), piece.size())) > 0 && content.size() <= bytes_max) {
    content.append({piece.data(), static_cast<std::size_t>(got)});
  }
  const int error = got < 0 ? errno : 0;
  explicit_bzero(piece.data(), piece.size());
  close(file);
  if (error != 0) return unreadable(path, cause_of(error));
  if (content.size() > bytes_max) {
    return unreadable(path, "it is longer than " + std::to_string(bytes_max) + " bytes");
  }
  return content;
}

bool file_exists(const std::string& path) { return access(path.c_str(), F_OK) == 0; }

FileWatch::FileWatch(std::string path) : path_(std::move(path)), last_(stamp(path_)) {}

bool FileWatch::changed() {
  const Stamp seen = stamp(path_);
  return std::exchange(last_, seen) != seen;
}

FileWatch::Stamp FileWatch::stamp(const std::string& path) {
  struct ::stat info {};
  if (::stat(path.c_str(), &info) != 0) return {};
  return {info.st_dev, info.st_ino, info.st_size, nanoseconds(info.st_mtim),
          nanoseconds(info.st_ctim)};
}

}  // namespace nbkeys::shell
