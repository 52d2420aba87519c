// Text of others that the fuzzing found, or that was found while it was written.

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "answers.h"
#include "kube/lease.h"
#include "kube/meta.h"
#include "kube/watch_lines.h"
#include "netbird/requests.h"

namespace nbkeys::kube {
namespace {

using testing::json;

base::Json named(const std::string& name, const std::string& name_space) {
  return {{"metadata",
           {{"name", name}, {"namespace", name_space}, {"uid", "u"}, {"resourceVersion", "1"}}}};
}

TEST(ForeignNames, ANameThatWouldLeadARequestAstrayIsRefused) {
  for (const char* name :
       {"a/../../secrets/b", "..", "a?dryRun=All", "a b", "a\r\nX: y", "A", "a%2f"}) {
    EXPECT_FALSE(parse_meta(named(name, "ns")).ok()) << name;
    EXPECT_FALSE(parse_meta(named("n", name)).ok()) << name;
  }
  EXPECT_FALSE(parse_meta(named(std::string(254, 'a'), "ns")).ok());
  EXPECT_TRUE(parse_meta(named(std::string(253, 'a'), "ns")).ok());
  EXPECT_TRUE(parse_meta(named("a-1.b", "")).ok());
}

// A Lease whose numbers no 32-bit field can hold must not overflow ours.
TEST(ForeignLease, NumbersBeyondTheApiAreTakenForTheDefault) {
  Lease lease({{"nbkeys-system", "nbkeys"}, "pod-a"}, 5);
  io::Outbox out;
  base::Now now{testing::ms(1'000), {}};
  lease.tick(now, out);
  auto asked = testing::only<io::SendHttp>(out.take());
  ASSERT_EQ(asked.size(), 1u);
  io::HttpDone done{asked[0].id, testing::answer(200, R"({"metadata": {"resourceVersion": "3"},
      "spec": {"holderIdentity": "pod-b", "leaseDurationSeconds": 9223372036854775807,
               "leaseTransitions": 9223372036854775807}})")};
  lease.handle(done, now, out);
  now.mono = testing::ms(1'000 + 15'000);
  lease.tick(now, out);
  asked = testing::only<io::SendHttp>(out.take());
  ASSERT_EQ(asked.size(), 1u);
  ASSERT_EQ(asked[0].request.method, io::Method::kPut);
  EXPECT_EQ(base::int_at(testing::body_of(asked[0].request), {"spec", "leaseTransitions"}), 1);
}

// A line that drips in was copied with each piece: 8 MB byte by byte took hours.
TEST(ForeignStream, ALineByteByByteIsRead) {
  WatchLines lines;
  for (std::size_t i = 0; i <= WatchLines::kLineMax; ++i) {
    lines.append("x");
    ASSERT_FALSE(lines.next());
  }
  EXPECT_TRUE(lines.take_skipped());
}

TEST(ForeignMessage, NetBirdsWordsAreToldWithoutAKeyInThem) {
  const std::string key = "0A1B2C3D-4E5F-6071-8293-A4B5C6D7E8F9";
  const auto refused = netbird::accept_response(
      testing::answer(404, R"({"message": "setup key )" + key + R"( is not known"})"), "step");
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().message.find(key), std::string::npos);
  EXPECT_NE(refused.error().message.find("is not known"), std::string::npos);
}

}  // namespace
}  // namespace nbkeys::kube
