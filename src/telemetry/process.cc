#include "telemetry/process.h"

#include <dirent.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cstdio>
#include <ctime>

namespace nbkeys::telemetry {
namespace {

struct Memory {
  double resident = 0, whole = 0;
};

Memory memory_bytes() {
  std::FILE* file = std::fopen("/proc/self/statm", "re");
  if (file == nullptr) return {};
  unsigned long total = 0, resident = 0;
  const int read = std::fscanf(file, "%lu %lu", &total, &resident);
  std::fclose(file);
  if (read != 2) return {};
  const auto page = static_cast<double>(sysconf(_SC_PAGESIZE));
  return {static_cast<double>(resident) * page, static_cast<double>(total) * page};
}

double open_files() {
  DIR* folder = opendir("/proc/self/fd");
  if (folder == nullptr) return 0;
  int count = -1;  // the folder itself is open while it is counted
  while (const dirent* entry = readdir(folder)) count += entry->d_name[0] != '.';
  closedir(folder);
  return count;
}

double open_files_max() {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  return static_cast<double>(limit.rlim_cur);
}

double cpu_s() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

}  // namespace

ProcessFacts read_process_facts() {
  static const auto started_s = static_cast<double>(std::time(nullptr));
  const Memory memory = memory_bytes();
  return {memory.resident, memory.whole, started_s, cpu_s(), open_files(), open_files_max()};
}

}  // namespace nbkeys::telemetry
