#include "lasting/tally.h"

#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

namespace nbkeys::lasting {

Tally& Tally::of_this_run() {
  static auto* const tally =
      static_cast<Tally*>(testing::AddGlobalTestEnvironment(new Tally));  // NOLINT: gtest's
  return *tally;
}

void Tally::TearDown() {
  const char* folder = std::getenv("NBKEYS_PROOF");
  if (folder == nullptr) return;
  // One file for each shard of the run; the reader adds them up.
  const char* shard = std::getenv("GTEST_SHARD_INDEX");
  const std::string suffix = shard == nullptr ? "" : std::string(".") + shard;
  std::ofstream(std::string(folder) + "/lasting" + suffix + ".json")
      << nlohmann::json{{"part", "lasting"},
                        {"figures",
                         {{"worlds with one trouble that stays", worlds_},
                          {"bounds held", held_},
                          {"bounds not held", beyond_}}}}
             .dump(1)
      << "\n";
}

namespace {

// There before the first test, as gtest asks it to be.
[[maybe_unused]] const Tally& registered = Tally::of_this_run();

}  // namespace

}  // namespace nbkeys::lasting
