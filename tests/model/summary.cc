#include "model/summary.h"

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>

namespace nbkeys::model {

void Summary::walked(const Finding& found) {
  ++figures_["plans"];
  figures_["states"] += found.states;
  figures_["transitions"] += found.transitions;
  figures_["rests"] += found.rests;
  figures_["findings"] += found.fault.empty() ? 0 : 1;
}

void Summary::caught(const std::string& mutation, const std::string& plan, const Finding& found) {
  ++figures_["mutations caught"];
  rows_.push_back({mutation, found.fault,
                   plan + ", " + std::to_string(found.states) + " states, " +
                       std::to_string(found.trace.size()) + " steps"});
}

void Summary::TearDown() {
  if (!rows_.empty()) std::printf("%-26s %-64s %s\n", "deliberate bug", "caught by", "in");
  for (const auto& row : rows_) {
    std::printf("%-26s %-64s %s\n", row[0].c_str(), row[1].c_str(), row[2].c_str());
  }
  std::printf("%s:", part_.c_str());
  for (const auto& [name, count] : figures_) std::printf("  %zu %s", count, name.c_str());
  std::printf("\n");
  write_proof();
}

void Summary::write_proof() const {
  const char* folder = std::getenv("NBKEYS_PROOF");
  if (folder == nullptr) return;
  // One file for each shard of the run; the reader adds them up.
  const char* shard = std::getenv("GTEST_SHARD_INDEX");
  const std::string suffix = shard == nullptr ? "" : std::string(".") + shard;
  std::ofstream(std::string(folder) + "/" + part_ + suffix + ".json")
      << nlohmann::json{{"part", part_}, {"figures", figures_}, {"table", rows_}}.dump(1) << "\n";
}

}  // namespace nbkeys::model
