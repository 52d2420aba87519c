// The behaviour suite: behaviour_tests [--world=in-process|sandbox|real] and gtest's own options.

#include <gtest/gtest.h>

#include <iostream>

#include "behaviour/process.h"
#include "behaviour/world.h"
#include "runner/filter.h"

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  std::string world = nbkeys::behaviour::environment("NBKEYS_WORLD", "in-process");
  constexpr std::string_view kFlag = "--world=";
  for (int i = 1; i < argc; ++i) {
    if (std::string_view(argv[i]).starts_with(kFlag)) world = argv[i] + kFlag.size();
  }
  if (!nbkeys::behaviour::choose_world(world)) {
    std::cerr << "--world must be in-process, sandbox or real, not " << world << "\n";
    return 2;
  }
  return nbkeys::runner::run_all_tests();
}
