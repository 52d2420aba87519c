#include "telemetry/metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace nbkeys::telemetry {
namespace {

using testing::HasSubstr;
using testing::Not;

Metrics::Settings settings() { return {"1.2.3", "my-lease", "10.0.0.1:443", true}; }

io::Note note(const std::string& event, const std::string& reason = "") {
  io::Note out{io::Severity::kInfo, event, ""};
  if (!reason.empty()) out.fields.emplace_back("reason", reason);
  return out;
}

TEST(Metrics, CountWhatTheEngineNotes) {
  Metrics metrics(settings());
  metrics.count(note("key_issued", "FirstIssue"));
  metrics.count(note("key_rotated", "Requested"));
  metrics.count(note("key_rotated", "Requested"));
  metrics.count(note("key_rotated", "what \"ever\"\n"));
  metrics.count(note("stray_deleted"));
  metrics.count(note("secret_conflict"));
  metrics.count(note("something_else"));
  const std::string text = metrics.text(std::nullopt);
  EXPECT_THAT(text, HasSubstr("netbird_keys_build_info{version=\"1.2.3\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("netbird_keys_issued_total{reason=\"FirstIssue\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("netbird_keys_issued_total{reason=\"Requested\"} 2\n"));
  EXPECT_THAT(text, HasSubstr("netbird_keys_rotations_total{reason=\"Requested\"} 2\n"));
  EXPECT_THAT(text, HasSubstr("netbird_keys_rotations_total{reason=\"unknown\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("netbird_keys_rotations_total{reason=\"Expiring\"} 0\n"))
      << "increase() needs the series before the first time";
  EXPECT_THAT(text, HasSubstr("netbird_keys_strays_deleted_total 1\n"));
  EXPECT_THAT(text, HasSubstr("events_total{reason=\"SecretConflict\",type=\"Warning\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("events_total{reason=\"Retired\",type=\"Normal\"} 0\n"));
}

TEST(Metrics, CountRequestsAndTimeThemExceptWatches) {
  Metrics metrics(settings());
  metrics.count(Exchange{io::Server::kNetBird, io::Method::kPost, "create_key", "/api/setup-keys",
                         "200", base::Duration{30}});
  metrics.count(
      Exchange{io::Server::kKube, io::Method::kGet, "watch", "/x", "200", base::Duration{290'000}});
  const std::string text = metrics.text(std::nullopt);
  EXPECT_THAT(text, HasSubstr("netbird_keys_api_requests_total{code=\"200\",method=\"POST\","
                              "operation=\"create_key\",server=\"netbird\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("server=\"netbird\",le=\"0.05\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("operation=\"watch\",server=\"kubernetes\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("rest_client_requests_total{code=\"200\",host=\"10.0.0.1:443\","
                              "method=\"GET\"} 1\n"));
  EXPECT_THAT(text, Not(HasSubstr("seconds_count{method=\"GET\"")));
  EXPECT_THAT(text, Not(HasSubstr("/api/setup-keys"))) << "paths would make endless series";
}

TEST(Metrics, AServerCannotMakeEndlessSeries) {
  Metrics metrics(settings());
  for (const char* code : {"600", "999", "12", "77777"}) {
    metrics.count(
        Exchange{io::Server::kNetBird, io::Method::kGet, "made_up", "/", code, base::Duration{1}});
  }
  const std::string text = metrics.text(std::nullopt);
  EXPECT_THAT(text, HasSubstr("api_requests_total{code=\"other\",method=\"GET\","
                              "operation=\"unknown\",server=\"netbird\"} 4\n"));
}

TEST(Metrics, CountWhoMadeUsWait) {
  Metrics metrics(settings());
  metrics.count(
      Exchange{io::Server::kNetBird, io::Method::kGet, "list_keys", "/", "429", base::Duration{1}});
  io::Vitals vitals;
  vitals.turns.short_of_budget = 3;
  const auto none = [](const io::SetupKeyVisitor&) {};
  metrics.survey(vitals, none, {});
  const std::string text = metrics.text(metrics.survey(vitals, none, {}));
  EXPECT_THAT(text, HasSubstr("netbird_keys_api_throttled_total{by=\"netbird\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("netbird_keys_api_throttled_total{by=\"budget\"} 3\n"));
}

TEST(Metrics, ShowTheSurveyAndTheProcess) {
  Metrics metrics(settings());
  io::Vitals vitals;
  vitals.leading = true;
  vitals.setup_keys = 1;
  const std::string text = metrics.text(metrics.survey(vitals,
                                                       [](const io::SetupKeyVisitor& visit) {
                                                         io::SetupKeyFacts facts;
                                                         facts.name = "fleet";
                                                         visit(facts);
                                                       },
                                                       {}));
  EXPECT_THAT(text, HasSubstr("leader_election_master_status{name=\"my-lease\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("netbird_keys_setupkeys 1\n"));
  EXPECT_THAT(text, HasSubstr("name=\"fleet\""));
  EXPECT_THAT(text, HasSubstr("netbird_keys_event_loop_responsive 1\n"));
  for (const char* name : {"process_resident_memory_bytes ", "process_virtual_memory_bytes ",
                           "process_start_time_seconds ", "process_cpu_seconds_total ",
                           "process_open_fds ", "process_max_fds "}) {
    EXPECT_THAT(text, testing::ContainsRegex(std::string("\n") + name + "[1-90]"));
    EXPECT_THAT(text, Not(HasSubstr(std::string("\n") + name + "0\n")));
  }
}

TEST(Metrics, AReplicaThatStandsByNamesNoSetupKeys) {
  Metrics metrics(settings());
  io::Vitals vitals;
  vitals.setup_keys = 5;
  const std::string text = metrics.text(metrics.survey(
      vitals, [](const io::SetupKeyVisitor&) { FAIL() << "names would be told twice"; }, {}));
  EXPECT_THAT(text, HasSubstr("leader_election_master_status{name=\"my-lease\"} 0\n"));
  EXPECT_THAT(text, HasSubstr("netbird_keys_setupkeys 5\n"));
}

TEST(Metrics, SayWhenTheLoopGaveNoSurvey) {
  Metrics metrics(settings());
  const std::string text = metrics.text(std::nullopt);
  EXPECT_THAT(text, HasSubstr("netbird_keys_event_loop_responsive 0\n"));
  EXPECT_THAT(text, Not(HasSubstr("netbird_keys_setupkeys ")));
}

}  // namespace
}  // namespace nbkeys::telemetry
