#include "engine/rotate.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace nbkeys::engine {
namespace {

using base::WallTime;
using std::chrono::hours;

constexpr WallTime kIssued{base::Duration{1'800'000'000'000}};

struct Case {
  const char* name;
  kube::Rotation rotation;
  std::optional<base::Duration> lifetime;
  std::optional<base::Duration> due_after;  // of issue
};

kube::Rotation rotation() { return {}; }
kube::Rotation with(void (*change)(kube::Rotation&)) {
  kube::Rotation out;
  change(out);
  return out;
}

class RenewalTime : public testing::TestWithParam<Case> {};

TEST_P(RenewalTime, IsWhenTheClockMakesTheKeyDue) {
  const Case& c = GetParam();
  std::optional<WallTime> expires, due;
  if (c.lifetime) expires = kIssued + *c.lifetime;
  if (c.due_after) due = kIssued + *c.due_after;
  EXPECT_EQ(renewal_time(c.rotation, kIssued, expires), due);
}

INSTANTIATE_TEST_SUITE_P(
    All, RenewalTime,
    testing::Values(
        Case{"ThirdOfTheLifeRemains", rotation(), hours(720), hours(480)},
        Case{"NeverExpires", rotation(), std::nullopt, std::nullopt},
        Case{"Disabled", with([](auto& r) { r.enabled = false; }), hours(720), std::nullopt},
        Case{"DisabledSilencesTheIntervalToo", with([](auto& r) {
               r.enabled = false;
               r.interval = hours(1);
             }),
             hours(720), std::nullopt},
        Case{"RenewBefore", with([](auto& r) { r.renew_before = hours(24); }), hours(720),
             hours(696)},
        Case{"RenewBeforeOutranksThePercentage", with([](auto& r) {
               r.renew_before = hours(24);
               r.renew_before_percentage = 50;
             }),
             hours(720), hours(696)},
        Case{"PercentageRemains", with([](auto& r) { r.renew_before_percentage = 25; }), hours(720),
             hours(540)},
        Case{"PercentageHundredStillLeavesALife",
             with([](auto& r) { r.renew_before_percentage = 100; }), hours(100), hours(1)},
        Case{"MarginAsLongAsTheLife", with([](auto& r) { r.renew_before = hours(720); }),
             hours(720), hours(1)},
        Case{"MarginLongerThanTheLife", with([](auto& r) { r.renew_before = hours(7'200); }),
             hours(720), hours(1)},
        Case{"MarginNearlyAsLongAsTheLife",
             with([](auto& r) { r.renew_before = hours(24) - std::chrono::seconds(1); }), hours(24),
             hours(1)},
        Case{"MarginOfALifeBelowAnHour",
             with([](auto& r) { r.renew_before = std::chrono::minutes(49); }),
             std::chrono::minutes(50), std::chrono::seconds(50 * 60 - 30)},
        Case{"IntervalOfASecond", with([](auto& r) { r.interval = std::chrono::seconds(1); }),
             hours(720), hours(1)},
        Case{"NoMargin", with([](auto& r) { r.renew_before = hours(0); }), hours(720), hours(720)},
        Case{"IntervalComesFirst", with([](auto& r) { r.interval = hours(24); }), hours(720),
             hours(24)},
        Case{"ExpiryComesFirst", with([](auto& r) { r.interval = hours(700); }), hours(720),
             hours(480)},
        Case{"IntervalOfAKeyThatNeverExpires", with([](auto& r) { r.interval = hours(24); }),
             std::nullopt, hours(24)},
        Case{"IntervalZeroIsNone", with([](auto& r) { r.interval = hours(0); }), std::nullopt,
             std::nullopt},
        Case{"BornExpired", rotation(), hours(-5), hours(-5)}),
    [](const auto& tested) { return std::string(tested.param.name); });

TEST(ExpiryIsDue, AtTheVeryMoment) {
  const WallTime expires = kIssued + hours(720);
  EXPECT_FALSE(expiry_is_due({}, kIssued, expires, kIssued + hours(480) - base::Duration{1}));
  EXPECT_TRUE(expiry_is_due({}, kIssued, expires, kIssued + hours(480)));
}

TEST(ExpiryIsDue, TheIntervalDoesNotCount) {
  kube::Rotation r;
  r.interval = hours(1);
  EXPECT_FALSE(expiry_is_due(r, kIssued, kIssued + hours(720), kIssued + hours(2)));
  EXPECT_FALSE(expiry_is_due(r, kIssued, std::nullopt, kIssued + hours(9'999)));
}

TEST(ExpiryIsDue, DisabledIsNeverDue) {
  kube::Rotation r;
  r.enabled = false;
  EXPECT_FALSE(expiry_is_due(r, kIssued, kIssued, kIssued + hours(9'999)));
}

TEST(IssueReasons, AreAskedForPlannedOrARepair) {
  int asked = 0, repairs = 0;
  for (int i = 0; i <= static_cast<int>(IssueReason::kOverused); ++i) {
    const char* name = reason_name(static_cast<IssueReason>(i));
    EXPECT_FALSE(is_repair(name) && is_asked_for(name)) << name;
    asked += is_asked_for(name);
    repairs += is_repair(name);
  }
  EXPECT_EQ(asked, 3);
  EXPECT_EQ(repairs, 4);
  EXPECT_FALSE(is_repair("") || is_asked_for("somebody's"));
}

TEST(IssueReasons, EachHasAWordOfItsOwn) {
  std::set<std::string> names;
  const int last = static_cast<int>(IssueReason::kOverused);
  for (int i = 0; i <= last; ++i) names.insert(reason_name(static_cast<IssueReason>(i)));
  EXPECT_EQ(names.size(), static_cast<std::size_t>(last) + 1);
}

}  // namespace
}  // namespace nbkeys::engine
