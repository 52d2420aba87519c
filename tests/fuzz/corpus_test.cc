// Replays the kept inputs of every target, in any build and without libFuzzer.

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "fuzz/target.h"

namespace nbkeys::fuzz {

void broken(const char* promise, const char* file, int line) {
  ADD_FAILURE_AT(file, line) << "broken promise: " << promise;
}

namespace {

std::vector<const Target*> all_targets() {
  std::vector<const Target*> out;
  for (const Target* at = targets(); at != nullptr; at = at->next) out.push_back(at);
  return out;
}

std::vector<std::filesystem::path> corpus_of(const Target& target) {
  std::vector<std::filesystem::path> out;
  const auto folder = std::filesystem::path(NBKEYS_FUZZ_CORPUS) / target.name;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) out.push_back(entry);
  std::sort(out.begin(), out.end());
  return out;
}

std::string bytes_of(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

class CorpusTest : public testing::TestWithParam<const Target*> {};

TEST_P(CorpusTest, KeepsItsPromises) {
  const auto files = corpus_of(*GetParam());
  ASSERT_FALSE(files.empty());
  for (const auto& file : files) {
    SCOPED_TRACE(file.filename().string());
    GetParam()->run(bytes_of(file));
  }
}

// Each input cut short and with a byte changed here and there: cheap neighbours of what was kept.
TEST_P(CorpusTest, KeepsItsPromisesNearby) {
  for (const auto& file : corpus_of(*GetParam())) {
    SCOPED_TRACE(file.filename().string());
    std::string bytes = bytes_of(file);
    for (std::size_t at = 0; at < bytes.size(); at += bytes.size() / 8 + 1) {
      GetParam()->run(std::string_view(bytes).substr(0, at));
      const char before = bytes[at];
      bytes[at] = static_cast<char>(before ^ 0x15);
      GetParam()->run(bytes);
      bytes[at] = before;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Targets, CorpusTest, testing::ValuesIn(all_targets()),
                         [](const auto& instance) { return std::string(instance.param->name); });

}  // namespace
}  // namespace nbkeys::fuzz
