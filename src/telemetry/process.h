#pragma once
// What the kernel knows of this process, for its metrics.

namespace nbkeys::telemetry {

struct ProcessFacts {
  double resident_bytes = 0;
  double virtual_bytes = 0;
  double start_time_s = 0;  // since the epoch
  double cpu_s = 0;
  double open_files = 0;
  double open_files_max = 0;
};

ProcessFacts read_process_facts();

}  // namespace nbkeys::telemetry
