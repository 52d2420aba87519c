#include "kube/same_status.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <tuple>
#include <utility>

#include "base/json.h"
#include "full_status.h"
#include "kube/members.h"

namespace nbkeys::kube {
namespace {

using base::Duration;
using testing::full_status;

// Calls visit on a copy with one member after the other emptied.
template <std::size_t... I>
void each_one_emptied(std::index_sequence<I...>, const auto& visit) {
  const auto one = [&visit](auto number) {
    KeyStatus s = full_status();
    auto& member = std::get<number()>(base::Members<KeyStatus>::of(s));
    member = std::decay_t<decltype(member)>{};
    visit(s);
  };
  (one(std::integral_constant<std::size_t, I>{}), ...);
}

TEST(SameStatus, SaysWhatTheWrittenTextsSay) {
  int seen = 0;
  const auto emptied = [&seen](const KeyStatus& s) {
    ++seen;
    EXPECT_FALSE(same_status(s, full_status())) << base::dump_json(status_json(s));
    EXPECT_NE(status_json(s), status_json(full_status()));
    EXPECT_TRUE(same_status(s, s));
  };
  using All = decltype(base::Members<KeyStatus>::of(std::declval<KeyStatus&>()));
  each_one_emptied(std::make_index_sequence<std::tuple_size_v<All>>{}, emptied);
  EXPECT_EQ(seen, 28);
}

TEST(SameStatus, TheDepthsCountToo) {
  KeyStatus s = full_status();
  s.conditions[1].message = "another";
  EXPECT_FALSE(same_status(s, full_status()));
  s = full_status();
  s.previous_keys[1].retire_at.since_epoch += std::chrono::seconds(1);
  EXPECT_FALSE(same_status(s, full_status()));
  s = full_status();
  s.claim->rotate = "";
  EXPECT_FALSE(same_status(s, full_status()));
  s = full_status();
  s.claim->ticket = "";
  EXPECT_FALSE(same_status(s, full_status()));
  s = full_status();
  s.tickets[1].word = "abcdefgh";
  EXPECT_FALSE(same_status(s, full_status()));
  s = full_status();
  ++s.repairs.count;
  EXPECT_FALSE(same_status(s, full_status()));
  s = full_status();
  s.account.id = "account-2";
  EXPECT_FALSE(same_status(s, full_status()));
}

TEST(SameStatus, WhatIsNotWrittenDoesNotCount) {
  KeyStatus s = full_status();
  s.issued_at->since_epoch += Duration{999};
  s.conditions[0].last_transition.since_epoch += Duration{1};
  EXPECT_TRUE(same_status(s, full_status())) << "whole seconds";
  s.issued_at->since_epoch += Duration{1};
  EXPECT_FALSE(same_status(s, full_status()));
  KeyStatus nameless, bound;
  bound.binding.uid = "u";
  EXPECT_TRUE(same_status(nameless, bound)) << "no binding without a name";
}

TEST(SameStatus, TheSecretsVersionAloneIsNoChange) {
  KeyStatus s = full_status();
  s.binding.resource_version = "99";
  EXPECT_TRUE(same_status(s, full_status()));
  s.binding.uid = "another";
  EXPECT_FALSE(same_status(s, full_status()));
}

}  // namespace
}  // namespace nbkeys::kube
