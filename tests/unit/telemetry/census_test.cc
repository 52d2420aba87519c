#include "telemetry/census.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace nbkeys::telemetry {
namespace {

using testing::HasSubstr;
using testing::Not;

const base::WallTime kNow{base::Duration{1'800'000'000'000}};

io::SetupKeyFacts fleet() {
  io::SetupKeyFacts f;
  f.name_space = "team-a";
  f.name = "fleet";
  f.type = "reusable";
  f.state = "valid";
  f.secret = "fleet-key";
  f.ready = true;
  f.reason = "Issued";
  f.expires = kNow + std::chrono::hours(240);
  f.renewal = kNow + std::chrono::hours(100);
  f.used_times = 7;
  f.usage_limit = 100;
  return f;
}

std::string text_of(const std::vector<io::SetupKeyFacts>& all, bool names = true,
                    std::uint64_t count = 1) {
  Page page;
  write_setup_keys(
      page, count,
      [&all](const io::SetupKeyVisitor& visit) {
        for (const auto& facts : all) visit(facts);
      },
      names, kNow);
  return page.take();
}

TEST(SetupKeySeries, TellOfEachByName) {
  const std::string text = text_of({fleet()});
  const std::string name = "{namespace=\"team-a\",name=\"fleet\"} ";
  EXPECT_THAT(text, HasSubstr("netbird_keys_setupkey_ready_status" + name + "1\n"));
  EXPECT_THAT(text, HasSubstr("netbird_keys_setupkey_info{namespace=\"team-a\",name=\"fleet\","
                              "type=\"reusable\",state=\"valid\",reason=\"Issued\","
                              "secret=\"fleet-key\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("_expiration_timestamp_seconds" + name + "1800864000\n"));
  EXPECT_THAT(text, HasSubstr("_renewal_timestamp_seconds" + name + "1800360000\n"));
  EXPECT_THAT(text, HasSubstr("_used_times" + name + "7\n"));
  EXPECT_THAT(text, HasSubstr("_usage_limit" + name + "100\n"));
  EXPECT_THAT(text, HasSubstr("setupkeys_status{ready=\"true\",reason=\"Issued\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("netbird_keys_metrics_per_object 1\n"));
  EXPECT_THAT(text, HasSubstr("netbird_keys_metrics_names_dropped 0\n"));
}

TEST(SetupKeySeries, LeaveOutWhatIsNotKnown) {
  io::SetupKeyFacts f;
  f.name_space = "ns";
  f.name = "young";
  f.type = "one-off";
  const std::string text = text_of({f});
  EXPECT_THAT(text, HasSubstr("state=\"none\",reason=\"None\""));
  EXPECT_THAT(text, Not(HasSubstr("expiration_timestamp_seconds{")));
  EXPECT_THAT(text, Not(HasSubstr("used_times{")));
  EXPECT_THAT(text, Not(HasSubstr("usage_limit{")));
}

TEST(SetupKeySeries, TakeOnlyReasonsAndStatesOfTheClosedLists) {
  io::SetupKeyFacts f = fleet();
  f.reason = "written by\n a \"person\"";
  f.state = "odd";
  const std::string text = text_of({f});
  EXPECT_THAT(text, HasSubstr("state=\"other\",reason=\"Other\""));
  EXPECT_THAT(text, Not(HasSubstr("person")));
}

TEST(SetupKeySeries, NamesCanBeLeftOut) {
  const std::string text = text_of({fleet()}, false);
  EXPECT_THAT(text, Not(HasSubstr("fleet")));
  EXPECT_THAT(text, HasSubstr("setupkeys_status{ready=\"true\",reason=\"Issued\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("netbird_keys_metrics_per_object 0\n"));
  EXPECT_THAT(text, HasSubstr("netbird_keys_metrics_names_dropped 0\n"));
}

TEST(SetupKeySeries, NamesAreDroppedBeyondTheBound) {
  EXPECT_THAT(text_of({fleet()}, true, kNamesMax), HasSubstr("fleet"));
  const std::string text = text_of({fleet()}, true, kNamesMax + 1);
  EXPECT_THAT(text, Not(HasSubstr("fleet")));
  EXPECT_THAT(text, HasSubstr("netbird_keys_metrics_names_dropped 1\n"));
}

TEST(SetupKeySeries, CountWhatWantsALook) {
  io::SetupKeyFacts soon = fleet(), worn = fleet(), blocked = fleet(), once = fleet();
  soon.expires = kNow + std::chrono::hours(23);
  soon.renewal = kNow - std::chrono::hours(1);
  worn.used_times = 91;
  blocked.ready = false;
  blocked.reason = "DeletionBlocked";
  once.usage_limit = once.used_times.emplace(1);
  io::SetupKeyFacts renews = soon;
  renews.renewal = kNow + std::chrono::hours(1);  // will be replaced in time
  io::SetupKeyFacts copied = fleet(), restored = fleet();
  copied.unknown_keys = "SecondInstallation";
  restored.unknown_keys = "UnknownOrigin";
  const std::string text =
      text_of({fleet(), soon, worn, blocked, once, renews, copied, restored, restored});
  EXPECT_THAT(text, HasSubstr("attention{cause=\"not_ready\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("attention{cause=\"expires_soon\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("attention{cause=\"nearly_used_up\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("attention{cause=\"deletion_blocked\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("attention{cause=\"unknown_origin\"} 2\n"));
  EXPECT_THAT(text, HasSubstr("attention{cause=\"second_installation\"} 1\n"));
}

TEST(VitalSigns, TellOfTheAccountOnlyWhileLeading) {
  io::Vitals v;
  v.account_ready = true;
  v.account_keys.stray = 2;
  v.snapshot_age = base::Duration{1'500};
  Page standing_by;
  write_vitals(standing_by, v);
  EXPECT_THAT(standing_by.take(), Not(HasSubstr("netbird_keys_account_")));
  v.leading = true;
  Page leading;
  write_vitals(leading, v);
  const std::string text = leading.take();
  EXPECT_THAT(text, HasSubstr("netbird_keys_account_ready_status 1\n"));
  EXPECT_THAT(text, HasSubstr("netbird_keys_account_keys{kind=\"stray\"} 2\n"));
  EXPECT_THAT(text, HasSubstr("netbird_keys_account_snapshot_age_seconds 1.5\n"));
}

TEST(VitalSigns, UseTheNamesOfControllerRuntime) {
  io::Vitals v;
  v.turns.success = 1;
  v.turns.requeue = 2;
  v.turns.requeue_after = 3;
  v.turns.error = 4;
  v.concurrency = 8;
  v.in_flight = 5;
  v.queue_depth = 6;
  Page page;
  write_vitals(page, v);
  const std::string text = page.take();
  for (const char* line :
       {"controller_runtime_reconcile_total{controller=\"setupkey\",result=\"success\"} 1\n",
        "controller_runtime_reconcile_total{controller=\"setupkey\",result=\"requeue\"} 2\n",
        "controller_runtime_reconcile_total{controller=\"setupkey\",result=\"requeue_after\"} 3\n",
        "controller_runtime_reconcile_total{controller=\"setupkey\",result=\"error\"} 4\n",
        "controller_runtime_reconcile_errors_total{controller=\"setupkey\"} 4\n",
        "controller_runtime_max_concurrent_reconciles{controller=\"setupkey\"} 8\n",
        "controller_runtime_active_workers{controller=\"setupkey\"} 5\n",
        "workqueue_depth{name=\"setupkey\"} 6\n"}) {
    EXPECT_THAT(text, HasSubstr(line));
  }
}

}  // namespace
}  // namespace nbkeys::telemetry
