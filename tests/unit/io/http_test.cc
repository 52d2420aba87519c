#include "io/http.h"

#include <gtest/gtest.h>

#include <utility>
#include <variant>

#include "io/outbox.h"

namespace nbkeys::io {
namespace {

TEST(Http, MethodsAreSpelledAsOnTheWire) {
  EXPECT_EQ(method_name(Method::kGet), "GET");
  EXPECT_EQ(method_name(Method::kPost), "POST");
  EXPECT_EQ(method_name(Method::kPut), "PUT");
  EXPECT_EQ(method_name(Method::kPatch), "PATCH");
  EXPECT_EQ(method_name(Method::kDelete), "DELETE");
}

TEST(Http, ARequestMayBeResentUnlessItSaysOtherwise) { EXPECT_FALSE(HttpRequest{}.once); }

TEST(Outbox, NumbersRequestsAndWatchesFromOneRow) {
  Outbox out;
  EXPECT_EQ(out.send(HttpRequest{}), 1u);
  EXPECT_EQ(out.open_watch("/w", "json", base::Duration{1}), 2u);
  EXPECT_EQ(out.send(HttpRequest{}), 3u);
  out.close_watch(2);
  out.note(Severity::kInfo, "event", "message");
  const auto commands = out.take();
  ASSERT_EQ(commands.size(), 5u);
  EXPECT_EQ(std::get<SendHttp>(commands[0]).id, 1u);
  EXPECT_EQ(std::get<OpenWatch>(commands[1]).id, 2u);
  EXPECT_EQ(std::get<CloseWatch>(commands[3]).id, 2u);
  EXPECT_TRUE(out.take().empty());
  EXPECT_EQ(out.send(HttpRequest{}), 4u) << "numbers are never used twice";
}

}  // namespace
}  // namespace nbkeys::io
