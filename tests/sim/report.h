#pragma once
// What many seeds came to, for people and for machines.

#include <map>
#include <string>
#include <vector>

#include "sim/world.h"

namespace nbkeys::sim {

struct Total {
  std::uint64_t seeds = 0;
  std::uint64_t requests = 0;
  std::uint64_t keys_issued = 0;
  std::uint64_t digest = 0;  // of all seeds together, whatever order they ran in
  base::Duration wall{0};
  base::Duration awake{0};
  std::map<std::string, std::uint64_t> faults;
  std::vector<std::uint64_t> failed;  // seeds

  void add(std::uint64_t seed, const Outcome& outcome);
  std::uint64_t struck() const;
};

std::string table(const Total& total);
// Writes <folder>/sim.json; false where it cannot.
bool write_proof(const Total& total, double seconds, const std::string& folder);

}  // namespace nbkeys::sim
