// The promise, walked: small worlds with different mixes of trouble, each explored to its end.

#include <gtest/gtest.h>

#include <iostream>

#include "model/plans.h"
#include "model/summary.h"

namespace nbkeys::model {
namespace {

Summary& summary = *static_cast<Summary*>(testing::AddGlobalTestEnvironment(new Summary("model")));

class ModelTest : public testing::TestWithParam<Plan> {};

TEST_P(ModelTest, KeepsEveryPromise) {
  const Finding found = walk(GetParam());
  std::cout << describe(GetParam(), found) << std::endl;
  summary.walked(found);
  EXPECT_EQ(found.fault, "") << trace_text(found);
  EXPECT_FALSE(found.cut_short) << "the walk was cut short; make its budget smaller";
  EXPECT_GT(found.states, 10u);
  EXPECT_GT(found.rests, 0u);
}

INSTANTIATE_TEST_SUITE_P(Plans, ModelTest, testing::ValuesIn(plans()),
                         [](const auto& of) { return of.param.name; });

}  // namespace
}  // namespace nbkeys::model
