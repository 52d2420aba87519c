#include "engine/pace.h"

#include <gtest/gtest.h>

#include <string>

namespace nbkeys::engine {
namespace {

using kube::ObjectRef;
using Refs = std::vector<ObjectRef>;

base::Instant ms(std::int64_t t) { return {base::Duration{t}}; }

const ObjectRef kA{"ns", "a"}, kB{"ns", "b"}, kC{"ns", "c"};
const Pace::Scope kSecrets = Pace::of_namespace(WriteSecret{}, "ns");

TEST(Pace, WhereNothingFailsNobodyWaits) {
  Pace pace;
  for (int i = 0; i < 100; ++i) EXPECT_TRUE(pace.admit(kSecrets, kA, ms(0)));
  EXPECT_FALSE(pace.next_at());
  EXPECT_TRUE(pace.call(ms(0)).empty());
}

TEST(Pace, AfterAFailureOneTriesAtATime) {
  Pace pace;
  EXPECT_TRUE(pace.failed(kSecrets, ms(0)));
  EXPECT_FALSE(pace.failed(kSecrets, ms(1))) << "no news";
  EXPECT_FALSE(pace.admit(kSecrets, kA, ms(10), true));
  EXPECT_FALSE(pace.admit(kSecrets, kB, ms(10), true));
  EXPECT_EQ(pace.next_at(), ms(6'500));
  EXPECT_TRUE(pace.call(ms(6'499)).empty());
  EXPECT_EQ(pace.call(ms(6'500)), Refs{kA});
  EXPECT_TRUE(pace.admit(kSecrets, kA, ms(6'500), true));
  EXPECT_FALSE(pace.admit(kSecrets, kB, ms(6'501), true)) << "a is trying";
  EXPECT_EQ(pace.call(ms(13'000)), Refs{kB});
}

TEST(Pace, AtMostTenTriesAMinuteForACause) {
  Pace pace;
  pace.failed(kSecrets, ms(0));
  int tries = 0;
  for (std::int64_t t = 0; t < 60'000; t += 100) {
    for (int i = 0; i < 20; ++i) {
      if (!pace.admit(kSecrets, {"ns", std::to_string(i)}, ms(t), true)) continue;
      ++tries;
      pace.failed(kSecrets, ms(t));
    }
  }
  EXPECT_LE(tries, 9) << "and the first failure";
  EXPECT_GE(tries, 8);
}

// It may be the trouble of a few, and then the others must not stand behind them for long.
TEST(Pace, WhoHasNotTriedYetGoesSoonAtFirst) {
  Pace pace;
  pace.failed(kSecrets, ms(0));
  std::vector<std::int64_t> tries;
  for (std::int64_t t = 0; t < 300'000; t += 50) {
    if (!pace.admit(kSecrets, {"ns", std::to_string(t)}, ms(t))) continue;
    tries.push_back(t);
    pace.failed(kSecrets, ms(t));
  }
  ASSERT_GE(tries.size(), 30u);
  EXPECT_EQ(tries[0], 250);
  EXPECT_LE(tries[19], 60'000) << "twenty in a minute";
  for (std::size_t i = 30; i < tries.size(); ++i) {
    EXPECT_GE(tries[i] - tries[i - 1], 6'500) << "it is the trouble of all";
  }
  EXPECT_FALSE(pace.admit(kSecrets, kA, ms(300'000), true)) << "who failed comes after them";
}

TEST(Pace, EachTriesInTurn) {
  Pace pace;
  pace.failed(kSecrets, ms(0));
  for (const ObjectRef& ref : {kA, kB, kC}) pace.admit(kSecrets, ref, ms(0), true);
  Refs order;
  for (std::int64_t t = 6'500; order.size() < 6; t += 6'500) {
    for (const ObjectRef& ref : pace.call(ms(t))) {
      EXPECT_TRUE(pace.admit(kSecrets, ref, ms(t), true));
      order.push_back(ref);
      pace.admit(kSecrets, ref, ms(t + 1), true);  // failed, and wants it again
    }
  }
  EXPECT_EQ(order, (Refs{kA, kB, kC, kA, kB, kC}));
}

TEST(Pace, TheFirstSuccessLetsAllGoOn) {
  Pace pace;
  pace.failed(kSecrets, ms(0));
  pace.admit(kSecrets, kA, ms(0));
  pace.admit(kSecrets, kB, ms(0));
  EXPECT_EQ(pace.worked(kSecrets), (Refs{kA, kB}));
  EXPECT_TRUE(pace.admit(kSecrets, kC, ms(1)));
  EXPECT_TRUE(pace.worked(kSecrets).empty());
}

TEST(Pace, ConcernsItsNamespaceItsServerAndItsKindOnly) {
  Pace pace;
  pace.failed(kSecrets, ms(0));
  EXPECT_TRUE(pace.admit(Pace::of_namespace(WriteSecret{}, "other"), {"other", "a"}, ms(0)));
  EXPECT_TRUE(pace.admit(Pace::of_namespace(WriteStatus{}, "ns"), kA, ms(0)));
  EXPECT_TRUE(pace.admit(Pace::of_server(WriteSecret{}), kA, ms(0)));
  pace.failed(Pace::of_server(DeleteKey{"id", "one"}), ms(0));
  EXPECT_FALSE(pace.admit(Pace::of_server(DeleteKey{"other id", "one"}), kA, ms(0)));
  EXPECT_TRUE(pace.admit(Pace::of_server(DeleteKey{"id", "two"}), kA, ms(0)));
}

// The one that was called may be gone, or want something else by now.
TEST(Pace, WhoIsCalledAndDoesNotTryMakesRoomForTheNext) {
  Pace pace;
  pace.failed(kSecrets, ms(0));
  pace.admit(kSecrets, kA, ms(0), true);
  pace.admit(kSecrets, kB, ms(0), true);
  EXPECT_EQ(pace.call(ms(6'500)), Refs{kA});
  EXPECT_EQ(pace.call(ms(6'501)), Refs{kB});
  EXPECT_TRUE(pace.admit(kSecrets, kB, ms(6'501), true));
}

TEST(Pace, AFaultThatNobodyMeetsAnyMoreIsForgotten) {
  Pace pace;
  pace.failed(kSecrets, ms(0));
  pace.call(ms(606'500));
  EXPECT_FALSE(pace.failed(kSecrets, ms(606'500)));
  pace.call(ms(606'501));
  EXPECT_TRUE(pace.failed(kSecrets, ms(606'502))) << "it is news again";
  pace.clear();
  EXPECT_TRUE(pace.admit(kSecrets, kA, ms(606'502)));
}

}  // namespace
}  // namespace nbkeys::engine
