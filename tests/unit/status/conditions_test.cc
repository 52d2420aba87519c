#include "status/conditions.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <set>
#include <string>

namespace nbkeys::status {
namespace {

constexpr base::WallTime kThen{base::Duration{1'000}}, kNow{base::Duration{9'000}};

const kube::Condition* find(const kube::KeyStatus& s, const std::string& type) {
  for (const kube::Condition& c : s.conditions) {
    if (c.type == type) return &c;
  }
  return nullptr;
}

Report good() {
  Report r;
  r.ready = r.key_valid = true;
  r.ready_reason = Reason::kIssued;
  r.key_reason = Reason::kValid;
  r.message = "in Secret";
  r.key_message = "valid";
  r.progress = Progress::kResting;
  return r;
}

kube::KeyStatus applied(const Report& report, kube::KeyStatus before = {}) {
  apply_report(report, 7, kNow, before);
  return before;
}

TEST(Conditions, AtRestOnlyReadyAndKeyValidAreThere) {
  const kube::KeyStatus s = applied(good());
  EXPECT_EQ(s.conditions.size(), 2u);
  ASSERT_NE(find(s, "Ready"), nullptr);
  EXPECT_TRUE(find(s, "Ready")->status);
  EXPECT_EQ(find(s, "Ready")->reason, "Issued");
  EXPECT_EQ(find(s, "Ready")->message, "in Secret");
  EXPECT_EQ(find(s, "KeyValid")->reason, "Valid");
  EXPECT_EQ(s.observed_generation, 7);
  EXPECT_EQ(find(s, "Ready")->observed_generation, 7);
}

TEST(Conditions, ReconcilingAndStalledAreNeverBothThere) {
  for (const Progress progress : {Progress::kResting, Progress::kReconciling, Progress::kStalled}) {
    Report r = good();
    r.ready = false;
    r.ready_reason = Reason::kGroupNotFound;
    r.progress = progress;
    const kube::KeyStatus s = applied(r);
    EXPECT_EQ(find(s, "Reconciling") != nullptr, progress == Progress::kReconciling);
    EXPECT_EQ(find(s, "Stalled") != nullptr, progress == Progress::kStalled);
    for (const char* type : {"Reconciling", "Stalled"}) {
      if (find(s, type) == nullptr) continue;
      EXPECT_TRUE(find(s, type)->status);
      EXPECT_EQ(find(s, type)->reason, "GroupNotFound");
    }
  }
}

TEST(Conditions, WhatIsNoLongerTrueIsTakenAway) {
  Report bad = good();
  bad.progress = Progress::kStalled;
  bad.rotating = "why";
  kube::KeyStatus s = applied(bad);
  EXPECT_EQ(s.conditions.size(), 4u);
  s = applied(good(), s);
  EXPECT_EQ(s.conditions.size(), 2u);
}

TEST(Conditions, ARoutineRotationLeavesReadyAlone) {
  Report r = good();
  r.rotating = "issuing a new key: Expiring";
  const kube::KeyStatus s = applied(r);
  EXPECT_TRUE(find(s, "Ready")->status);
  EXPECT_EQ(find(s, "Reconciling"), nullptr);
  ASSERT_NE(find(s, "Rotating"), nullptr);
  EXPECT_EQ(find(s, "Rotating")->message, "issuing a new key: Expiring");
}

TEST(Conditions, TransitionTimeMovesWithTheStatusOnly) {
  kube::KeyStatus before;
  before.conditions = {{"Ready", true, "Issued", "old words", kThen, 3},
                       {"KeyValid", false, "Expired", "old", kThen, 3}};
  const kube::KeyStatus s = applied(good(), before);
  EXPECT_EQ(find(s, "Ready")->last_transition, kThen) << "still true";
  EXPECT_EQ(find(s, "Ready")->message, "in Secret") << "words may change in between";
  EXPECT_EQ(find(s, "KeyValid")->last_transition, kNow) << "turned";
}

TEST(Conditions, AppliedTwiceNothingChanges) {
  const kube::KeyStatus once = applied(good());
  kube::KeyStatus twice = once;
  apply_report(good(), 7, base::WallTime{base::Duration{99'000}}, twice);
  EXPECT_EQ(kube::status_json(once), kube::status_json(twice));
}

TEST(Conditions, ASpecThatIsNotJudgedYetKeepsTheOldGeneration) {
  Report r = good();
  r.observed = false;
  kube::KeyStatus before;
  before.observed_generation = 3;
  const kube::KeyStatus s = applied(r, before);
  EXPECT_EQ(s.observed_generation, 3);
  EXPECT_EQ(find(s, "Ready")->observed_generation, 3);
  EXPECT_EQ(find(applied(r), "Ready")->observed_generation, 0) << "the schema wants no -1 here";
}

TEST(Reasons, EachHasAWordOfItsOwnAsTheSchemaWantsIt) {
  std::set<std::string_view> names;
  const int last = static_cast<int>(Reason::kNoKey);
  for (int i = 0; i <= last; ++i) {
    const std::string_view name = reason_name(static_cast<Reason>(i));
    ASSERT_FALSE(name.empty());
    EXPECT_TRUE(name.front() >= 'A' && name.front() <= 'Z') << name;
    names.insert(name);
  }
  EXPECT_EQ(names.size(), static_cast<std::size_t>(last) + 1);
}

}  // namespace
}  // namespace nbkeys::status
