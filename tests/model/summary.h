#pragma once
// What a whole run found, for people and, where NBKEYS_PROOF names a folder, for the table of what
// is proven.

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "model/walk.h"

namespace nbkeys::model {

// Registered with gtest; prints when all tests are done.
class Summary : public testing::Environment {
 public:
  explicit Summary(std::string part) : part_(std::move(part)) {}
  void TearDown() override;

  void walked(const Finding& found);
  void caught(const std::string& mutation, const std::string& plan, const Finding& found);

 private:
  void write_proof() const;

  std::string part_;
  std::map<std::string, std::size_t> figures_;
  std::vector<std::vector<std::string>> rows_;  // mutation, check that caught it, where
};

}  // namespace nbkeys::model
