#include "shell/board.h"

#include <gtest/gtest.h>

namespace nbkeys::shell {
namespace {

const base::Instant kStart{base::Duration{1'000}};

engine::Health health(bool synced, bool leading) {
  engine::Health out;
  out.synced = synced;
  out.leading = leading;
  out.account_ready = true;
  return out;
}

TEST(Board, IsLiveWhileTheLoopTurns) {
  Board board(false, kStart);
  EXPECT_TRUE(board.live(kStart + base::Duration{60'000}).ok);
  EXPECT_FALSE(board.live(kStart + base::Duration{60'001}).ok);
  board.beat(kStart + base::Duration{50'000});
  EXPECT_TRUE(board.live(kStart + base::Duration{110'000}).ok);
}

TEST(Board, IsReadyWhenSyncedAndLeadingOrStandingBy) {
  Board alone(false, kStart);
  EXPECT_FALSE(alone.ready().ok);
  alone.show(health(true, false), kStart);
  EXPECT_FALSE(alone.ready().ok);
  alone.show(health(true, true), kStart);
  EXPECT_TRUE(alone.ready().ok);

  Board elects(true, kStart);
  elects.show(health(false, false), kStart);
  EXPECT_FALSE(elects.ready().ok);
  elects.show(health(true, false), kStart);
  EXPECT_EQ(elects.ready().reason, "ok: standing by");
}

}  // namespace
}  // namespace nbkeys::shell
