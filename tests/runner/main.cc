// The main of every gtest program that has none of its own.

#include <gmock/gmock.h>

#include "runner/filter.h"

int main(int argc, char** argv) {
  testing::InitGoogleMock(&argc, argv);
  return nbkeys::runner::run_all_tests();
}
