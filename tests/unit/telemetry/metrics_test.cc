#include "telemetry/metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace nbkeys::telemetry {
namespace {

using testing::HasSubstr;
using testing::Not;

io::Note note(const std::string& event, const std::string& reason = "") {
  io::Note out{io::Severity::kInfo, event, ""};
  if (!reason.empty()) out.fields.emplace_back("reason", reason);
  return out;
}

TEST(Metrics, CountWhatTheEngineNotes) {
  Metrics metrics("1.2.3", "nbkeys");
  metrics.count(note("key_issued", "First"));
  metrics.count(note("key_rotated", "Requested"));
  metrics.count(note("key_rotated", "Requested"));
  metrics.count(note("key_rotated", "what \"ever\"\n"));
  metrics.count(note("stray_deleted"));
  metrics.count(note("something_else"));
  const std::string text = metrics.text();
  EXPECT_THAT(text, HasSubstr("netbird_keys_build_info{version=\"1.2.3\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("netbird_keys_issued_total 1\n"));
  EXPECT_THAT(text, HasSubstr("netbird_keys_rotations_total{reason=\"Requested\"} 2\n"));
  EXPECT_THAT(text, HasSubstr("netbird_keys_rotations_total{reason=\"unknown\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("netbird_keys_strays_deleted_total 1\n"));
}

TEST(Metrics, CountRequestsAndTimeThemExceptWatches) {
  Metrics metrics("1", "nbkeys");
  metrics.count(Exchange{io::Server::kNetBird, io::Method::kPost, "create_key", "/api/setup-keys",
                         "200", base::Duration{30}});
  metrics.count(
      Exchange{io::Server::kKube, io::Method::kGet, "watch", "/x", "200", base::Duration{290'000}});
  const std::string text = metrics.text();
  EXPECT_THAT(text, HasSubstr("netbird_keys_api_requests_total{code=\"200\",method=\"POST\","
                              "operation=\"create_key\",server=\"netbird\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("server=\"netbird\",le=\"0.05\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("operation=\"watch\",server=\"kubernetes\"} 1\n"));
  EXPECT_THAT(text, Not(HasSubstr("seconds_count{method=\"GET\"")));
  EXPECT_THAT(text, Not(HasSubstr("/api/setup-keys"))) << "paths would make endless series";
}

TEST(Metrics, ShowHealthAndTheProcess) {
  Metrics metrics("1", "my-lease");
  Gauges gauges;
  gauges.leading = true;
  gauges.setup_keys = 12;
  gauges.queue_depth = 3;
  metrics.show(gauges);
  const std::string text = metrics.text();
  EXPECT_THAT(text, HasSubstr("leader_election_master_status{name=\"my-lease\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("netbird_keys_setupkeys 12\n"));
  EXPECT_THAT(text, HasSubstr("workqueue_depth{name=\"setupkeys\"} 3\n"));
  for (const char* name : {"process_resident_memory_bytes ", "process_start_time_seconds ",
                           "process_cpu_seconds_total ", "process_open_fds "}) {
    EXPECT_THAT(text, testing::ContainsRegex(std::string("\n") + name + "[1-90]"));
    EXPECT_THAT(text, Not(HasSubstr(std::string("\n") + name + "0\n")));
  }
}

}  // namespace
}  // namespace nbkeys::telemetry
