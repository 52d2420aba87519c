#include "cli/options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

namespace nbkeys::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

Parsed parse_args(std::vector<const char*> args) {
  args.insert(args.begin(), "nbkeys");
  return parse(static_cast<int>(args.size()), args.data());
}

// `nbkeys run --netbird-token-file t` and more.
Parsed run_with(std::vector<const char*> more) {
  more.insert(more.begin(), {"run", "--netbird-token-file", "t"});
  return parse_args(std::move(more));
}

std::string refusal(std::vector<const char*> more) {
  const Parsed parsed = run_with(std::move(more));
  EXPECT_EQ(parsed.what, Parsed::What::kUsageError);
  EXPECT_EQ(parsed.text.find('\n'), std::string::npos) << "one line: " << parsed.text;
  return parsed.text;
}

TEST(Options, HaveDefaults) {
  const Parsed parsed = run_with({});
  ASSERT_EQ(parsed.what, Parsed::What::kRun) << parsed.text;
  EXPECT_EQ(to_text(parsed.run.netbird_url), "https://api.netbird.io");
  EXPECT_EQ(parsed.run.metrics_address, ":8080");
  EXPECT_TRUE(parsed.run.metrics_per_object);
  EXPECT_EQ(parsed.run.engine.resync, base::Duration{300'000});
  EXPECT_EQ(parsed.run.engine.concurrency, 8);
  EXPECT_FALSE(parsed.run.engine.lease.enabled);
  EXPECT_EQ(parsed.run.engine.lease.duration, base::Duration{15'000});
  EXPECT_EQ(parsed.run.log_level, io::Severity::kInfo);
}

TEST(Options, SeriesBySetupKeyCanBeSwitchedOff) {
  EXPECT_FALSE(run_with({"--metrics-per-object=false"}).run.metrics_per_object);
  EXPECT_TRUE(run_with({"--metrics-per-object"}).run.metrics_per_object);
  setenv("NBKEYS_METRICS_PER_OBJECT", "false", 1);
  const Parsed from_environment = run_with({});
  unsetenv("NBKEYS_METRICS_PER_OBJECT");
  EXPECT_FALSE(from_environment.run.metrics_per_object);
}

TEST(Options, AreRead) {
  const Parsed parsed = run_with({"--netbird-url",
                                  "https://nb.test/prefix/",
                                  "--resync",
                                  "1h30m",
                                  "--leader-elect",
                                  "--lease-namespace=keys",
                                  "--watch-namespace",
                                  "a",
                                  "--watch-namespace=b",
                                  "--watch-namespace",
                                  "a",
                                  "--log-level",
                                  "trace",
                                  "--log-format",
                                  "json",
                                  "--netbird-requests-per-minute",
                                  "60",
                                  "--netbird-burst",
                                  "5",
                                  "--identity",
                                  "copy-2"});
  ASSERT_EQ(parsed.what, Parsed::What::kRun) << parsed.text;
  EXPECT_EQ(parsed.run.netbird_url.path, "/prefix");
  EXPECT_EQ(parsed.run.engine.resync, base::Duration{5'400'000});
  EXPECT_TRUE(parsed.run.engine.lease.enabled);
  EXPECT_EQ(parsed.run.engine.lease.name_space, "keys");
  EXPECT_THAT(parsed.run.engine.watch_namespaces, ElementsAre("a", "b"));
  EXPECT_EQ(parsed.run.log_level, io::Severity::kTrace);
  EXPECT_EQ(parsed.run.log_format, telemetry::Format::kJson);
  EXPECT_EQ(parsed.run.engine.account.requests_per_minute, 60);
  EXPECT_EQ(parsed.run.engine.account.burst, 5);
  EXPECT_EQ(parsed.run.engine.identity, "copy-2");
}

TEST(Options, WithoutARateTheBudgetIsLearntAndZeroIsNone) {
  EXPECT_FALSE(run_with({}).run.engine.account.requests_per_minute);
  EXPECT_EQ(run_with({"--netbird-requests-per-minute", "0"}).run.engine.account.requests_per_minute,
            0);
  EXPECT_THAT(refusal({"--netbird-requests-per-minute", "-1"}),
              HasSubstr("--netbird-requests-per-minute"));
}

TEST(Options, EntriesThatNoSecretTemplateMayHoldAreRead) {
  const Parsed parsed = run_with({"--refuse-in-secret-template", "example.com/,tier=gold",
                                  "--refuse-in-secret-template=team"});
  ASSERT_EQ(parsed.what, Parsed::What::kRun) << parsed.text;
  EXPECT_THAT(parsed.run.engine.also_refused, ElementsAre("example.com/", "tier=gold", "team"));
  EXPECT_THAT(
      refusal({"--refuse-in-secret-template=example.com/*"}),
      HasSubstr(
          "'example.com/*' must be a name, name=value, domain/, or a beginning with its last dot"));
}

TEST(Options, HaveTwinsInTheEnvironmentThatFlagsOverride) {
  setenv("NBKEYS_NETBIRD_TOKEN_FILE", "/from/env", 1);
  setenv("NBKEYS_RESYNC", "7m", 1);
  setenv("NBKEYS_LEADER_ELECT", "true", 1);
  setenv("NBKEYS_WATCH_NAMESPACE", "x,y", 1);
  const Parsed from_environment = parse_args({"run"});
  const Parsed overridden = parse_args({"run", "--resync", "9m"});
  for (const char* name : {"NBKEYS_NETBIRD_TOKEN_FILE", "NBKEYS_RESYNC", "NBKEYS_LEADER_ELECT",
                           "NBKEYS_WATCH_NAMESPACE"}) {
    unsetenv(name);
  }
  ASSERT_EQ(from_environment.what, Parsed::What::kRun) << from_environment.text;
  EXPECT_EQ(from_environment.run.netbird_token_file, "/from/env");
  EXPECT_EQ(from_environment.run.engine.resync, base::Duration{420'000});
  EXPECT_TRUE(from_environment.run.engine.lease.enabled);
  EXPECT_THAT(from_environment.run.engine.watch_namespaces, ElementsAre("x", "y"));
  EXPECT_EQ(overridden.run.engine.resync, base::Duration{540'000});
}

TEST(Options, NameCauseAndRemedyOfEachMistake) {
  EXPECT_THAT(refusal({"--no-such-flag"}), HasSubstr("--no-such-flag"));
  EXPECT_THAT(refusal({"--no-such-flag"}), HasSubstr("nbkeys run --help"));
  EXPECT_THAT(refusal({"--resync", "5 minutes"}), HasSubstr("write it like 15s, 5m or 1h30m"));
  EXPECT_THAT(refusal({"--resync", "0"}), HasSubstr("too short"));
  EXPECT_THAT(refusal({"--concurrency", "0"}), HasSubstr("between 1 and 256"));
  EXPECT_THAT(refusal({"--concurrency", "many"}), HasSubstr("--concurrency"));
  EXPECT_THAT(refusal({"--log-level", "loud"}), HasSubstr("trace, debug, info, warn and error"));
  EXPECT_THAT(refusal({"--log-format", "xml"}), HasSubstr("neither text nor json"));
  EXPECT_THAT(refusal({"--metrics-address", "8080"}), HasSubstr("such as :8080"));
  EXPECT_THAT(refusal({"--watch-namespace", "Not_A_Name"}), HasSubstr("'Not_A_Name'"));
  for (const char* word : {"Copy", "two words", "-copy", "a.b"}) {
    EXPECT_THAT(refusal({"--identity", word}), HasSubstr("--identity")) << word;
  }
  EXPECT_THAT(refusal({"--netbird-burst", "5"}), HasSubstr("--netbird-requests-per-minute"));
  EXPECT_THAT(parse_args({"run"}).text, HasSubstr("--netbird-token-file is missing"));
  EXPECT_THAT(parse_args({"walk"}).text, HasSubstr("walk"));
  EXPECT_EQ(parse_args({}).what, Parsed::What::kUsageError);
}

TEST(Options, CheckTheNetBirdUrl) {
  EXPECT_THAT(refusal({"--netbird-url", "api.netbird.io"}), HasSubstr("https://"));
  EXPECT_EQ(to_text(run_with({"--netbird-url", "https://nb.test:443/api/"}).run.netbird_url),
            "https://nb.test");
  EXPECT_THAT(refusal({"--netbird-url", "https://fd00::1"}), HasSubstr("https://[fd00::1]"));
  EXPECT_THAT(refusal({"--netbird-url", "http://nb.test"}), HasSubstr("--netbird-insecure-http"));
  EXPECT_THAT(refusal({"--netbird-url", "https://a:b@nb.test"}), HasSubstr("--netbird-token-file"));
  EXPECT_EQ(run_with({"--netbird-url", "http://127.0.0.1:33073"}).what, Parsed::What::kRun);
  EXPECT_EQ(run_with({"--netbird-url", "http://nb.test", "--netbird-insecure-http"}).what,
            Parsed::What::kRun);
}

TEST(Options, CheckTheTimesOfTheLease) {
  EXPECT_THAT(refusal({"--lease-duration", "10s"}), HasSubstr("longer than --renew-deadline"));
  EXPECT_THAT(refusal({"--retry-period", "10s"}), HasSubstr("longer than --retry-period"));
  EXPECT_EQ(
      run_with({"--lease-duration", "60s", "--renew-deadline", "40s", "--retry-period", "5s"}).what,
      Parsed::What::kRun);
}

TEST(Options, ExplainThemselves) {
  const Parsed help = parse_args({"run", "--help"});
  EXPECT_EQ(help.what, Parsed::What::kPrint);
  for (const char* flag : {"--kubeconfig",
                           "--context",
                           "--netbird-url",
                           "--netbird-token-file",
                           "--netbird-ca-file",
                           "--netbird-requests-per-minute",
                           "--netbird-burst",
                           "--watch-namespace",
                           "--identity",
                           "--resync",
                           "--leader-elect",
                           "--lease-name",
                           "--lease-namespace",
                           "--lease-duration",
                           "--renew-deadline",
                           "--retry-period",
                           "--concurrency",
                           "--metrics-address",
                           "--log-level",
                           "--log-format",
                           "NBKEYS_NETBIRD_TOKEN_FILE",
                           "HTTPS_PROXY"}) {
    EXPECT_THAT(help.text, HasSubstr(flag));
  }
  EXPECT_THAT(parse_args({"version"}).text, testing::StartsWith("nbkeys "));
  EXPECT_THAT(parse_args({"--version"}).text, testing::StartsWith("nbkeys "));
}

}  // namespace
}  // namespace nbkeys::cli
