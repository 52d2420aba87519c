#include "sim/report.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>

namespace nbkeys::sim {
namespace {

double years(base::Duration d) {
  return static_cast<double>(d.count()) / (1000.0 * 86'400.0 * 365.25);
}

std::string with_commas(std::uint64_t number) {
  std::string out = std::to_string(number);
  for (std::size_t at = out.size(); at > 3;) {
    at -= 3;
    out.insert(at, ",");
  }
  return out;
}

std::string one_digit(double value) {
  std::array<char, 64> out{};
  std::snprintf(out.data(), out.size(), "%.1f", value);
  return out.data();
}

std::string summary(const Total& total) {
  return with_commas(total.seeds) + " seeds, " + one_digit(years(total.wall)) +
         " simulated years, " + with_commas(total.requests) + " requests, " +
         with_commas(total.keys_issued) + " keys, " + with_commas(total.struck()) + " faults of " +
         std::to_string(total.faults.size()) + " kinds, " + std::to_string(total.failed.size()) +
         " findings";
}

}  // namespace

void Total::add(std::uint64_t seed, const Outcome& outcome) {
  ++seeds;
  requests += outcome.requests;
  keys_issued += outcome.keys_issued;
  wall += outcome.wall;
  awake += outcome.awake;
  Digest one;
  one.add(static_cast<std::int64_t>(seed));
  one.add(static_cast<std::int64_t>(outcome.digest));
  digest ^= one.value();
  for (const auto& [kind, count] : outcome.faults) faults[kind] += count;
  if (!outcome.findings.empty()) failed.push_back(seed);
}

std::uint64_t Total::struck() const {
  std::uint64_t out = 0;
  for (const auto& [kind, count] : faults) out += count;
  return out;
}

std::string table(const Total& total) {
  std::string out;
  constexpr std::size_t kColumns = 3;
  std::size_t column = 0;
  for (const auto& [kind, count] : total.faults) {
    std::string cell = "  " + kind;
    cell.resize(20, ' ');
    std::string number = with_commas(count);
    cell += std::string(number.size() < 8 ? 8 - number.size() : 0, ' ') + number;
    out += cell + (++column % kColumns == 0 ? "\n" : "  ");
  }
  if (column % kColumns != 0) out += "\n";
  out += summary(total) + "\n";
  out += "awake " + one_digit(static_cast<double>(total.awake.count()) / 3'600'000.0) +
         " hours, the rest of the time skipped because nothing was under way\n";
  std::array<char, 32> digest{};
  std::snprintf(digest.data(), digest.size(), "%016llx",
                static_cast<unsigned long long>(total.digest));
  return out + "digest of all seeds " + digest.data() + "\n";
}

bool write_proof(const Total& total, double seconds, const std::string& folder) {
  std::filesystem::create_directories(folder);
  fakes::Json figures = {{"seeds", total.seeds},           {"years", years(total.wall)},
                         {"requests", total.requests},     {"keys", total.keys_issued},
                         {"faults", total.struck()},       {"kinds", total.faults.size()},
                         {"findings", total.failed.size()}};
  for (const auto& [kind, count] : total.faults) figures["fault " + kind] = count;
  const fakes::Json proof = {{"part", "sim"},
                             {"seconds", seconds},
                             {"figures", figures},
                             {"lines", fakes::Json::array({summary(total)})}};
  std::ofstream file(folder + "/sim.json");
  file << proof.dump(2) << "\n";
  return file.good();
}

}  // namespace nbkeys::sim
