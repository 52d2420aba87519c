#pragma once
// Child processes of the tests.

#include <sys/types.h>

#include <string>
#include <vector>

namespace nbkeys::behaviour {

struct Finished {
  int exit_code = -1;
  std::string out;
  std::string err;
};
// Runs a program to its end, with this text as its standard input.
Finished run_program(const std::vector<std::string>& argv, const std::string& input = "");

class Process {
 public:
  // Standard output and error go to the file, appended.
  Process(const std::vector<std::string>& argv, const std::string& log_file);
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;
  ~Process();  // kills what still runs

  pid_t pid() const { return pid_; }
  void signal(int number);
  bool running();
  // Waits for the end; the exit code, or minus the signal. -1000 where it does not end in time.
  int wait(int seconds_max);

 private:
  pid_t pid_ = -1;
  bool reaped_ = false;
  int status_ = 0;
};

// An own folder for one test, removed with everything in it.
class TemporaryFolder {
 public:
  TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  ~TemporaryFolder();
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

std::string read_file(const std::string& path);
unsigned short free_port();
// The value of an environment variable, or the fallback.
std::string environment(const char* name, const std::string& fallback);

}  // namespace nbkeys::behaviour
