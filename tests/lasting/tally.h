#pragma once
// What a whole run has measured, for the table of what is proven where NBKEYS_PROOF names a folder.

#include <gtest/gtest.h>

#include <cstddef>

namespace nbkeys::lasting {

class Tally : public testing::Environment {
 public:
  // Lives as long as the process; gtest owns it.
  static Tally& of_this_run();

  void world() { ++worlds_; }
  void measured(bool held) { ++(held ? held_ : beyond_); }
  void TearDown() override;

 private:
  std::size_t worlds_ = 0, held_ = 0, beyond_ = 0;
};

}  // namespace nbkeys::lasting
